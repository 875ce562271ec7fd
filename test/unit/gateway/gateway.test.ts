import { expect } from 'chai';
import { once } from 'node:events';
import { connect as open, type Socket } from 'node:net';
import { openAuthenticator } from '../../../src/auth/anonymous-authenticator.ts';
import { systemClock } from '../../../src/common/clock.ts';
import { ListenError } from '../../../src/common/errors.ts';
import { silentLogger } from '../../../src/common/logger.ts';
import { createGateway, type Gateway } from '../../../src/gateway/gateway.ts';
import { DEFAULT_LIMITS, type ListenAddress } from '../../../src/gateway/options.ts';
import { TopicMetadata } from '../../../src/gateway/routing/topic-metadata.ts';
import { encodeWillRecord } from '../../../src/gateway/will/will-record.ts';
import { StateSpace } from '../../../src/lmq/spi/types.ts';
import { createMemoryStore } from '../../../src/lmq/memory/memory-store.ts';
import { eventually, within } from '../../helpers/eventually.ts';
import { connect, connack, publish, subscribe } from '../../helpers/packets.ts';
import { connect5 } from '../../helpers/packets5.ts';
import { FakeKv } from './routing/topic-metadata-fixtures.ts';

const LOCAL = { host: '127.0.0.1', port: 0 };

describe('gateway: Gateway', () => {
  const gateways: Gateway[] = [];
  const sockets: Socket[] = [];

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    for (const gateway of gateways.splice(0)) await gateway.stop();
  });

  function make(
    listeners: readonly ListenAddress[] = [LOCAL],
    limits = {},
    store = createMemoryStore(),
  ) {
    const common = { logger: silentLogger, clock: systemClock };
    const metadata = new TopicMetadata({
      ...common,
      kv: new FakeKv(),
      filters: store,
      autoCreateTopic: true,
      autoCreateWildcard: true,
    });
    const gateway = createGateway({
      ...common,
      store,
      metadata,
      listeners,
      backlog: 16,
      authenticator: openAuthenticator,
      limits: { ...DEFAULT_LIMITS, ...limits },
      tcpKeepAlive: { idleSeconds: 0, intervalSeconds: 0, probes: 0, userTimeoutMs: 0 },
      storeQos0: true,
      sessionFlushIntervalMs: 1000,
    });
    gateways.push(gateway);
    return { gateway, store };
  }

  async function client(gateway: Gateway): Promise<Socket> {
    const [address] = gateway.addresses();
    const socket = open(address!.port, address!.host);
    sockets.push(socket);
    await once(socket, 'connect');
    return socket;
  }

  async function connected(gateway: Gateway, clientId: string, clean = true): Promise<Socket> {
    const socket = await client(gateway);
    socket.write(connect({ clientId, clean }));
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    expect(bytes.subarray(0, 2)).to.deep.equal(connack().subarray(0, 2));
    return socket;
  }

  it('serves on all its addresses and says which', async () => {
    const { gateway } = make([LOCAL, LOCAL]);
    await gateway.start();
    expect(new Set(gateway.addresses().map(({ port }) => port)).size).to.equal(2);
    await connected(gateway, 'c');
    expect(gateway.stats.connectionsCurrent).to.equal(1);
  });

  it('leaves nothing listening when one address cannot be had', async () => {
    const { gateway } = make();
    await gateway.start();
    const taken = gateway.addresses()[0]!;
    const { gateway: second } = make([LOCAL, taken]);
    const error = await second.start().then(
      () => undefined,
      (failure: unknown) => failure,
    );
    expect(error).to.be.instanceOf(ListenError);
    expect(second.addresses()).to.deep.equal([]);
  });

  it('stops with every session saved, whatever its clients are doing', async () => {
    const { gateway, store } = make();
    await gateway.start();
    await client(gateway);
    const half = await client(gateway);
    half.write(connect({ clientId: 'half' }).subarray(0, 5));
    await connected(gateway, 'clean');
    const persistent = await connected(gateway, 'persistent', false);
    persistent.write(subscribe(1, ['t', 1]));
    const connecting = await client(gateway);
    connecting.write(connect({ clientId: 'late', clean: false }));
    await within('stop', 2000, gateway.stop());
    await within('a second stop', 100, gateway.stop());
    expect(gateway.stats.connectionsCurrent).to.equal(0);
    expect(gateway.stats.sessionsCurrent).to.equal(0);
    expect(store.stats.openQueues).to.equal(0);
  });

  it('has retained messages again, and has sent the wills left behind, before it listens', async () => {
    const { gateway, store } = make();
    await gateway.start();
    const socket = await connected(gateway, 'c');
    socket.write(publish({ topic: 'a', payload: 'x', qos: 1, id: 1, retain: true }));
    await once(socket, 'data');
    await gateway.stop();
    const will = {
      topic: 'b',
      payload: Buffer.from('gone'),
      qos: 1,
      retain: true,
      delaySeconds: 0,
      expirySeconds: undefined,
      properties: Buffer.alloc(0),
      sessionExpirySeconds: 0,
      dueAt: 0,
    } as const;
    store.putState(StateSpace.WILL, 'dead', encodeWillRecord(will));
    await store.committed(store.openCommit);
    const { gateway: second } = make([LOCAL], {}, store);
    await second.start();
    expect(second.stats.retainedCurrent).to.equal(2);
    expect(second.stats.willsPublished).to.equal(1);
    await store.committed(store.openCommit);
    expect(await store.getState(StateSpace.WILL, 'dead')).to.equal(undefined);
  });

  it('tells a client that keeps sending why it stops, and does not wait for one that stays', async () => {
    const { gateway } = make();
    await gateway.start();
    const [address] = gateway.addresses();
    const { host, port } = address!;
    const [sending, staying] = [open({ host, port }), open({ host, port, allowHalfOpen: true })];
    sockets.push(sending, staying);
    await once(staying, 'connect');
    sending.write(connect5({ clientId: 'sending' }));
    await once(sending, 'data');
    const more = setInterval(() => sending.write(publish({ topic: 't', payload: 'x' })), 1);
    // Reads again after the gateway has ended its side.
    sending.pause();
    const started = performance.now();
    const stopped = gateway.stop();
    setTimeout(() => sending.resume(), 100);
    const [last] = (await once(sending, 'data')) as [Buffer];
    clearInterval(more);
    expect([...last.subarray(0, 3)]).to.deep.equal([0xe0, last.length - 2, 0x8b]);
    await stopped;
    expect(performance.now() - started).to.be.below(1000);
    expect(staying.writable).to.equal(true);
  });

  it('stops without having been started', async () => {
    const { gateway } = make();
    await within('stop', 500, gateway.stop());
  });

  it('closes a connection over the limit at once', async () => {
    const { gateway } = make([LOCAL], { maxConnections: 1 });
    await gateway.start();
    await connected(gateway, 'first');
    const second = await client(gateway);
    second.resume();
    await within('close', 2000, once(second, 'close'));
    expect(gateway.stats.connectionsRefused).to.equal(1);
    sockets[0]!.destroy();
    await eventually('room', () => gateway.stats.connectionsCurrent === 0);
    await connected(gateway, 'third');
  });

  it('takes what a client sends before it ends its side, without waiting for CONNACK', async () => {
    const { gateway, store } = make();
    await gateway.start();
    for (const clean of [true, false]) {
      const before = store.stats.recordsAppended;
      const socket = await client(gateway);
      const packets = Array.from({ length: 50 }, () => publish({ topic: 't' }));
      socket.end(Buffer.concat([connect({ clientId: 'brief', clean }), ...packets]));
      await eventually('50 records', () => store.stats.recordsAppended === before + 50);
    }
    await eventually('all closed', () => gateway.stats.connectionsCurrent === 0);
  });

  it('closes when the peer ends its side, and keeps no half-open socket', async () => {
    const { gateway } = make();
    await gateway.start();
    const socket = await connected(gateway, 'c');
    socket.end();
    await within('close', 2000, once(socket, 'close'));
    expect(gateway.stats.connectionsCurrent).to.equal(0);
  });
});
