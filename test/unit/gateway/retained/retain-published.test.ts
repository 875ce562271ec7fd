import { expect } from 'chai';
import sinon from 'sinon';
import { retainPublished } from '../../../../src/gateway/retained/retain-published.ts';
import type { RetainedMessages } from '../../../../src/gateway/retained/retained-messages.ts';
import type { TopicEntry } from '../../../../src/gateway/routing/topic-table.ts';
import { RECORD_RETAIN } from '../../../../src/lmq/spi/record.ts';

describe('gateway: retainPublished', () => {
  const put = sinon.spy();
  const retained = { put } as unknown as RetainedMessages;
  const head = {
    flags: 2 | RECORD_RETAIN,
    publisher: Buffer.from('me'),
    properties: Buffer.from([1, 1]),
    expirySeconds: 9,
  };
  const entryOf = (peer: string | undefined): TopicEntry =>
    ({ name: 'a/b', bytes: Buffer.from('a/b'), peer }) as TopicEntry;
  const chunk = Buffer.from('..payload.');

  beforeEach(() => {
    put.resetHistory();
  });

  it('keeps what the message says, its QoS among it [MQTT-3.3.1-5]', () => {
    const entry = entryOf(undefined);
    retainPublished(retained, entry, head, chunk, 2, 9);
    sinon.assert.calledOnceWithExactly(
      put,
      'a/b',
      {
        topic: entry.bytes,
        qos: 2,
        publisher: head.publisher,
        properties: head.properties,
        expirySeconds: 9,
        payload: chunk,
        payloadStart: 2,
        payloadEnd: 9,
      },
      entry,
    );
  });

  it('keeps nothing of what is for one peer', () => {
    retainPublished(retained, entryOf('someone'), head, chunk, 2, 9);
    expect(put.called).to.equal(false);
  });
});
