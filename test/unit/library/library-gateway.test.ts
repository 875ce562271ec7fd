import { expect } from 'chai';
import {
  anonymousAuthenticator,
  ClientEvent,
  ConfigError,
  createGateway,
  createMemoryStore,
  ListenError,
  openAuthenticator,
  Transport,
} from '../../../src/index.ts';
import type {
  GatewayConfig,
  LibraryGateway,
  Logger,
  MessageToPublish,
} from '../../../src/index.ts';
import { rejection } from '../../conformance/lmq-store/harness.ts';
import { connack, connect, publish, puback, suback, subscribe } from '../../helpers/packets.ts';
import { RawClient } from '../../helpers/raw-client.ts';
import { makeTempDir, removeTempDir } from '../../helpers/temp-dir.ts';

const FREE = [{ port: 0 }];

describe('library: createGateway', () => {
  const running: LibraryGateway[] = [];
  const clients: RawClient[] = [];
  let directory: string;

  beforeEach(async () => {
    directory = await makeTempDir();
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.drop();
    for (const gateway of running.splice(0)) await gateway.stop();
    await removeTempDir(directory);
  });

  async function started(config: Partial<GatewayConfig> = {}): Promise<LibraryGateway> {
    const gateway = createGateway({ store: 'memory', listeners: FREE, ...config });
    running.push(gateway);
    await gateway.start();
    return gateway;
  }

  async function client(
    gateway: LibraryGateway,
    clientId: string,
    present?: boolean,
  ): Promise<RawClient> {
    const raw = await RawClient.open(gateway.addresses()[0]!);
    clients.push(raw);
    raw.send(connect({ clientId, clean: present === undefined }));
    await raw.expect(connack(0, present ?? false));
    return raw;
  }

  it('listens on loopback, and on what it is told; addresses are known from start to stop', async () => {
    const gateway = createGateway({
      store: 'memory',
      listeners: [
        { port: 0 },
        { port: 0, webSocket: true },
        { port: 0, webSocket: { path: '/m' } },
      ],
    });
    running.push(gateway);
    expect(gateway.addresses()).to.deep.equal([]);
    await gateway.start();
    const addresses = gateway.addresses();
    expect(addresses.map(({ host, transport, path }) => [host, transport, path])).to.deep.equal([
      ['127.0.0.1', Transport.TCP, undefined],
      ['127.0.0.1', Transport.WS, '/mqtt'],
      ['127.0.0.1', Transport.WS, '/m'],
    ]);
    await gateway.stop();
    expect(gateway.addresses()).to.deep.equal([]);
    await gateway.stop();
  });

  it('a host that others reach needs an authenticator, its own or that of the gateway', () => {
    const listeners = [{ host: '0.0.0.0', port: 0 }];
    const store = 'memory';
    expect(() => createGateway({ store, listeners })).to.throw(ConfigError, /0\.0\.0\.0/);
    createGateway({ store, listeners, authenticator: openAuthenticator });
    const settings = { authenticator: anonymousAuthenticator };
    createGateway({ store, listeners: [{ host: '0.0.0.0', port: 0, settings }] });
  });

  it('publishes from inside, durably, retained, with properties', async () => {
    const gateway = await started();
    const a = await client(gateway, 'a');
    a.send(subscribe(1, ['t/#', 2]));
    await a.expect(suback(1, 2));
    await gateway.publish({ topic: 't/1', payload: 'text' });
    await a.expect(publish({ topic: 't/1', payload: 'text', qos: 1, id: 1 }));
    await gateway.publish({ topic: 't/0', payload: Buffer.from('live'), qos: 0, retain: true });
    await a.expect(publish({ topic: 't/0', payload: 'live' }));
    await gateway.publish({
      topic: 't/2',
      qos: 2,
      expirySeconds: 60,
      properties: { contentType: 'x', userProperties: [{ name: 'a', value: 'b' }] },
    });
    await a.expect(publish({ topic: 't/2', qos: 2, id: 2 }));
    expect(gateway.stats.retainedCurrent).to.equal(1);
    expect(gateway.stats.connectionsCurrent).to.equal(1);
  });

  it('does not publish what MQTT cannot carry, nor to a topic that is not registered', async () => {
    const gateway = await started({ firstTopics: ['t'] });
    const wrong: Partial<MessageToPublish>[] = [
      { topic: 'a/+' },
      { topic: '' },
      { qos: 3 as 2 },
      { expirySeconds: -1 },
      { properties: { responseTopic: '#' } },
      { topic: 'other/1' },
    ];
    for (const each of wrong) {
      const error = await rejection(gateway.publish({ topic: 't/1', ...each }));
      expect(error, JSON.stringify(each)).to.be.instanceOf(Error);
    }
    await gateway.publish({ topic: 't/1' });
  });

  it('first topics close the others, unless they are registered by use', async () => {
    for (const autoCreateTopic of [false, true]) {
      const gateway = await started({
        firstTopics: ['mine', 'ours'],
        ...(autoCreateTopic ? { autoCreateTopic } : {}),
      });
      const a = await client(gateway, 'a');
      a.send(subscribe(1, ['mine/1', 1], ['ours/#', 1], ['theirs/1', 1]));
      await a.expect(suback(1, 1, 1, autoCreateTopic ? 1 : 0x80));
      a.send(publish({ topic: 'mine/1', qos: 1, id: 1 }));
      const packets = [await a.readPacket(), await a.readPacket()];
      expect(packets.map(({ type }) => type)).to.have.members(['puback', 'publish']);
      a.send(puback(1), publish({ topic: 'theirs/2', qos: 1, id: 2 }));
      if (autoCreateTopic) await a.expect(puback(2));
      else await a.expectClose();
    }
  });

  it('on disk: sessions, wildcard subscriptions and messages are there again in the next process', async () => {
    const config = { store: { directory } };
    const first = await started(config);
    const a = await client(first, 'a', false);
    a.send(subscribe(1, ['t/+', 1]));
    await a.expect(suback(1, 1));
    await a.drop();
    await first.publish({ topic: 't/1', payload: '1' });
    await first.stop();
    const second = await started(config);
    await second.publish({ topic: 't/2', payload: '2' });
    const again = await client(second, 'a', true);
    await again.expect(publish({ topic: 't/1', payload: '1', qos: 1, id: 1 }));
    await again.expect(publish({ topic: 't/2', payload: '2', qos: 1, id: 2 }));
  });

  it('a start that fails leaves nothing running', async () => {
    const other = await started();
    const { port } = other.addresses()[0]!;
    const gateway = createGateway({ store: { directory }, listeners: [{ port }] });
    expect(await rejection(gateway.start())).to.be.instanceOf(ListenError);
    // The store is closed: another gateway can have it.
    await started({ store: { directory } });
  });

  it('tells its metrics, and publishes $SYS and client events when it is told to', async () => {
    const gateway = await started({
      clientEvents: [ClientEvent.CLIENT_CONNECTED],
      sysTopics: { intervalSeconds: 10, version: '1.2.3' },
      sharedSubscriptions: { strategy: 'random', expirySeconds: 1 },
    });
    const a = await client(gateway, 'a');
    a.send(subscribe(1, ['$SYS/broker/version', 0], ['$events/#', 0]));
    await a.expect(suback(1, 0, 0));
    const { topic, payload } = await a.readPublish();
    expect(topic).to.equal('$SYS/broker/version');
    expect(payload.toString()).to.contain('1.2.3');
    await client(gateway, 'b');
    expect((await a.readPublish()).topic).to.equal('$events/client_connected');
    const text = await gateway.metrics();
    expect(text).to.match(/^lmqtt_connections 2$/m);
    expect(text).to.match(/^lmqtt_hook_errors_total 0$/m);
  });

  it('takes a store, an authenticator, an authorizer, limits and a logger of the program', async () => {
    const lines: string[] = [];
    const write = (_fields: object, message: string): void => void lines.push(message);
    const logger: Logger = {
      debug: write,
      info: write,
      warn: write,
      error: write,
      child: () => logger,
    };
    const gateway = await started({
      store: createMemoryStore(),
      authenticator: anonymousAuthenticator,
      authorizer: { authorize: (_principal, _action, topic) => topic !== 'secret' },
      limits: { maxPacketSize: 100 },
      logger,
    });
    const a = await client(gateway, 'a');
    a.send(subscribe(1, ['secret', 0], ['open', 0]));
    await a.expect(suback(1, 0x80, 0));
    expect(lines).to.include('client connected');
    a.send(publish({ topic: 'open', payload: Buffer.alloc(200) }));
    await a.expectClose();
    const named = await RawClient.open(gateway.addresses()[0]!);
    clients.push(named);
    named.send(connect({ clientId: 'b', username: 'u' }));
    await named.expect(connack(4));
  });
});
