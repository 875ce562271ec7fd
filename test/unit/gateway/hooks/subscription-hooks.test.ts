import { expect } from 'chai';
import type {
  GatewayHooks,
  SubscribeRequest,
} from '../../../../src/gateway/hooks/gateway-hooks.ts';
import { refuse } from '../../../../src/gateway/hooks/verdict.ts';
import { publish, subscribe, unsubscribe } from '../../../helpers/packets.ts';
import { subscribe5, unsubscribe5 } from '../../../helpers/packets5.ts';
import { connected5 } from '../fake-client5.ts';
import { World } from '../gateway-world.ts';

const byFilter: GatewayHooks = {
  async onSubscribe({ filter }) {
    await Promise.resolve();
    if (filter === 'no') return refuse(0x97);
    if (filter === 'odd') return refuse(0x8d);
    if (filter === 'throw') throw new Error('out of order');
    if (filter === 'lower') return 0;
    if (filter === 'higher') return 2;
    return undefined;
  },
};

describe('gateway hooks: subscriptions', () => {
  it('each filter is granted, lowered or refused on its own', async () => {
    const world = new World({ hooks: [byFilter] });
    const client = await connected5(world);
    const filters = ['yes', 'no', 'lower', 'higher', 'throw', 'odd'];
    const [suback] = await client.exchange(
      subscribe5(
        1,
        filters.map((filter) => [filter, 1]),
      ),
    );
    expect(suback).to.deep.include({ type: 'suback', codes: [1, 0x97, 0, 1, 0x83, 0x83] });
    const old = await world.connected({ clientId: 'old' });
    const [old3] = await old.exchange(
      subscribe(1, ...filters.map((filter) => [filter, 1] as const)),
    );
    expect(old3).to.deep.include({ type: 'suback', codes: [1, 0x80, 0, 1, 0x80, 0x80] });
    expect(world.stats.subscriptionsCurrent).to.equal(6);
    expect(world.stats.hookErrors).to.equal(2);
    const publisher = await world.connected({ clientId: 'p' });
    await publisher.exchange(
      publish({ topic: 'lower', qos: 1, id: 1, payload: 'x' }),
      publish({ topic: 'no', qos: 1, id: 2, payload: 'x' }),
    );
    expect((await old.publishes()).map(({ topic, qos }) => [topic, qos])).to.deep.equal([
      ['lower', 0],
    ]);
  });

  it('a hook sees the options, and the QoS as the hooks before it have lowered it', async () => {
    const seen: SubscribeRequest[] = [];
    const world = new World({
      hooks: [{ onSubscribe: () => 1 }, { onSubscribe: (request) => void seen.push(request) }],
    });
    const client = await connected5(world);
    const options = { noLocal: true, retainAsPublished: true, retainHandling: 2 } as const;
    await client.subscribe('a/#', 2, options, [['subscriptionId', 7]]).catch(() => undefined);
    expect(seen).to.deep.equal([{ filter: 'a/#', qos: 1, ...options, subscriptionId: 7 }]);
  });

  it('what is not valid or not authorized does not come to the hooks', async () => {
    const asked: string[] = [];
    const world = new World({
      hooks: [{ onSubscribe: ({ filter }) => void asked.push(filter) }],
      authorizer: { authorize: (_principal, _action, filter) => filter !== 'secret' },
    });
    const client = await connected5(world);
    const [suback] = await client.exchange(
      subscribe5(1, [
        ['a/#/b', 0],
        ['secret', 0],
        ['fine', 0],
      ]),
    );
    expect(suback).to.deep.include({ codes: [0x8f, 0x87, 0] });
    expect(asked).to.deep.equal(['fine']);
  });

  it('what is sent while a hook is asked comes after it, and a client that goes is let go', async () => {
    let answer: (() => void) | undefined;
    const world = new World({
      hooks: [
        {
          onSubscribe: () =>
            new Promise<void>((resolve) => {
              answer = resolve;
            }),
        },
      ],
    });
    const client = await world.connected();
    const early = await client.exchange(
      subscribe(1, ['t', 0]),
      publish({ topic: 't', payload: 'after' }),
    );
    expect(early).to.deep.equal([]);
    answer!();
    expect((await client.exchange()).map(({ type }) => type)).to.deep.equal(['suback', 'publish']);
    await client.exchange(subscribe(2, ['u', 0]));
    await client.lose();
    answer!();
    await client.exchange();
    expect(world.stats.subscriptionsCurrent).to.equal(0);
  });

  it('onUnsubscribe is told of what was subscribed; what it throws changes nothing', async () => {
    const told: string[] = [];
    const world = new World({
      hooks: [
        {
          onUnsubscribe(filter, client) {
            told.push(`${client.clientId} ${filter}`);
            throw new Error('nobody minds');
          },
        },
      ],
    });
    const five = await connected5(world, { clientId: 'five' });
    await five.subscribe('a', 1);
    const [unsuback] = await five.exchange(unsubscribe5(2, ['a', 'b']));
    expect(unsuback).to.deep.include({ type: 'unsuback', codes: [0, 0x11] });
    const old = await world.subscribed({ clientId: 'old' }, ['a', 0]);
    await old.exchange(unsubscribe(3, 'a'));
    expect(told).to.deep.equal(['five a', 'old a']);
    expect(world.stats.hookErrors).to.equal(2);
  });
});
