import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { ErrorWithReasonCode } from 'mqtt';
import { Cluster } from '../helpers/cluster.ts';
import { isBuildCurrent } from '../helpers/compiled.ts';
import { eventually } from '../helpers/eventually.ts';
import { canLimitFileSize, limitFileSize } from '../helpers/file-size-limit.ts';
import { GatewayProcess } from '../helpers/gateway-process.ts';
import { removeTempDir } from '../helpers/temp-dir.ts';
import { Clients, PERSISTENT, type TestClient } from './cluster/clients.ts';

/** EX_IOERR, as docs/operations.md says. */
const EXIT_IO_ERROR = 74;
const FILE_SIZE = 4096;
/** Enough that the journal does not take it. */
const LARGE = 'x'.repeat(100_000);
const EXIT_TIMEOUT_MS = 60_000;

describe('a disk that cannot be written', function () {
  this.timeout(180_000);
  const clients = new Clients();
  const onDispose: (() => Promise<unknown>)[] = [];

  before(function () {
    if (canLimitFileSize) return;
    console.log('      skipped: there is no prlimit, which makes writes fail here');
    this.skip();
  });
  afterEach(async () => {
    await clients.end();
    for (const dispose of onDispose.splice(0)) await dispose();
  });

  it('ends standalone with exit code 74; what it had not acknowledged was not answered [MQTT-4.3.2-1]', async () => {
    const options = { maxPacketBytes: 1 << 20, maxInflight: 20, compiled: isBuildCurrent() };
    const broker = await GatewayProcess.create(options);
    onDispose.push(
      () => broker.crash(),
      () => removeTempDir(broker.dataDir),
    );
    await broker.restart();
    const subscriber = await clients.connect(broker, 'subscriber', PERSISTENT);
    await subscriber.mqtt.subscribeAsync('disk/#', { qos: 1 });
    await subscriber.mqtt.endAsync();
    const publisher = await clients.connect(broker, 'publisher');
    await publisher.mqtt.publishAsync('disk/1', 'acknowledged', { qos: 1 });

    limitFileSize(broker.pid, FILE_SIZE);
    const answer = publish(publisher, 'disk/2');
    await eventually('the end', () => !broker.alive, EXIT_TIMEOUT_MS);
    expect(broker.exitCode, broker.output).to.equal(EXIT_IO_ERROR);
    expect(broker.output).to.match(/^lmqtt: .*data.*lmq/m);
    expect(await Promise.race([answer, sleep(100, 'no answer')])).to.equal('no answer');
    expect(publisher.disconnect, 'DISCONNECT').to.equal(undefined);

    await broker.restart();
    const again = await clients.connect(broker, 'subscriber', PERSISTENT);
    expect(again.sessionPresent).to.equal(true);
    expect((await again.payloadsOf(1, 30_000))[0]).to.equal('acknowledged');
    const next = await clients.connect(broker, 'publisher');
    expect(await publish(next, 'disk/3')).to.equal('acknowledged');
    await eventually('the new message', () => again.received.at(-1)?.topic === 'disk/3');
  });

  it('ends a store; gateways keep their clients and acknowledge when it is back, each message once [MQTT-4.3.3-1]', async () => {
    const cluster = await Cluster.start({ compiled: isBuildCurrent(), leaseMs: 20_000 });
    onDispose.push(() => cluster.dispose());
    const subscriber = await clients.connect(cluster.gateway(1), 'subscriber');
    await subscriber.mqtt.subscribeAsync('disk/#', { qos: 2 });
    const publisher = await clients.connect(cluster.gateway(0), 'publisher');
    expect(await publish(publisher, 'disk/0', 2)).to.equal('acknowledged');

    limitFileSize(cluster.store.pid, FILE_SIZE);
    const answers = [publish(publisher, 'disk/1', 1), publish(publisher, 'disk/2', 2)];
    await eventually('the end', () => !cluster.store.alive, EXIT_TIMEOUT_MS);
    expect(cluster.store.exitCode, cluster.store.output).to.equal(EXIT_IO_ERROR);
    expect(cluster.store.ready('pid')).to.equal(undefined);
    expect(await Promise.race([...answers, sleep(300, 'no answer')])).to.equal('no answer');
    expect(publisher.mqtt.connected).to.equal(true);

    await cluster.store.start();
    expect(await Promise.all(answers)).to.deep.equal(['acknowledged', 'acknowledged']);
    expect(publisher.mqtt.connected && subscriber.mqtt.connected).to.equal(true);
    await subscriber.payloadsOf(3, 30_000);
    await sleep(200);
    expect(subscriber.received.map(({ topic }) => topic)).to.deep.equal([
      'disk/0',
      'disk/1',
      'disk/2',
    ]);
  });
});

/** What comes for an answer; an answer that says no has a reason code. */
function publish({ mqtt }: TestClient, topic: string, qos: 1 | 2 = 1): Promise<string> {
  return mqtt.publishAsync(topic, LARGE, { qos }).then(
    () => 'acknowledged',
    (error: unknown) =>
      error instanceof ErrorWithReasonCode ? `refused with ${String(error.code)}` : 'no answer',
  );
}
