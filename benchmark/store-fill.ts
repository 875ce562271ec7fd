import { systemClock } from '../src/common/clock.ts';
import { encodeInflightRecord } from '../src/gateway/session/inflight-record.ts';
import { encodeRetainedRecord } from '../src/gateway/retained/retained-record.ts';
import { encodeSessionRecord, NEVER_EXPIRES } from '../src/gateway/session/session-record.ts';
import { createEmbeddedStore } from '../src/lmq/embedded/embedded-store.ts';
import { DEFAULT_STORE_OPTIONS } from '../src/lmq/embedded/store-options.ts';
import { filterQueueName, peerQueueName } from '../src/lmq/spi/queue-name.ts';
import { NO_EXPIRY } from '../src/lmq/spi/record.ts';
import { StateSpace } from '../src/lmq/spi/types.ts';
import { randomFillSync } from 'node:crypto';
import type { LmqStore } from '../src/lmq/spi/lmq-store.ts';

/**
 * Writes into a store what a gateway would have, without clients: a million sessions take minutes instead
 * of hours. The gateway that starts on it must not be able to tell.
 */

/** How much of everything a store is given. */
export interface Fill {
  /** Offline sessions that never expire, with three QoS 1 subscriptions of topics of their own each. */
  readonly sessions: number;
  /** Further topics with one message of 64 B each. */
  readonly queues: number;
  /** Messages over 1,000 topics. */
  readonly messages: number;
  /** Bytes of each of these. */
  readonly payload: number;
  readonly retained: number;
}

const SUBSCRIPTIONS = 3;
/** Things written between two waits for the commit. */
const STEP = 1_000;
const TOPICS = 1_000;
const QUEUE_PAYLOAD = 64;
const PUBLISHER = Buffer.from('fill');
const NO_PROPERTIES = Buffer.alloc(0);
const HEAD = {
  flags: 1,
  publisher: PUBLISHER,
  properties: NO_PROPERTIES,
  expirySeconds: NO_EXPIRY,
};
/** A prime beyond all counts: names come in no order of the alphabet, as those of devices do. */
const STRIDE = 982_451_653;

const NO_WINDOW = encodeInflightRecord({
  nextPacketId: 1,
  received: new Set(),
  queueNames: [],
  entries: { packetIds: [], states: [], qos: [], queueIndexes: [], offsets: [], count: 0 },
});

/** Client identifier of a session that `fillStore` has made, of the first `sessions`. */
export function sessionName(index: number): string {
  return `session-${String(index).padStart(8, '0')}`;
}

/** One of the topics that a session has subscribed. */
export function sessionTopic(index: number, which: number): string {
  return `fill/${sessionName(index)}/${String(which)}`;
}

/** Fills the store in `directory`, which no process has open. */
export async function fillStore(directory: string, fill: Fill): Promise<void> {
  const store = createEmbeddedStore({ ...DEFAULT_STORE_OPTIONS, directory, fileReservedTimeMs: 0 });
  await store.start();
  try {
    await inSteps('sessions', fill.sessions, (i) => writeSession(store, i));
    await inSteps('queues', fill.queues, (i) => {
      publish(store, `fill/queue/${String(i)}`, QUEUE_PAYLOAD);
      return store.committed(store.openCommit);
    });
    await inSteps('messages', fill.messages, (i) => {
      publish(store, `fill/topic/${String(i % TOPICS)}`, fill.payload);
      return store.committed(store.openCommit);
    });
    await inSteps('retained messages', fill.retained, (i) => retain(store, i));
  } finally {
    await store.stop();
  }
}

async function inSteps(
  what: string,
  count: number,
  write: (index: number) => Promise<unknown>,
): Promise<void> {
  if (count === 0) return;
  const begin = systemClock.monotonic();
  for (let done = 0; done < count; done += STEP) {
    const step = Math.min(STEP, count - done);
    await Promise.all(Array.from({ length: step }, (_, i) => write(shuffled(done + i, count))));
  }
  const seconds = (systemClock.monotonic() - begin) / 1000;
  process.stderr.write(`filled in ${String(count)} ${what} in ${seconds.toFixed(0)} s\n`);
}

/** Each index below `count` once. Numbers stay below 2^53. */
function shuffled(index: number, count: number): number {
  return (index * (STRIDE % count)) % count;
}

async function writeSession(store: LmqStore, index: number): Promise<void> {
  const clientId = sessionName(index);
  const filters = Array.from({ length: SUBSCRIPTIONS }, (_, which) => sessionTopic(index, which));
  const names = [peerQueueName(clientId), ...filters.map(filterQueueName)];
  const queues = await Promise.all(names.map((name) => store.openQueue(name)));
  const now = systemClock.now();
  for (const queue of queues) store.commitOffset(clientId, queue, queue.nextOffset);
  store.putState(StateSpace.INFLIGHT, clientId, NO_WINDOW);
  const record = encodeSessionRecord({
    clientId,
    createdAt: now,
    sessionExpirySeconds: NEVER_EXPIRES,
    disconnectedAt: now,
    peerOffset: 0,
    subscriptions: filters.map((filter) => ({
      filter,
      qos: 1,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 0,
      subscriptionId: 0,
      retainedDue: false,
    })),
  });
  await store.committed(store.putState(StateSpace.SESSION, clientId, record));
  for (const queue of queues) store.closeQueue(queue);
}

/** Random bytes: what is stored takes the space that it says. */
const NOISE = randomFillSync(Buffer.alloc(1 << 20));
let noiseAt = 0;

function publish(store: LmqStore, topic: string, bytes: number): void {
  if (noiseAt + bytes > NOISE.length) noiseAt = Math.floor(Math.random() * 1024);
  const end = noiseAt + bytes;
  store.append(store.topic(topic), HEAD, NOISE, noiseAt, end);
  noiseAt = end;
}

function retain(store: LmqStore, index: number): Promise<void> {
  const topic = `fill/retained/${String(index % TOPICS)}/${String(index)}`;
  const bytes = Buffer.from(topic);
  const record = encodeRetainedRecord(bytes, HEAD, NOISE, 0, QUEUE_PAYLOAD, systemClock.now());
  return store.committed(store.putState(StateSpace.RETAINED, topic, record));
}
