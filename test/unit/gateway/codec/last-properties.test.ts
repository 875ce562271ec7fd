import { expect } from 'chai';
import fc from 'fast-check';
import { LastProperties } from '../../../../src/gateway/codec/last-properties.ts';
import { readPublishProperties } from '../../../../src/gateway/codec/publish-properties.ts';
import { ReasonCode } from '../../../../src/gateway/codec/reason-code.ts';
import { properties, type Property } from '../../../helpers/properties5.ts';
import { protocolErrorOf } from './packets.ts';

const BEFORE = Buffer.from([0xff, 0x55]);
const PAYLOAD = Buffer.from('payload');

const block = (user: string, more: readonly Property[] = []): Buffer =>
  properties([
    ['messageExpiry', 60],
    ['contentType', 'text/plain'],
    ['user', ['n', user]],
    ...more,
  ]);

function read(last: LastProperties, list: Buffer): ReturnType<LastProperties['read']> {
  const chunk = Buffer.concat([BEFORE, list, PAYLOAD]);
  const found = last.read(chunk, BEFORE.length, chunk.length);
  // The chunk belongs to the socket, which fills it with something else.
  chunk.fill(0xee);
  return found;
}

describe('gateway: LastProperties', () => {
  it('reads a block once that comes again', () => {
    const last = new LastProperties();
    const first = read(last, block('a'));
    expect(read(last, block('a'))).to.equal(first);
    expect(read(last, block('b'))).not.to.equal(first);
    expect(first).to.include({ expirySeconds: 60, topicAlias: 0, bytes: block('a').length });
  });

  it('reads any sequence of blocks as if each were the first', () => {
    const blocks = fc.constantFrom(
      properties([]),
      block('a'),
      block('b'),
      block('a', [['topicAlias', 3]]),
      block('a', [['topicAlias', 4]]),
      properties([['topicAlias', 7]]),
      properties([['user', ['long', 'x'.repeat(2000)]]]),
      properties([['correlationData', Buffer.from([0, 255])]]),
    );
    fc.assert(
      fc.property(fc.array(blocks, { maxLength: 60 }), (list) => {
        const last = new LastProperties();
        for (const one of list) {
          expect(read(last, one)).to.deep.equal(readPublishProperties(one, 0, one.length));
        }
      }),
    );
  });

  it('goes on where each message has another block', () => {
    const last = new LastProperties();
    for (let i = 0; i < 100; i++) {
      const one = block(`value ${String(i)}`);
      expect(read(last, one)).to.deep.equal(readPublishProperties(one, 0, one.length));
    }
    // It comes often enough to be kept now.
    for (let i = 0; i < 32; i++) read(last, block('same'));
    expect(read(last, block('same'))).to.equal(read(last, block('same')));
  });

  it('does not take a packet that is cut off for the one before', () => {
    const last = new LastProperties();
    const whole = block('a');
    read(last, whole);
    for (let length = 0; length < whole.length; length++) {
      // What follows in the chunk is not part of the packet.
      const error = protocolErrorOf(() => last.read(whole, 0, length));
      expect(error.reasonCode).to.equal(ReasonCode.MALFORMED_PACKET);
    }
  });
});
