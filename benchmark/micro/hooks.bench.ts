// What hooks that do nothing cost, beside a gateway without hooks. Alone:
// node --import=ts-blank-space/register benchmark/micro/hooks.bench.ts
import { Buffer } from 'node:buffer';
import { systemClock } from '../../src/common/clock.ts';
import { silentLogger } from '../../src/common/logger.ts';
import { OutBuffer } from '../../src/gateway/codec/out-buffer.ts';
import { PUBLISH_BYTE } from '../../src/gateway/codec/publish-encoder.ts';
import { encodeRecord } from '../../src/gateway/codec/record-encoder.ts';
import { slabPool } from '../../src/gateway/codec/slab-pool.ts';
import { GatewayStats } from '../../src/gateway/gateway-stats.ts';
import type { DeliverHooks } from '../../src/gateway/hooks/deliver-hooks.ts';
import type { GatewayHooks } from '../../src/gateway/hooks/gateway-hooks.ts';
import { HookChain } from '../../src/gateway/hooks/hook-chain.ts';
import { NO_EXPIRY, recordSize, writeRecord } from '../../src/lmq/spi/record.ts';
import { publish, subscribe } from '../../test/helpers/packets.ts';
import { type FakeClient, World } from '../../test/unit/gateway/gateway-world.ts';
import { report } from './measure.ts';
import type { Case } from './measure.ts';

/** Packets in one chunk, as a busy socket hands over. */
const COUNT = 1000;
const TOPIC = 'bench/p/0';
const PAYLOAD = Buffer.alloc(16, 'x');
const chunk = Buffer.concat(
  Array.from({ length: COUNT }, () => publish({ topic: TOPIC, payload: PAYLOAD })),
);

/** Keeps results alive, so that the compiler cannot drop the work. */
let sink = 0;
const doNothing: GatewayHooks = {
  onPublish: () => undefined,
  onDeliver: () => undefined,
};
const look: GatewayHooks = {
  onPublish(message) {
    sink += message.topic.length + message.payload.length;
  },
  onDeliver(message) {
    sink += message.topic.length + message.payload.length;
  },
};

function only(hooks: GatewayHooks, method: 'onPublish' | 'onDeliver'): GatewayHooks {
  return { [method]: hooks[method] };
}

/** QoS 0 through the channel of a publisher, not stored; to a subscriber's output when there is one. */
async function channelCase(
  name: string,
  hooks: readonly GatewayHooks[],
  hasSubscriber: boolean,
): Promise<Case> {
  const world = new World({ hooks, storeQos0: false, limits: { highWater: 64 * 1024 * 1024 } });
  const publisher = await world.connected({ clientId: 'p' });
  const subscribers: FakeClient[] = [];
  if (hasSubscriber) {
    const subscriber = await world.connected({ clientId: 's' });
    await subscriber.exchange(subscribe(1, [TOPIC, 0]));
    subscribers.push(subscriber);
  }
  return {
    name,
    operations: COUNT,
    run() {
      publisher.channel.onBytes(chunk);
      for (const { connection } of subscribers) connection.out.discard();
    },
  };
}

/** A stored record encoded for a subscriber, as delivery of QoS 1 and 2 does one by one. */
function recordCase(name: string, hooks: DeliverHooks | undefined): Case {
  const topic = Buffer.from(TOPIC);
  const publisher = Buffer.from('p');
  const none = Buffer.alloc(0);
  const record = Buffer.alloc(recordSize(topic.length, publisher.length, 0, PAYLOAD.length));
  writeRecord(record, 0, 1, topic, publisher, none, NO_EXPIRY, 0, 0, PAYLOAD, 0, PAYLOAD.length);
  const out = new OutBuffer();
  const link = {};
  const first = PUBLISH_BYTE | (1 << 1);
  return {
    name,
    operations: COUNT,
    run() {
      for (let id = 1; id <= COUNT; id++) {
        const outgoing = hooks === undefined ? record : hooks.record(link, first, record, 0);
        if (outgoing !== undefined) encodeRecord(out, first, id, outgoing, 0);
      }
      out.drainTo((slab, length) => {
        sink += length;
        slabPool.give(slab);
      });
    },
  };
}

function deliverHooks(hooks: GatewayHooks): DeliverHooks | undefined {
  const parts = { clock: systemClock, logger: silentLogger, maxPacketSize: 1024 * 1024 };
  return new HookChain([hooks], { ...parts, stats: new GatewayStats() }).deliver;
}

for (const [what, hooks] of [
  ['does nothing', doNothing],
  ['reads topic and payload', look],
] as const) {
  report([
    {
      title: `PUBLISH in, QoS 0, nobody subscribed: a publish hook that ${what}`,
      own: await channelCase('with the hook', [only(hooks, 'onPublish')], false),
      other: await channelCase('without hooks', [], false),
    },
    {
      title: `PUBLISH in and out, QoS 0, one subscriber: a publish hook that ${what}`,
      own: await channelCase('with the hook', [only(hooks, 'onPublish')], true),
      other: await channelCase('without hooks', [], true),
    },
    {
      title: `PUBLISH in and out, QoS 0, one subscriber: a deliver hook that ${what}`,
      own: await channelCase('with the hook', [only(hooks, 'onDeliver')], true),
      other: await channelCase('without hooks', [], true),
    },
    {
      title: `a stored record encoded: a deliver hook that ${what}`,
      own: recordCase('with the hook', deliverHooks(only(hooks, 'onDeliver'))),
      other: recordCase('without hooks', undefined),
    },
  ]);
}
if (sink === 0) process.stdout.write('nothing was done\n');
