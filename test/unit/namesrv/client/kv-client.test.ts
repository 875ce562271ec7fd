import { expect } from 'chai';
import { systemClock } from '../../../../src/common/clock.ts';
import { silentLogger } from '../../../../src/common/logger.ts';
import { KvClient } from '../../../../src/namesrv/client/kv-client.ts';
import { RemotingClient } from '../../../../src/remoting/remoting-client.ts';
import type { RemotingAnswer } from '../../../../src/remoting/remoting-command.ts';
import {
  RemotingProtocolError,
  RemotingResponseError,
} from '../../../../src/remoting/remoting-error.ts';
import { RemotingServer } from '../../../../src/remoting/remoting-server.ts';

describe('KvClient', () => {
  let server: RemotingServer;
  let client: KvClient;
  let remoting: RemotingClient;
  let seen: [number, Record<string, string>][];
  let answer: RemotingAnswer;

  beforeEach(async () => {
    seen = [];
    answer = { code: 0 };
    const processors = new Map(
      [100, 101, 102, 219].map((code) => [
        code,
        ({ extFields }: { extFields: ReadonlyMap<string, string> }) => {
          seen.push([code, Object.fromEntries(extFields)]);
          return answer;
        },
      ]),
    );
    const clock = systemClock;
    server = new RemotingServer({
      host: '127.0.0.1',
      port: 0,
      processors,
      clock,
      logger: silentLogger,
    });
    await server.start();
    remoting = new RemotingClient({ host: '127.0.0.1', port: server.port, clock });
    client = new KvClient(remoting);
  });

  afterEach(async () => {
    await remoting.close();
    await server.stop();
  });

  async function failureOf(promise: Promise<unknown>): Promise<unknown> {
    return promise.then(
      () => undefined,
      (error: unknown) => error,
    );
  }

  it('sends the requests of RocketMQ', async () => {
    await client.put('n', 'k', 'v');
    await client.get('n', 'k');
    await client.delete('n', 'k');
    await client.list('n');
    expect(seen).to.deep.equal([
      [100, { namespace: 'n', key: 'k', value: 'v' }],
      [101, { namespace: 'n', key: 'k' }],
      [102, { namespace: 'n', key: 'k' }],
      [219, { namespace: 'n' }],
    ]);
  });

  it('reads values and tables', async () => {
    answer = { code: 0, extFields: new Map([['value', 'v']]) };
    expect(await client.get('n', 'k')).to.equal('v');
    answer = { code: 0, body: Buffer.from('{"table":{"a":"1","__proto__":"2"}}') };
    expect([...((await client.list('n')) ?? [])]).to.deep.equal([
      ['a', '1'],
      ['__proto__', '2'],
    ]);
  });

  it('takes 22 as nothing there', async () => {
    answer = { code: 22, remark: 'No config item' };
    expect(await client.get('n', 'k')).to.equal(undefined);
    expect(await client.list('n')).to.equal(undefined);
  });

  it('fails with code and remark when refused', async () => {
    answer = { code: 1, remark: 'namespace or key is null' };
    const error = await failureOf(client.put('n', 'k', 'v'));
    expect(error).to.be.instanceOf(RemotingResponseError);
    expect(error).to.include({
      responseCode: 1,
      remark: 'namespace or key is null',
      message: 'refused with code 1: namespace or key is null',
    });
  });

  for (const body of ['[', '[]', '{"table":[]}', '{"table":{"a":1}}']) {
    it(`refuses the table ${body}`, async () => {
      answer = { code: 0, body: Buffer.from(body) };
      expect(await failureOf(client.list('n'))).to.be.instanceOf(RemotingProtocolError);
    });
  }
});
