import { expect } from 'chai';
import { PINGREQ, subscribe } from '../../../../helpers/packets.ts';
import { auth5, connect5, disconnect5, publish5 } from '../../../../helpers/packets5.ts';
import type { Properties } from '../../../../helpers/properties5.ts';
import { turns } from '../../fake-socket.ts';
import { FakeClient5 } from '../../fake-client5.ts';
import { World } from '../../gateway-world.ts';
import {
  CountingAuthenticator,
  fields,
  next,
  again,
  begun,
  told,
} from './counting-authenticator.ts';

describe('gateway: enhanced authentication at CONNECT', () => {
  it('asks by AUTH 0x18 with the method as often as it has to, then accepts [MQTT-4.12.0-2] [MQTT-4.12.0-5]', async () => {
    const { client, world } = await begun(3);
    expect(client.take()).to.deep.equal([
      { type: 'auth', code: 0x18, properties: fields('round 1') },
    ]);
    expect(told(await client.exchange(next('yes')))).to.deep.equal(['auth 0x18']);
    expect(told(await client.exchange(next('yes')))).to.deep.equal(['auth 0x18']);
    const [connack, ...rest] = await client.exchange(next('yes'));
    expect(rest).to.deep.equal([]);
    expect(connack).to.include({ type: 'connack', code: 0, sessionPresent: false });
    expect((connack as { properties: Properties }).properties).to.deep.include.members([
      ...fields('welcome'),
    ]);
    expect(client.channel.principal).to.deep.equal({ clientId: 'c', username: 'alice' });
    expect(world.stats.authFailures).to.equal(0);
  });

  it('accepts at once where the method needs no more, and without data', async () => {
    const { client } = await begun(0);
    expect(told(client.take())).to.deep.equal(['connack 0x0']);
    expect(told(await client.exchange(PINGREQ))).to.deep.equal(['pingresp']);
  });

  it('refuses with CONNACK 0x87, at the beginning and later [MQTT-4.12.0-4]', async () => {
    const first = await begun(1, 'bad');
    expect(told(first.client.take())).to.deep.equal(['connack 0x87']);
    const second = await begun(1);
    second.client.take();
    expect(told(await second.client.exchange(next('bad')))).to.deep.equal(['connack 0x87']);
    for (const { client, world } of [first, second]) {
      expect(client.closed).to.equal(true);
      expect(world.stats.authFailures).to.equal(1);
      expect(world.context.sessions.size).to.equal(0);
    }
  });

  it('answers 0x8C for a method that is not configured, and does not ask the password either [MQTT-4.12.0-1]', async () => {
    const { world } = await begun(1);
    const client = await new FakeClient5(world).connect({ properties: fields('x', 'x-count') });
    expect(client.connack).to.include({ code: 0x8c });
    expect(client.closed).to.equal(true);
  });

  it('answers 0x88, and no detail, when the authenticator fails', async () => {
    const { client } = await begun(1, 'throw');
    const [connack] = client.take();
    expect(connack).to.include({ type: 'connack', code: 0x88 });
    expect(JSON.stringify(connack)).to.not.include('directory');
    expect(client.closed).to.equal(true);
  });

  const OUT_OF_ORDER: readonly (readonly [string, Buffer])[] = [
    ['PUBLISH', publish5({ topic: 'a' })],
    ['SUBSCRIBE', subscribe(1, ['a', 0])],
    ['PINGREQ', PINGREQ],
    ['another CONNECT', connect5({ clientId: 'c' })],
    ['AUTH with another method [MQTT-4.12.0-5]', next('yes', 'X-OTHER')],
    ['AUTH without a method', auth5(0x18, [])],
    ['AUTH 0x19 [MQTT-4.12.0-3]', again('yes')],
    ['AUTH 0x00 [MQTT-3.15.2-1]', auth5(0x00, fields('yes'))],
  ];
  for (const [what, packet] of OUT_OF_ORDER) {
    it(`takes ${what} instead of an answer for a protocol error [MQTT-3.1.2-30]`, async () => {
      const { client } = await begun(1);
      client.take();
      expect(told(await client.exchange(packet, next('yes')))).to.deep.equal(['connack 0x82']);
      expect(client.closed).to.equal(true);
    });
  }

  it('ends without an answer at the DISCONNECT of the client', async () => {
    const { client } = await begun(1);
    client.take();
    expect(await client.exchange(disconnect5())).to.deep.equal([]);
    expect(client.closed).to.equal(true);
  });

  it('handles what is pipelined behind the last word after CONNACK', async () => {
    const { client } = await begun(1);
    client.take();
    expect(told(await client.exchange(next('yes'), PINGREQ))).to.deep.equal([
      'connack 0x0',
      'pingresp',
    ]);
  });

  it('is within the time to CONNECT, all of it', async () => {
    const { client, world } = await begun(9);
    for (let i = 0; i < 12 && !client.closed; i++) {
      world.clock.advance(1000);
      await client.exchange(next('yes'));
      if (i === 7) expect(client.closed).to.equal(false);
    }
    expect(client.closed).to.equal(true);
    expect(client.channel.session).to.equal(undefined);
  }).timeout(10_000);

  it('has a limit on its rounds and on its data', async () => {
    const { client } = await begun(1000);
    let last: string[] = [];
    for (let i = 0; i < 20 && !client.closed; i++) last = told(await client.exchange(next('yes')));
    expect(last).to.deep.equal(['connack 0x87']);
    const large = await begun(1, 'x'.repeat(16 * 1024 + 1));
    expect(told(large.client.take())).to.deep.equal(['connack 0x95']);
    const later = await begun(1);
    later.client.take();
    const packets = await later.client.exchange(next('x'.repeat(16 * 1024 + 1)));
    expect(told(packets)).to.deep.equal(['connack 0x95']);
  });

  it('lets nobody in whose connection went while the authenticator was at work', async () => {
    const { client, world, authenticator } = await begun(0, 'wait');
    await client.lose();
    authenticator.release();
    await turns();
    expect(world.context.sessions.size).to.equal(0);
  });

  it('closes when AUTH is more than the client takes [MQTT5-3.1.2-24]', async () => {
    const { client } = await begun(1, 'hello', [['maximumPacketSize', 10]]);
    expect(told(client.take())).to.deep.equal(['connack 0x95']);
    expect(client.closed).to.equal(true);
  });

  it('does not exist for 3.1.1: AUTH closes the connection without an answer', async () => {
    const world = new World({ enhancedAuthenticators: [new CountingAuthenticator(1)] });
    const client = await world.connected();
    expect(await client.exchange(again('hello'))).to.deep.equal([]);
    expect(client.closed).to.equal(true);
  });
});
