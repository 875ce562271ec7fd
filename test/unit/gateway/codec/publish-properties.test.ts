import { expect } from 'chai';
import fc from 'fast-check';
import { readPublishProperties } from '../../../../src/gateway/codec/publish-properties.ts';
import { ReasonCode } from '../../../../src/gateway/codec/reason-code.ts';
import { NO_EXPIRY } from '../../../../src/lmq/spi/record.ts';
import {
  properties,
  property,
  type Property,
  type PropertyName,
  type PropertyValue,
} from '../../../helpers/properties5.ts';
import { mutated, protocolErrorOf, survives } from './packets.ts';

const BEFORE = Buffer.from([0xff, 0x55]);
const PAYLOAD = Buffer.from('payload');

/** Reads the properties between other bytes. */
function read(list: Buffer): ReturnType<typeof readPublishProperties> {
  const chunk = Buffer.concat([BEFORE, list, PAYLOAD]);
  return readPublishProperties(chunk, BEFORE.length, chunk.length);
}

function reasonOf(...list: readonly Property[]): number {
  return protocolErrorOf(() => read(properties(list))).reasonCode;
}

const KEPT: readonly Property[] = [
  ['payloadFormat', 1],
  ['contentType', 'text/plain'],
  ['responseTopic', 'answer/to/me'],
  ['correlationData', Buffer.from([0, 255, 1])],
  ['user', ['name', 'value']],
];

const FOREIGN: readonly (readonly [PropertyName, PropertyValue])[] = [
  ['subscriptionId', 1],
  ['sessionExpiry', 1],
  ['assignedClientId', 'x'],
  ['serverKeepAlive', 1],
  ['authMethod', 'x'],
  ['authData', Buffer.from('x')],
  ['requestProblemInformation', 1],
  ['willDelay', 1],
  ['requestResponseInformation', 1],
  ['responseInformation', 'x'],
  ['serverReference', 'x'],
  ['reasonString', 'x'],
  ['receiveMaximum', 1],
  ['topicAliasMaximum', 1],
  ['maximumQos', 1],
  ['retainAvailable', 1],
  ['maximumPacketSize', 1],
  ['wildcardAvailable', 1],
  ['subscriptionIdAvailable', 1],
  ['sharedAvailable', 1],
];

describe('gateway: properties of a PUBLISH', () => {
  it('may be none', () => {
    const found = read(properties([]));
    expect(found).to.include({ expirySeconds: NO_EXPIRY, topicAlias: 0 });
    expect(found.stored).to.have.length(0);
    expect(found.bytes).to.equal(1);
  });

  for (const one of KEPT) {
    it(`keeps ${one[0]} as it came [MQTT-3.3.2-15] [MQTT-3.3.2-16] [MQTT-3.3.2-20]`, () => {
      expect(read(properties([one])).stored).to.deep.equal(property(one));
    });
  }

  for (const one of FOREIGN) {
    it(`refuses ${one[0]}, which is not a publisher's (§2.2.2.2) [MQTT-3.3.4-6]`, () => {
      expect(reasonOf(one)).to.equal(ReasonCode.MALFORMED_PACKET);
    });
  }

  for (const one of [...KEPT.slice(0, 4), ['messageExpiry', 1], ['topicAlias', 1]] as Property[]) {
    it(`refuses ${one[0]} twice (§3.3.2.3)`, () => {
      expect(reasonOf(one, ['user', ['a', 'b']], one)).to.equal(ReasonCode.PROTOCOL_ERROR);
    });
  }

  it('refuses an identifier that is not defined', () => {
    expect(protocolErrorOf(() => read(Buffer.from([2, 0x04, 0]))).reasonCode).to.equal(
      ReasonCode.MALFORMED_PACKET,
    );
  });

  it('refuses values that are not allowed', () => {
    expect(reasonOf(['topicAlias', 0]), '[MQTT-3.3.2-8]').to.equal(ReasonCode.TOPIC_ALIAS_INVALID);
    expect(reasonOf(['payloadFormat', 2])).to.equal(ReasonCode.PROTOCOL_ERROR);
    for (const topic of ['a/+', '#', 'a/#', '']) {
      expect(reasonOf(['responseTopic', topic]), '[MQTT-3.3.2-14]').to.equal(
        ReasonCode.PROTOCOL_ERROR,
      );
    }
    expect(reasonOf(['user', ['a\u0000', 'b']])).to.equal(ReasonCode.MALFORMED_PACKET);
    expect(reasonOf(['contentType', Buffer.from([0xc3, 0x28])])).to.equal(
      ReasonCode.MALFORMED_PACKET,
    );
  });

  it('keeps user properties in order, with those of one name [MQTT-3.3.2-17] [MQTT-3.3.2-18]', () => {
    const list: readonly Property[] = [
      ['user', ['b', '1']],
      ['contentType', 'c'],
      ['user', ['a', '2']],
      ['user', ['b', '3']],
      ['user', ['b', '1']],
    ];
    expect(read(properties(list)).stored).to.deep.equal(Buffer.concat(list.map(property)));
  });

  it('takes out message expiry and topic alias, wherever they are', () => {
    for (let at = 0; at <= KEPT.length; at++) {
      for (let other = 0; other <= KEPT.length; other++) {
        const list: Property[] = [...KEPT];
        list.splice(at, 0, ['messageExpiry', 77]);
        list.splice(other, 0, ['topicAlias', 513]);
        const encoded = properties(list);
        const found = read(encoded);
        expect(found).to.include({ expirySeconds: 77, topicAlias: 513 });
        expect(found.stored).to.deep.equal(Buffer.concat(KEPT.map(property)));
        expect(found.bytes).to.equal(encoded.length);
      }
    }
  });

  it('keeps no view of the chunk, which belongs to the socket', () => {
    const chunk = properties(KEPT);
    const { stored } = readPublishProperties(chunk, 0, chunk.length);
    chunk.fill(0xee);
    expect(stored).to.deep.equal(Buffer.concat(KEPT.map(property)));
  });

  it('refuses what is cut off', () => {
    const whole = properties([...KEPT, ['messageExpiry', 1], ['topicAlias', 3]]);
    for (let length = 0; length < whole.length; length++) {
      const cut = whole.subarray(0, length);
      const error = protocolErrorOf(() => readPublishProperties(cut, 0, cut.length));
      expect(error.reasonCode).to.equal(ReasonCode.MALFORMED_PACKET);
    }
  });

  it('are read, or an MqttProtocolError is thrown, for any bytes', () => {
    const whole = fc.constant(properties([...KEPT, ['messageExpiry', 1], ['topicAlias', 3]]));
    fc.assert(
      fc.property(mutated(whole), (bytes) => {
        survives((chunk) => {
          const { bytes: read } = readPublishProperties(chunk, 0, chunk.length);
          expect(read).to.be.within(1, chunk.length);
          return read;
        }, bytes);
      }),
      { numRuns: 500 },
    );
  });
});
