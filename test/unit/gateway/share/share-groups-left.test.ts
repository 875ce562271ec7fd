import { expect } from 'chai';
import { StateSpace } from '../../../../src/lmq/spi/types.ts';
import { DISCONNECT, puback, pubcomp, pubrec, unsubscribe } from '../../../helpers/packets.ts';
import { numbers } from '../cluster/group-traffic.ts';
import { turns } from '../fake-socket.ts';
import { GROUP, started, send, member } from './share-world.ts';

describe('gateway: shared subscriptions whose members go', () => {
  it('what a member that leaves has not acknowledged goes to the others, first', async () => {
    const world = await started();
    const a = await member(world, 'a');
    const b = await member(world, 'b');
    await send(world, 1, numbers(1, 6));
    const had = await a.publishes();
    expect(had.map(({ payload }) => payload.toString())).to.deep.equal(['1', '3', '5']);
    await a.exchange(puback(had[0]!.id));
    await a.lose();
    expect(await b.drain()).to.deep.equal(['2', '4', '6', '3', '5']);
    expect(world.stats.sharedMessagesReturned).to.equal(2);
  });

  it('what goes to another member is no repetition for it', async () => {
    const world = await started();
    const a = await member(world, 'a');
    await send(world, 1, ['1']);
    const b = await member(world, 'b');
    await a.lose();
    const [message] = await b.publishes();
    expect(message).to.include({ dup: false, qos: 1 });
  });

  it('unsubscribing completes what is on the way and leaves the rest to the others', async () => {
    const world = await started();
    const a = await member(world, 'a');
    const b = await member(world, 'b');
    await send(world, 1, ['1', '2']);
    const [one] = await a.publishes();
    await a.exchange(unsubscribe(2, GROUP));
    await send(world, 1, ['3']);
    expect(await b.drain()).to.deep.equal(['2', '3']);
    await a.exchange(puback(one!.id));
    await a.lose();
    expect(await b.drain()).to.deep.equal([]);
  });

  it('a client that is gone before it acknowledges gives back after unsubscribing, too', async () => {
    const world = await started();
    const a = await member(world, 'a');
    const b = await member(world, 'b');
    await send(world, 1, ['1']);
    await a.publishes();
    await a.exchange(unsubscribe(2, GROUP));
    await a.lose();
    expect(await b.drain()).to.deep.equal(['1']);
  });

  it('the group ends with its last member: nothing is kept for the next one', async () => {
    const world = await started();
    const a = await member(world, 'a');
    await a.lose();
    expect(world.stats.sharedGroupsCurrent).to.equal(0);
    await send(world, 1, ['1']);
    const b = await member(world, 'b');
    await send(world, 1, ['2']);
    expect(await b.drain()).to.deep.equal(['2']);
  });

  it('outlives its last member as long as it is told to', async () => {
    const world = await started({
      sharedSubscriptions: { strategy: 'round_robin', expirySeconds: 30 },
    });
    const a = await member(world, 'a');
    await send(world, 1, ['1']);
    await a.lose();
    await send(world, 1, ['2']);
    const b = await member(world, 'b');
    expect(await b.drain()).to.deep.equal(['1', '2']);
    await b.lose();
    world.clock.advance(31_000);
    await turns();
    expect(world.stats.sharedGroupsCurrent).to.equal(0);
  });

  it('waits for its stored members while none is connected', async () => {
    const world = await started();
    const a = await member(world, 'a', 1, false);
    await a.exchange(DISCONNECT);
    await send(world, 1, ['1', '2']);
    const again = await world.connected({ clientId: 'a', clean: false });
    expect(await again.drain()).to.deep.equal(['1', '2']);
  });

  it('what a stored member took along goes to the next one that comes', async () => {
    const world = await started();
    const a = await member(world, 'a', 1, false);
    await send(world, 1, ['1', '2']);
    expect(await a.publishes()).to.have.length(2);
    await a.lose();
    const b = await member(world, 'b');
    expect(await b.drain()).to.deep.equal(['1', '2']);
    const again = await world.connected({ clientId: 'a', clean: false });
    expect(await again.drain()).to.deep.equal([]);
  });

  it('without others, a stored member gets its messages again with DUP [MQTT-4.4.0-1]', async () => {
    const world = await started();
    const a = await member(world, 'a', 1, false);
    await send(world, 1, ['1']);
    const [first] = await a.publishes();
    await a.lose();
    const again = await world.connected({ clientId: 'a', clean: false });
    const [second] = await again.publishes();
    expect(second).to.include({ dup: true, id: first!.id });
  });

  it('QoS 2 is completed by the one that has it, when it comes back [MQTT-4.8.2-4]', async () => {
    const world = await started();
    const a = await member(world, 'a', 2, false);
    const b = await member(world, 'b', 2);
    await send(world, 2, ['1', '2', '3']);
    const messages = await a.publishes();
    expect(messages.map(({ payload }) => payload.toString())).to.deep.equal(['1', '3']);
    await a.exchange(pubrec(messages[0]!.id));
    await a.lose();
    expect(await b.drain()).to.deep.equal(['2']);
    const again = await world.connected({ clientId: 'a', clean: false });
    const packets = await again.exchange();
    expect(packets.map(({ type }) => type)).to.deep.equal(['pubrel', 'publish']);
    await again.exchange(pubcomp(messages[0]!.id));
  });

  it('QoS 2 is not sent to anybody else when its session ends [MQTT-4.8.2-5]', async () => {
    const world = await started();
    const a = await member(world, 'a', 2);
    const b = await member(world, 'b', 2);
    await send(world, 2, ['1', '2']);
    expect(await a.publishes()).to.have.length(1);
    await a.lose();
    expect(await b.drain()).to.deep.equal(['2']);
  });

  it('a stored member that is discarded gives back what it took along', async () => {
    const world = await started();
    const a = await member(world, 'a', 1, false);
    await send(world, 1, ['1']);
    await a.publishes();
    await a.lose();
    // Keeps the group; its own messages stay with it until it is connected.
    const b = await member(world, 'b', 1, false);
    await b.lose();
    const cleaned = await world.connected({ clientId: 'a', clean: true });
    await cleaned.lose();
    const again = await world.connected({ clientId: 'b', clean: false });
    expect(await again.drain()).to.deep.equal(['1']);
  });

  it('a group that has ended is not written again', async () => {
    const world = await started();
    const a = await member(world, 'a');
    await send(world, 1, ['1', '2']);
    const [first] = await a.publishes();
    await a.exchange(unsubscribe(2, GROUP));
    await a.exchange(puback(first!.id));
    world.clock.advance(5_000);
    await turns();
    expect(await world.store.getState(StateSpace.SHARE, GROUP)).to.equal(undefined);
  });

  it('a new group of the same name gets nothing that the one before had handed out', async () => {
    const world = await started();
    const a = await member(world, 'a');
    await send(world, 1, ['1']);
    await a.publishes();
    await a.exchange(unsubscribe(2, GROUP));
    const b = await member(world, 'b');
    await a.lose();
    await send(world, 1, ['2']);
    expect(await b.drain()).to.deep.equal(['2']);
  });
});
