import { expect } from 'chai';
import { subscribe } from '../helpers/packets.ts';
import { Bystanders } from './bystanders.ts';
import { useWire } from './wire.ts';

const BROKEN = [
  'a/#/b',
  '#/a',
  'a#',
  'a/b#',
  '##',
  '#+',
  'a+',
  '+a',
  'a/+b',
  'a/b+/c',
  '++',
  '/#/',
];

describe('wire: 13 malformed: wildcards in a filter', () => {
  const wire = useWire();

  for (const filter of BROKEN) {
    it(`never grants '${filter}': 0x80 or a close [MQTT-4.7.1-2] [MQTT-4.7.1-3]`, async () => {
      const bystanders = await Bystanders.join(wire);
      const client = await wire.connected();
      client.send(subscribe(1, [filter, 0]));
      const answer = await client.readPacket().catch(() => undefined);
      if (answer === undefined) expect(client.closed).to.equal(true);
      else expect(answer).to.deep.equal({ type: 'suback', id: 1, codes: [0x80] });
      await bystanders.check();
    });
  }
});
