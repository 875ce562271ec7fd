import { expect } from 'chai';
import { systemClock } from '../../../../src/common/clock.ts';
import { silentLogger } from '../../../../src/common/logger.ts';
import { GatewayStats } from '../../../../src/gateway/gateway-stats.ts';
import { OfflineSessions } from '../../../../src/gateway/session/offline-sessions.ts';
import { encodeSessionRecord } from '../../../../src/gateway/session/session-record.ts';
import { createMemoryStore } from '../../../../src/lmq/memory/memory-store.ts';
import { StateSpace } from '../../../../src/lmq/spi/types.ts';
import { DISCONNECT } from '../../../helpers/packets.ts';
import { World } from '../gateway-world.ts';

function record(subscriptions: number): Buffer {
  return encodeSessionRecord({
    clientId: 'c',
    createdAt: 0,
    sessionExpirySeconds: 100,
    disconnectedAt: 0,
    peerOffset: 0,
    subscriptions: Array.from({ length: subscriptions }, (_, i) => ({
      filter: `f${String(i)}`,
      qos: 1,
      noLocal: false,
      retainAsPublished: false,
      retainHandling: 0,
      subscriptionId: 0,
      retainedDue: false,
    })),
  });
}

describe('gateway: OfflineSessions', () => {
  it('counts what is stored at the start, in the background', async () => {
    const store = createMemoryStore();
    for (let i = 0; i < 10; i++) store.putState(StateSpace.SESSION, `c${String(i)}`, record(i));
    store.putState(StateSpace.SESSION, 'broken', Buffer.from('?'));
    await store.committed(store.openCommit);
    const stats = new GatewayStats();
    const offline = new OfflineSessions(store, stats, systemClock, silentLogger);
    offline.start();
    expect(stats.sessionsOffline).to.equal(0);
    offline.gone(record(3));
    for (let i = 0; i < 30; i++) await new Promise(setImmediate);
    await offline.stop();
    expect(stats).to.include({ sessionsOffline: 10, subscriptionsOffline: 42 });
  });

  it('stops counting when it is stopped', async () => {
    const store = createMemoryStore();
    for (let i = 0; i < 1000; i++) store.putState(StateSpace.SESSION, `c${String(i)}`, record(0));
    await store.committed(store.openCommit);
    const stats = new GatewayStats();
    const offline = new OfflineSessions(store, stats, systemClock, silentLogger);
    offline.start();
    await offline.stop();
    expect(stats.sessionsOffline).to.be.below(1000);
  });

  it('is right whatever becomes of sessions', async () => {
    const world = new World();
    const fields = { clientId: 'p', clean: false };
    const counted = (): readonly number[] => [
      world.stats.sessionsOffline,
      world.stats.subscriptionsOffline,
    ];
    const first = await world.subscribed(fields, ['a', 1], ['b/#', 0]);
    expect(counted()).to.deep.equal([0, 0]);
    await first.exchange(DISCONNECT);
    expect(counted()).to.deep.equal([1, 2]);
    await world.connected(fields);
    expect(counted()).to.deep.equal([0, 0]);
    const third = await world.connected(fields);
    await third.lose();
    expect(counted()).to.deep.equal([1, 2]);
    const clean = await world.connected({ clientId: 'p', clean: true });
    expect(counted()).to.deep.equal([0, 0]);
    await clean.lose();
    expect(counted()).to.deep.equal([0, 0]);
  });
});
