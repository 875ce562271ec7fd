import { expect } from 'chai';
import { StateSpace } from '../../../../src/lmq/spi/types.ts';
import { DISCONNECT } from '../../../helpers/packets.ts';
import { FakeClient5 } from '../fake-client5.ts';
import { turns } from '../fake-socket.ts';
import type { FakeClient, World } from '../gateway-world.ts';
import { LanesWorld } from './lanes-world.ts';
import { twoGateways } from './two-gateways.ts';

async function payloads(client: FakeClient): Promise<string[]> {
  return (await client.publishes()).map(({ payload }) => payload.toString());
}

describe('gateway: several stores: wills', () => {
  let stores: LanesWorld;
  let a: World;
  let b: World;
  let watcher: FakeClient;

  beforeEach(async () => {
    [stores, a, b] = await twoGateways(new LanesWorld());
    watcher = await b.subscribed({ clientId: 'watcher' }, ['w/#', 1]);
  });

  function will(lane: number, payload = 'gone'): { topic: string; payload: string; qos: 1 } {
    return { topic: stores.topicIn(lane, 'w/'), payload, qos: 1 };
  }

  async function willRecords(): Promise<string[]> {
    const keys: string[] = [];
    for (const { base } of stores.stores) {
      for await (const { key } of base.scanState(StateSpace.WILL)) keys.push(key);
    }
    return keys;
  }

  for (const home of [0, 1]) {
    for (const lane of [0, 1]) {
      const where = `at home in ${String(home)}, topic in ${String(lane)}`;

      it(`${where}: published once when the connection breaks, and forgotten [MQTT-3.1.2-8]`, async () => {
        const client = await a.connected({ clientId: stores.clientIn(home), will: will(lane) });
        expect((await willRecords()).length).to.equal(1);
        await client.lose();
        await turns(5);
        expect(await payloads(watcher)).to.deep.equal(['gone']);
        expect(await willRecords()).to.deep.equal([]);
      });

      it(`${where}: published once by a takeover, here and elsewhere`, async () => {
        const clientId = stores.clientIn(home);
        await a.connected({ clientId, will: will(lane, 'first') });
        await b.connected({ clientId, will: will(lane, 'second') });
        expect(await payloads(watcher)).to.deep.equal(['first']);
        const last = await b.connected({ clientId, will: will(lane, 'third') });
        expect(await payloads(watcher)).to.deep.equal(['second']);
        await last.exchange(DISCONNECT);
        await turns(5);
        expect(await payloads(watcher)).to.deep.equal([]);
        expect(await willRecords()).to.deep.equal([]);
      });

      it(`${where}: published once when its gateway dies`, async () => {
        await a.connected({ clientId: stores.clientIn(home), will: will(lane) });
        await stores.kill(a);
        await turns(10);
        expect(await payloads(watcher)).to.deep.equal(['gone']);
        expect(await willRecords()).to.deep.equal([]);
      });

      it(`${where}: published once after its delay, its gateway being dead`, async () => {
        const client = await new FakeClient5(a).connect({
          clientId: stores.clientIn(home),
          clean: false,
          properties: [['sessionExpiry', 100]],
          will: { ...will(lane), properties: [['willDelay', 10]] },
        });
        client.socket.destroy();
        await turns(5);
        await stores.kill(a);
        await turns(5);
        expect(await payloads(watcher)).to.deep.equal([]);
        stores.clock.advance(12_000);
        await turns(10);
        expect(await payloads(watcher)).to.deep.equal(['gone']);
        expect(await willRecords()).to.deep.equal([]);
      });
    }
  }
});
