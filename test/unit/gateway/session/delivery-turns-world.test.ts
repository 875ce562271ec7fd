import { expect } from 'chai';
import sinon from 'sinon';
import { DELIVERY_MS } from '../../../../src/gateway/session/delivery-turns.ts';
import { publish, puback } from '../../../helpers/packets.ts';
import { turns } from '../fake-socket.ts';
import { type FakeClient, World } from '../gateway-world.ts';

const SUBSCRIBERS = 12;
const MESSAGES = 20;

/** A gateway whose every look at the clock finds that the time of a turn is over. */
async function make(clean: boolean) {
  const world = new World();
  const subscribers: FakeClient[] = [];
  for (let i = 0; i < SUBSCRIBERS; i++) {
    subscribers.push(await world.subscribed({ clientId: `s${String(i)}`, clean }, ['t/#', 1]));
  }
  const publisher = await world.connected({ clientId: 'p' });
  let now = world.clock.monotonic();
  const monotonic = sinon.stub(world.clock, 'monotonic').callsFake(() => (now += DELIVERY_MS));
  const all = Array.from({ length: MESSAGES }, (_, i) => String(i));
  const send = (): void => {
    const packets = all.map((payload, i) =>
      publish({ topic: `t/${String(i % 2)}`, qos: 1, id: i + 1, payload }),
    );
    publisher.socket.feed(...packets);
  };
  return { world, subscribers, publisher, monotonic, all, send };
}

describe('gateway: delivery in several turns', () => {
  it('brings every subscriber everything once, in the order of the publisher [MQTT-4.6.0-6]', async () => {
    const { subscribers, all, send } = await make(true);
    send();
    await turns(SUBSCRIBERS * 4);
    for (const subscriber of subscribers) {
      const payloads = await subscriber.drain();
      expect(payloads).to.deep.equal(all);
    }
  });

  it('does not serve all in one turn', async () => {
    const { world, send } = await make(true);
    const sent = world.stats.messagesSent;
    const perTurn: number[] = [];
    send();
    for (let i = 0; i < SUBSCRIBERS * 4; i++) {
      await turns(1);
      perTurn.push(world.stats.messagesSent - sent);
    }
    expect(perTurn.at(-1)).to.equal(SUBSCRIBERS * MESSAGES);
    // One in a turn, until they are so few that nobody looks at the clock.
    expect(new Set(perTurn).size).to.be.at.least(SUBSCRIBERS - 7);
  });

  it('loses nothing for the others, nor for one with a session, when some close meanwhile', async () => {
    const { world, subscribers, monotonic, all, send } = await make(false);
    const sent = world.stats.messagesSent;
    send();
    while (world.stats.messagesSent === sent) await turns(1);
    const gone = subscribers.splice(SUBSCRIBERS - 2);
    for (const client of gone) client.socket.destroy();
    await turns(SUBSCRIBERS * 4);
    for (const subscriber of subscribers) {
      expect(await subscriber.drain()).to.deep.equal(all);
    }
    monotonic.restore();
    await turns(4);
    const back = await world.connected({ clientId: `s${String(SUBSCRIBERS - 1)}`, clean: false });
    const packets = await back.publishes();
    expect(packets.map(({ payload }) => payload.toString())).to.deep.equal(all);
    back.socket.feed(...packets.map(({ id }) => puback(id)));
    await turns();
    expect(world.context.sessions.size).to.equal(SUBSCRIBERS);
  });
});
