import { expect } from 'chai';
import { parser } from 'mqtt-packet';
import { readConnectLayout } from '../../../../src/gateway/codec/connect-layout.ts';
import { packet, protocolErrorOf } from './packets.ts';

const CONNECT = 0x10;
const LEVEL_4 = [4];
const KEEP_ALIVE = [0, 60];

function mqttPacketAccepts(frame: Buffer): boolean {
  let accepted = false;
  const instance = parser();
  instance.on('packet', () => (accepted = true));
  instance.on('error', () => (accepted = false));
  instance.parse(frame);
  return accepted;
}

/** Why there is a strict pass before mqtt-packet: all of these pass mqtt-packet 9.0.2. */
const PASSED_BY_MQTT_PACKET: [string, Buffer][] = [
  ['U+0000 [MQTT-1.5.3-2]', packet(CONNECT, 'MQTT', LEVEL_4, [2], KEEP_ALIVE, 'a\u0000')],
  [
    'ill-formed UTF-8 [MQTT-1.5.3-1]',
    packet(CONNECT, 'MQTT', LEVEL_4, [2], KEEP_ALIVE, [0, 1, 0xff]),
  ],
  ['bytes left over', packet(CONNECT, 'MQTT', LEVEL_4, [2], KEEP_ALIVE, 'c', [1, 2, 3])],
  ['bit 7 of the level [MQTT-3.1.2-2]', packet(CONNECT, 'MQTT', [0x84, 2], KEEP_ALIVE, 'c')],
  ['a level of another name', packet(CONNECT, 'MQIsdp', LEVEL_4, [2], KEEP_ALIVE, 'c')],
  [
    'will QoS 3 [MQTT-3.1.2-14]',
    packet(CONNECT, 'MQTT', LEVEL_4, [0x1e], KEEP_ALIVE, 'c', 'will', 'x'),
  ],
  [
    'a password without user name [MQTT-3.1.2-22]',
    packet(CONNECT, 'MQTT', LEVEL_4, [0x42], KEEP_ALIVE, 'c', 'password'),
  ],
  [
    'a property of another packet',
    packet(CONNECT, 'MQTT', [5, 2], KEEP_ALIVE, [3, 0x23, 0, 1], 'c'),
  ],
  [
    'a property twice',
    packet(CONNECT, 'MQTT', [5, 2], KEEP_ALIVE, [6, 0x21, 0, 1, 0x21, 0, 2], 'c'),
  ],
];

describe('readConnectLayout', () => {
  for (const [what, frame] of PASSED_BY_MQTT_PACKET) {
    it(`refuses ${what}, which mqtt-packet lets pass`, () => {
      expect(mqttPacketAccepts(frame)).to.equal(true);
      protocolErrorOf(() => readConnectLayout(frame));
    });
  }

  it('takes properties out of what mqtt-packet gets, those of the will too', () => {
    const property = [0x26, 0, 1, 0x61, 0, 1, 0x62];
    const frame = packet(
      CONNECT,
      'MQTT',
      [5, 0x06],
      KEEP_ALIVE,
      [14, ...property, ...property],
      'c',
      [7, ...property],
      'will',
      'x',
    );
    const { consistent, properties } = readConnectLayout(frame);
    expect(properties?.userProperties).to.have.length(2);
    const bare = packet(CONNECT, 'MQTT', [5, 0x06], KEEP_ALIVE, [0], 'c', [0], 'will', 'x');
    expect(consistent).to.deep.equal(bare);
    expect(readConnectLayout(bare).consistent).to.equal(bare);
  });

  it('gives the version and the properties', () => {
    const layout4 = readConnectLayout(packet(CONNECT, 'MQTT', LEVEL_4, [2], KEEP_ALIVE, 'c'));
    expect(layout4.version).to.equal(4);
    expect(layout4.properties).to.equal(undefined);
    const layout3 = readConnectLayout(packet(CONNECT, 'MQIsdp', [3, 2], KEEP_ALIVE, 'c'));
    expect(layout3.version).to.equal(3);
    const layout5 = readConnectLayout(
      packet(CONNECT, 'MQTT', [5, 2], KEEP_ALIVE, [3, 0x21, 0, 1], 'c'),
    );
    expect(layout5.version).to.equal(5);
    expect(layout5.properties?.number(0x21, undefined)).to.equal(1);
  });
});
