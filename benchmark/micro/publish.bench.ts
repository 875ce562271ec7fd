// What RETAIN adds to a PUBLISH, beside one without. Alone:
// node --import=ts-blank-space/register benchmark/micro/publish.bench.ts
import { Buffer } from 'node:buffer';
import { publish } from '../../test/helpers/packets.ts';
import { World } from '../../test/unit/gateway/gateway-world.ts';
import { report } from './measure.ts';
import type { Case } from './measure.ts';

/** Packets in one chunk, as a busy socket hands over. */
const COUNT = 1000;
const TOPICS = 100;
const payload = Buffer.alloc(16, 'x');

/** QoS 0, through the channel of a publisher, to topics that nobody has subscribed to. */
async function channelCase(name: string, retain: boolean): Promise<Case> {
  const world = new World({ storeQos0: false });
  const publisher = await world.connected({ clientId: 'p' });
  const packets = Array.from({ length: COUNT }, (_, i) =>
    publish({ topic: `bench/p/${i % TOPICS}`, payload, retain }),
  );
  const chunk = Buffer.concat(packets);
  return {
    name,
    operations: COUNT,
    run() {
      publisher.channel.onBytes(chunk);
    },
  };
}

const own = await channelCase('with RETAIN', true);
const other = await channelCase('without', false);
report([{ title: 'PUBLISH QoS 0, 16 B, retained', own, other }]);
