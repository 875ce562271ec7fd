import { expect } from 'chai';
import fc from 'fast-check';
import { generate } from 'mqtt-packet';
import { parseConnect } from '../../../../src/gateway/codec/mqtt-packet-connect.ts';
import { ReasonCode } from '../../../../src/gateway/codec/reason-code.ts';
import { packet, protocolErrorOf, survives } from './packets.ts';

describe('parseConnect', () => {
  it('gives what mqtt-packet parses', () => {
    const frame = generate({ cmd: 'connect', clientId: 'c', keepalive: 9 });
    expect(parseConnect(frame)).to.include({ clientId: 'c', keepalive: 9, clean: true });
  });

  it('turns an error of mqtt-packet into a protocol error with its cause', () => {
    const error = protocolErrorOf(() => parseConnect(packet(0x10, 'XXXX', [4, 2, 0, 0], 'c')));
    expect(error.reasonCode).to.equal(ReasonCode.MALFORMED_PACKET);
    expect(error.message).to.equal('CONNECT cannot be parsed: Invalid protocolId');
    expect(error.cause).to.be.instanceOf(Error);
  });

  it('refuses a packet that is cut off, and one of another type', () => {
    const frame = generate({ cmd: 'connect', clientId: 'c' });
    for (const wrong of [Buffer.alloc(0), frame.subarray(0, -1), generate({ cmd: 'pingreq' })]) {
      expect(protocolErrorOf(() => parseConnect(wrong)).message).to.equal(
        'CONNECT cannot be parsed: no packet',
      );
    }
  });

  it('lets nothing but protocol errors out, whatever the bytes', () => {
    const mqtt5 = fc
      .uint8Array({ maxLength: 60 })
      .map((bytes) => packet(0x10, 'MQTT', [5, 0xc6, 0, 9], Buffer.from(bytes)));
    fc.assert(
      fc.property(mqtt5, (frame) => {
        survives(parseConnect, frame);
      }),
      { numRuns: 3000 },
    );
  });
});
