import { expect } from 'chai';
import { ack5, decode5, publish5, subscribe5, unsubscribe5 } from '../helpers/packets5.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import type { Bytes } from '../helpers/raw-client.ts';
import type { Client5 } from './client5.ts';
import { useWire5 } from './wire5.ts';

/** Room for CONNACK, and for an acknowledgement without a text. */
const MAXIMUM = 40;

/** A packet that is answered with an error, so that there is a reason to tell. */
const CASES: readonly (readonly [what: string, packet: Bytes, answer: string])[] = [
  [
    'PUBACK [MQTT-3.4.2-2] [MQTT-3.4.2-3]',
    publish5({ topic: 'unregistered/a', qos: 1, id: 0x0102 }),
    'puback',
  ],
  [
    'PUBREC [MQTT-3.5.2-2] [MQTT-3.5.2-3]',
    publish5({ topic: 'unregistered/a', qos: 2, id: 0x0102 }),
    'pubrec',
  ],
  ['PUBREL [MQTT-3.6.2-2] [MQTT-3.6.2-3]', ack5('pubrec', 0x0102), 'pubrel'],
  ['PUBCOMP [MQTT-3.7.2-2] [MQTT-3.7.2-3]', ack5('pubrel', 0x0102), 'pubcomp'],
  ['SUBACK [MQTT-3.9.2-1] [MQTT-3.9.2-2]', subscribe5(0x0102, [['unregistered/a', 1]]), 'suback'],
  [
    'UNSUBACK [MQTT-3.11.2-1] [MQTT-3.11.2-2]',
    unsubscribe5(0x0102, ['unregistered/a']),
    'unsuback',
  ],
];

describe('wire5: 03 an acknowledgement is no larger than the client takes', () => {
  // That the operator registers first levels is a feature of this gateway.
  if (isMosquitto) return;
  const wire = useWire5({ autoCreateTopic: false });

  async function limited(maximum: number): Promise<Client5> {
    return wire.connected({ properties: [['maximumPacketSize', maximum]] });
  }

  for (const [what, packet, answer] of CASES) {
    const [name = ''] = what.split(' ');
    it(`${name}: neither of them for a client that wants none [MQTT-3.1.2-29]`, async () => {
      const client = await wire.connected({ properties: [['requestProblemInformation', 0]] });
      client.send(packet);
      expect(await client.read()).to.deep.include({ type: answer, properties: [] });
    });

    it(`${what}: no reason string and no user property beyond that`, async () => {
      const client = await limited(MAXIMUM);
      client.send(packet);
      const { first, body } = await client.raw.readFrame();
      const read = decode5(first, body);
      expect(read.type).to.equal(answer);
      expect(body.length + 2).to.be.at.most(MAXIMUM);
      const code = 'code' in read ? read.code : 'codes' in read ? read.codes[0] : undefined;
      expect(code).to.be.above(0);
    });
  }
});
