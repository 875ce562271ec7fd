import { expect } from 'chai';
import fc from 'fast-check';
import {
  decodeMessageProperties,
  encodeMessageProperties,
  storedSubscriptionIds,
} from '../../../../src/gateway/codec/message-properties.ts';
import { NO_EXPIRY } from '../../../../src/lmq/spi/record.ts';
import { readPublishProperties } from '../../../../src/gateway/codec/publish-properties.ts';
import { subscriptionIdProperty } from '../../../../src/gateway/codec/subscription-id.ts';
import { properties, type Properties } from '../../../helpers/properties5.ts';

const text = fc
  .string({ unit: 'grapheme', maxLength: 40 })
  .filter((value) => !value.includes('\0'));
const topic = fc.stringMatching(/^[a-z/]{1,20}$/);

/** The stored form of what a client has sent. */
function storedOf(list: Properties): Buffer {
  const chunk = properties(list);
  return readPublishProperties(chunk, 0, chunk.length).stored;
}

describe('codec: properties of a message', () => {
  it('are read from what is stored of a PUBLISH, user properties in order [MQTT-3.3.2-18]', () => {
    const stored = storedOf([
      ['user', ['b', '1']],
      ['payloadFormat', 1],
      ['messageExpiry', 5],
      ['contentType', 'text/plain'],
      ['responseTopic', 'r/1'],
      ['correlationData', Buffer.from([1, 0, 2])],
      ['topicAlias', 3],
      ['user', ['a', '2']],
    ]);
    expect(decodeMessageProperties(stored)).to.deep.equal({
      payloadFormatIndicator: 1,
      contentType: 'text/plain',
      responseTopic: 'r/1',
      correlationData: Buffer.from([1, 0, 2]),
      userProperties: [
        { name: 'b', value: '1' },
        { name: 'a', value: '2' },
      ],
    });
    expect(decodeMessageProperties(Buffer.alloc(0))).to.deep.equal({});
  });

  it('come back as they were encoded, and are what a client may send', () => {
    const user = fc.record({ name: text, value: text });
    const some = fc.record(
      {
        payloadFormatIndicator: fc.constantFrom(0 as const, 1 as const),
        contentType: text,
        responseTopic: topic,
        correlationData: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
        userProperties: fc.array(user, { minLength: 1, maxLength: 20 }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(some, (given) => {
        const encoded = encodeMessageProperties(given);
        expect(decodeMessageProperties(encoded)).to.deep.equal(given);
        const framed = Buffer.concat([lengthOf(encoded.length), encoded]);
        const read = readPublishProperties(framed, 0, framed.length);
        expect(read.stored).to.deep.equal(encoded);
        expect(read.expirySeconds).to.equal(NO_EXPIRY);
      }),
      { numRuns: 200 },
    );
  });

  it('refuse what MQTT cannot carry', () => {
    const wrong = [
      { contentType: 'a\0b' },
      { contentType: '\ud800' },
      { contentType: 'x'.repeat(65_536) },
      { responseTopic: 'a/#' },
      { responseTopic: '' },
      { correlationData: Buffer.alloc(65_536) },
      { userProperties: [{ name: 'a', value: '\0' }] },
    ];
    for (const each of wrong) {
      expect(() => encodeMessageProperties(each), JSON.stringify(each).slice(0, 40)).to.throw(
        TypeError,
      );
    }
  });

  it('tell subscription identifiers from the rest', () => {
    const rest = storedOf([['contentType', 'x']]);
    expect(storedSubscriptionIds(Buffer.concat([subscriptionIdProperty(300), rest]))).to.deep.equal(
      subscriptionIdProperty(300),
    );
    expect(storedSubscriptionIds(rest)).to.deep.equal(Buffer.alloc(0));
  });
});

function lengthOf(length: number): Buffer {
  const bytes: number[] = [];
  let rest = length;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}
