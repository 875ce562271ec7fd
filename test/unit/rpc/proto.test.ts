import { expect } from 'chai';
import type { NamesrvMethods } from '../../../src/rpc/messages/namesrv-v1.ts';
import { loadService } from '../../../src/rpc/proto.ts';

describe('loadService', () => {
  const service = loadService<NamesrvMethods>('lmqtt.namesrv.v1.Namesrv');

  it('knows path and kind of each method', () => {
    expect(service.putKv).to.deep.include({
      kind: 'unary',
      path: '/lmqtt.namesrv.v1.Namesrv/PutKv',
    });
    expect(service.watch.kind).to.equal('serverStream');
  });

  it('reads every field, set or not; optional ones only when set', () => {
    const { requestDeserialize, responseSerialize, responseDeserialize } = service.putKv;
    expect(requestDeserialize(Buffer.alloc(0))).to.deep.equal({
      namespace: '',
      key: '',
      value: '',
      condition: null,
    });
    const entry = { namespace: 'LMQ', key: 'a', version: { timeMs: 2 ** 52, writer: 'w' } };
    expect(responseDeserialize(responseSerialize(entry))).to.deep.equal(entry);
    const withValue = responseDeserialize(responseSerialize({ ...entry, value: '' }));
    expect(withValue).to.deep.include({ value: '' });
  });

  it('names a service that does not exist', () => {
    expect(() => loadService('lmqtt.namesrv.v1.Nothing')).to.throw('lmqtt.namesrv.v1.Nothing');
  });
});
