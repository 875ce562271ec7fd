import { expect } from 'chai';
import type { GatewayLimits } from '../../../../src/gateway/options.ts';
import { connect, publish, subscribe } from '../../../helpers/packets.ts';
import { connect5, disconnect5, publish5 } from '../../../helpers/packets5.ts';
import { FakeClient5 } from '../fake-client5.ts';
import { turns } from '../fake-socket.ts';
import { type FakeClient, World } from '../gateway-world.ts';

async function client(limits: Partial<GatewayLimits>): Promise<[World, FakeClient]> {
  const world = new World({ limits });
  return [world, await world.connected({ clientId: 'c' })];
}

describe('gateway: limits are counted', () => {
  it('topic names that are too long, of messages and of wills, and filters', async () => {
    const [world, first] = await client({ maxTopicLevels: 2, maxTopicLength: 10 });
    await first.exchange(
      subscribe(1, ['a/b', 0], ['a/b/c', 0], ['xxxxxxxxxx', 0], ['xxxxxxxxxxx', 0]),
    );
    expect(world.stats.topicsTooLong).to.equal(2);
    await first.exchange(publish({ topic: 'ä'.repeat(6) }));
    expect(first.closed).to.equal(true);
    expect(world.stats.topicsTooLong).to.equal(3);
    const will = { topic: 'a/b/c', payload: '' };
    await world.open().exchange(connect({ clientId: 'w', will }));
    expect(world.stats.topicsTooLong).to.equal(4);
  });

  it('packets that are too large', async () => {
    const [world, first] = await client({ maxPacketSize: 100 });
    await first.exchange(publish({ topic: 't', payload: Buffer.alloc(100) }));
    expect(world.stats.packetsTooLarge).to.equal(1);
  });

  it('publishes over the receive maximum', async () => {
    const world = new World({ limits: { receiveMaximum: 1 } });
    const first = await new FakeClient5(world).connect({});
    const message = { topic: 't', qos: 2 } as const;
    await first.exchange(publish5({ ...message, id: 1 }), publish5({ ...message, id: 2 }));
    expect(world.stats.receiveMaximumExceeded).to.equal(1);
  });

  it('subscriptions that are too many', async () => {
    const [world, first] = await client({ maxSubscriptionsPerClient: 1 });
    await first.exchange(subscribe(1, ['a', 0], ['b', 0], ['c', 0]));
    expect(world.stats.subscriptionsRefused).to.equal(2);
  });

  it('session expiry intervals that are too long, of CONNECT and of DISCONNECT', async () => {
    const world = new World({ limits: { maxSessionExpirySeconds: 10 } });
    const first = world.open();
    first.socket.feed(connect5({ clientId: 'a', properties: [['sessionExpiry', 11]] }));
    await turns();
    expect(world.stats.sessionExpiriesReduced).to.equal(1);
    first.socket.feed(disconnect5(0, [['sessionExpiry', 12]]));
    await turns();
    expect(world.stats.sessionExpiriesReduced).to.equal(2);
    const second = world.open();
    second.socket.feed(connect5({ clientId: 'b', properties: [['sessionExpiry', 10]] }));
    await turns();
    expect(world.stats.sessionExpiriesReduced).to.equal(2);
  });

  it('CONNECT packets that do not come', async () => {
    const world = new World({ limits: { connectTimeoutMs: 2000 } });
    const silent = world.open();
    for (let i = 0; i < 5; i++) world.clock.advance(1000);
    await turns();
    expect(silent.closed).to.equal(true);
    expect(world.stats.connectTimeouts).to.equal(1);
  });

  it('windows that are full', async () => {
    const world = new World({ limits: { maxInflight: 2 } });
    await world.subscribed({ clientId: 's' }, ['t', 1]);
    const publisher = await world.connected({ clientId: 'p' });
    await publisher.exchange(publish({ topic: 't', qos: 1, id: 1 }));
    expect(world.stats.inflightFull).to.equal(0);
    for (const id of [2, 3]) await publisher.exchange(publish({ topic: 't', qos: 1, id }));
    expect(world.stats.inflightFull).to.be.greaterThan(0);
  });
});
