import { expect } from 'chai';
import { publish5, subscribe5 } from '../helpers/packets5.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import { useWire5 } from './wire5.ts';

describe('wire5: 02 topics that are refused', () => {
  // That the operator registers first levels is a feature of this gateway.
  if (isMosquitto) return;
  const wire = useWire5({ autoCreateTopic: false });

  it('SUBACK says 0x87 or 0x8F for them [MQTT-3.8.4-7] [MQTT-3.9.3-2]', async () => {
    const client = await wire.connected();
    client.send(subscribe5(1, [['unregistered/a', 1]]));
    const packet = await client.read();
    if (packet.type !== 'suback') throw new Error(`${packet.type} came instead of SUBACK`);
    expect(packet.codes).to.have.lengthOf(1);
    expect(packet.codes[0]).to.be.oneOf([0x80, 0x83, 0x87, 0x8f]);
  });

  it('SUBACK has no reason string for a client that wants none [MQTT-3.1.2-29]', async () => {
    const client = await wire.connected({ properties: [['requestProblemInformation', 0]] });
    client.send(subscribe5(1, [['unregistered/a', 1]]));
    const packet = await client.read();
    expect(packet).to.deep.include({ type: 'suback', properties: [] });
  });

  for (const [type, qos] of [
    ['puback', 1],
    ['pubrec', 2],
  ] as const) {
    it(`${type.toUpperCase()} with an error, or DISCONNECT, is said for them, QoS ${qos}, and its id is free [MQTT-3.4.2-1] [MQTT-3.5.2-1] [MQTT-4.3.3-9]`, async () => {
      const client = await wire.connected();
      client.send(publish5({ topic: 'unregistered/a', payload: 'x', qos, id: 5 }));
      const packet = await client.read();
      if (packet.type === type) expect(packet).to.include({ id: 5 });
      else expect(packet.type).to.equal('disconnect');
      expect('code' in packet && packet.code).to.be.oneOf([0x80, 0x83, 0x87, 0x90]);
      if (packet.type !== type) return;
      client.send(publish5({ topic: 'unregistered/b', payload: 'x', qos, id: 5 }));
      const second = await client.read();
      expect(second).to.include({ type, id: 5 });
      // A repetition of the first one would be answered with success.
      expect('code' in second && second.code).to.be.oneOf([0x80, 0x83, 0x87, 0x90]);
    });
  }
});
