import { expect } from 'chai';
import { Cluster } from '../../helpers/cluster.ts';
import { isBuildCurrent } from '../../helpers/compiled.ts';
import { eventually } from '../../helpers/eventually.ts';
import { freePort } from '../../helpers/free-port.ts';
import { Clients, PERSISTENT } from './clients.ts';
import { Placement } from './placement.ts';
import { disorderOf } from './stream-load.ts';

const ARRIVAL_MS = 60_000;
const GROUP = '$share/g/grow/#';
/** In each store more than a gateway reads at once. */
const MESSAGES = 450;
const FILLER = 'x'.repeat(1_000);

describe('cluster: a shared group while a topic moves', function () {
  this.timeout(300_000);
  let cluster: Cluster;
  const clients = new Clients();

  before(async () => {
    cluster = await Cluster.start({ compiled: isBuildCurrent(), stores: 1, leaseMs: 15_000 });
    await cluster.succeed('foundStores', '-b', cluster.stores[0]!.name);
  });
  afterEach(() => clients.end());
  after(() => cluster.dispose());

  it('a member gets what waits in the older store before what is in the newer one [MQTT-4.6.0-6]', async () => {
    const stores = [1, 2].map((generation) => ({
      name: `any${String(generation)}`,
      topics: [],
      generation,
    }));
    const topic = new Placement({ stores, active: 2 }).topic(1, 'grow/');
    const connect = (gateway: number, id: string) =>
      eventually(
        `${id} at a gateway that has the table`,
        () => clients.connect(cluster.gateway(gateway), id, PERSISTENT).catch(() => undefined),
        ARRIVAL_MS,
        200,
      );
    // Gateways begin anew when there is a table.
    await eventually(
      'both gateways',
      async () => {
        return (await cluster.succeed('storeList')).includes('g1 (1), g2 (1)');
      },
      ARRIVAL_MS,
      200,
    );
    const member = await connect(0, 'member');
    await member.mqtt.subscribeAsync(GROUP, { qos: 1 });
    await member.mqtt.endAsync();
    const publisher = await connect(1, 'publisher');
    const send = async (from: number) => {
      for (let number = from; number < from + MESSAGES; number++) {
        await publisher.mqtt.publishAsync(topic, `${String(number)} ${FILLER}`, { qos: 1 });
      }
    };
    await send(0);
    const node = cluster.addStore(await freePort());
    await node.start();
    await eventually('the store is registered', async () => {
      return (await cluster.succeed('clusterList')).includes(` ${node.name} `);
    });
    await cluster.succeed('addStore', '-b', node.name);
    await send(MESSAGES);

    const back = await connect(0, 'member');
    await back.payloadsOf(2 * MESSAGES, ARRIVAL_MS);
    const numbers = back.received.map(({ topic: of, payload }) => ({
      topic: of,
      payload: payload.slice(0, payload.indexOf(' ')),
    }));
    expect(new Set(numbers.map(({ payload }) => payload)).size).to.equal(2 * MESSAGES);
    expect(disorderOf(numbers)).to.deep.equal([]);
  });
});
