import { expect } from 'chai';
import { DELIVERY_MS, DeliveryTurns } from '../../../../src/gateway/session/delivery-turns.ts';
import { InflightWindow } from '../../../../src/gateway/session/inflight-window.ts';
import { Session } from '../../../../src/gateway/session/session.ts';
import { FakeClock } from '../fake-clock.ts';
import { turns } from '../fake-socket.ts';

/** From so many on the clock is looked at. */
const MANY = 8;

function make(costMs: number) {
  const clock = new FakeClock();
  const delivered: string[] = [];
  const onDelivered = new Map<string, () => void>();
  const delivery = new DeliveryTurns(clock, ({ clientId }) => {
    delivered.push(clientId);
    clock.advance(costMs);
    onDelivered.get(clientId)?.();
  });
  const sessions = Array.from(
    { length: 12 },
    (_, i) => new Session(`c${String(i)}`, false, 0, new InflightWindow(1), 0),
  );
  const names = sessions.map(({ clientId }) => clientId);
  const schedule = (...which: number[]): void => {
    for (const i of which) delivery.schedule(sessions[i] as Session);
  };
  const scheduleAll = (): void => {
    for (const session of sessions) delivery.schedule(session);
  };
  return { clock, delivered, onDelivered, delivery, sessions, names, schedule, scheduleAll };
}

describe('gateway: DeliveryTurns', () => {
  it('delivers to each session that is scheduled once, in order, in one turn if that has time', () => {
    const { delivered, delivery, names, scheduleAll } = make(0);
    scheduleAll();
    scheduleAll();
    delivery.run();
    expect(delivered).to.deep.equal(names);
    delivery.run();
    expect(delivered).to.have.length(names.length);
  });

  it('delivers to a few without looking at the clock', () => {
    const { delivered, delivery, schedule } = make(DELIVERY_MS);
    schedule(0, 1, 2, 3, 4, 5, 6);
    delivery.run();
    expect(delivered).to.have.length(MANY - 1);
  });

  it('ends with the time of a turn, and serves the others in the next ones, in order', async () => {
    const { delivered, delivery, names, scheduleAll } = make(DELIVERY_MS / 4);
    scheduleAll();
    delivery.run();
    expect(delivered).to.deep.equal(names.slice(0, 4));
    // Meanwhile nobody is served out of turn.
    delivery.run();
    expect(delivered).to.have.length(4);
    await turns(1);
    expect(delivered).to.deep.equal(names.slice(0, 8));
    await turns(2);
    expect(delivered).to.deep.equal(names);
  });

  it('serves at least one in a turn', async () => {
    const { delivered, delivery, names, scheduleAll } = make(DELIVERY_MS * 2);
    scheduleAll();
    delivery.run();
    expect(delivered).to.deep.equal(names.slice(0, 1));
    await turns(names.length);
    expect(delivered).to.deep.equal(names);
  });

  it('serves what is scheduled meanwhile behind those that wait', async () => {
    const { delivered, delivery, names, schedule, scheduleAll } = make(DELIVERY_MS / 4);
    scheduleAll();
    delivery.run();
    // The first one again; the last one waits already.
    schedule(0, 11);
    await turns(4);
    expect(delivered).to.deep.equal([...names, 'c0']);
  });

  it('serves what is scheduled by a delivery that is the last of its turn', async () => {
    const { delivered, onDelivered, delivery, names, schedule, scheduleAll } = make(
      DELIVERY_MS / 4,
    );
    onDelivered.set('c3', () => {
      onDelivered.clear();
      schedule(0);
    });
    scheduleAll();
    delivery.run();
    await turns(4);
    expect(delivered).to.deep.equal([...names, 'c0']);
  });

  it('loses nobody when one that waits has gone', async () => {
    const { delivered, delivery, names, scheduleAll, sessions } = make(DELIVERY_MS / 4);
    scheduleAll();
    delivery.run();
    // Delivery to a session without a link does nothing; it is asked for all the same.
    expect(sessions[5]?.scheduled).to.equal(true);
    await turns(4);
    expect(delivered).to.deep.equal(names);
    expect(sessions.some(({ scheduled }) => scheduled)).to.equal(false);
  });
});
