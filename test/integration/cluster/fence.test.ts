import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { Cluster } from '../../helpers/cluster.ts';
import { isBuildCurrent } from '../../helpers/compiled.ts';
import { eventually } from '../../helpers/eventually.ts';
import { Clients, PERSISTENT } from './clients.ts';

const LEASE_MS = 2000;

describe('cluster: a gateway that was silent for longer than its lease', function () {
  this.timeout(180_000);
  let cluster: Cluster;
  const clients = new Clients();

  before(async () => {
    cluster = await Cluster.start({ compiled: isBuildCurrent(), leaseMs: LEASE_MS });
  });
  afterEach(() => clients.end());
  after(() => cluster.dispose());

  it('begins anew, with nothing of what it believed, and serves again', async () => {
    const [paused, other] = [cluster.gateway(0), cluster.gateway(1)];
    const before = await clients.connect(paused, 'fenced', PERSISTENT);
    await before.mqtt.subscribeAsync('fence/#', { qos: 1 });
    const { pid } = paused;
    paused.pause();
    await sleep(2 * LEASE_MS);
    const meanwhile = await clients.connect(other, 'fenced', {
      ...PERSISTENT,
      connectTimeout: 60_000,
    });
    expect(meanwhile.sessionPresent).to.equal(true);
    paused.resume();
    await eventually('the old connection closed', () => !before.mqtt.connected, 30_000);
    const again = await eventually(
      'a connection to the gateway that was fenced',
      () => clients.connect(paused, 'after-fence').catch(() => undefined),
      30_000,
      200,
    );
    expect(paused.pid, 'the same process').to.equal(pid);
    expect(meanwhile.mqtt.connected).to.equal(true);
    await again.mqtt.publishAsync('fence/1', 'through the new life', { qos: 1 });
    expect(await meanwhile.payloadsOf(1)).to.deep.equal(['through the new life']);
    expect(before.payloads).to.deep.equal([]);
  });
});
