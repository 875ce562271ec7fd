import { expect } from 'chai';
import { PINGREQ } from '../../../../helpers/packets.ts';
import { auth5, publish5 } from '../../../../helpers/packets5.ts';
import { FakeClient5 } from '../../fake-client5.ts';
import { World } from '../../gateway-world.ts';
import {
  CountingAuthenticator,
  fields,
  next,
  again,
  type Scene,
  begun,
  told,
} from './counting-authenticator.ts';

/** A client that was let in by the method; its CONNACK is taken. */
async function admitted(rounds = 1): Promise<Scene> {
  const scene = await begun(rounds);
  for (let i = 0; i < rounds; i++) await scene.client.exchange(next('yes'));
  expect(scene.client.closed).to.equal(false);
  expect(scene.client.channel.session?.clientId).to.equal('c');
  scene.client.take();
  return scene;
}

describe('gateway: re-authentication', () => {
  it('ends with AUTH 0x00, the method and the last data; messages go on meanwhile [MQTT-4.12.1-1]', async () => {
    const { client, authenticator } = await admitted();
    await client.subscribe('a', 1);
    expect(told(await client.exchange(again('hello')))).to.deep.equal(['auth 0x18']);
    const packets = await client.exchange(publish5({ topic: 'a', qos: 1, id: 1 }), PINGREQ);
    expect(packets.map(({ type }) => type)).to.have.members(['puback', 'publish', 'pingresp']);
    expect(await client.exchange(next('yes'))).to.deep.equal([
      { type: 'auth', code: 0, properties: fields('welcome') },
    ]);
    expect(authenticator.begun).to.equal(2);
    expect(told(await client.exchange(again('hello'), PINGREQ))).to.have.members([
      'auth 0x18',
      'pingresp',
    ]);
  });

  it('does not hold messages back while the authenticator is at work', async () => {
    const { client, authenticator } = await admitted();
    const packets = await client.exchange(again('wait'), publish5({ topic: 'a', qos: 1, id: 1 }));
    expect(told(packets)).to.deep.equal(['puback 0x0']);
    authenticator.release();
    expect(told(await client.exchange())).to.deep.equal(['auth 0x18']);
  });

  const FAILING: readonly (readonly [string, readonly Buffer[], number])[] = [
    ['refused at once', [again('bad')], 0x87],
    ['refused later', [again('hello'), next('bad')], 0x87],
    ['another method [MQTT-4.12.1-1]', [again('hello', 'X-OTHER')], 0x82],
    ['0x18 that nobody asked for', [next('yes')], 0x82],
    ['0x19 twice', [again('hello'), again('hello')], 0x82],
    ['0x18 before the answer', [again('wait'), next('yes')], 0x82],
    ['without a method', [auth5(0x19, [])], 0x82],
    ['0x00 [MQTT-3.15.2-1]', [auth5(0x00, fields())], 0x82],
    ['an authenticator that fails', [again('throw')], 0x80],
    ['too much data', [again('x'.repeat(16 * 1024 + 1))], 0x95],
  ];
  for (const [what, packets, code] of FAILING) {
    it(`is answered with DISCONNECT 0x${code.toString(16)} and the close: ${what} [MQTT-4.12.1-2]`, async () => {
      const { client } = await admitted();
      let last: string | undefined;
      for (const packet of packets) last = told(await client.exchange(packet)).at(-1);
      expect(last).to.equal(`disconnect 0x${code.toString(16)}`);
      expect(client.closed).to.equal(true);
    });
  }

  it('does not make another user of the client', async () => {
    const { client, authenticator, world } = await admitted();
    authenticator.username = 'bob';
    await client.exchange(again('hello'));
    expect(told(await client.exchange(next('yes')))).to.deep.equal(['disconnect 0x87']);
    expect(world.stats.authFailures).to.equal(1);
  });

  it('publishes the will when it fails, as any such end does', async () => {
    const authenticator = new CountingAuthenticator(0);
    const world = new World({ enhancedAuthenticators: [authenticator] });
    const other = await new FakeClient5(world).connect({ clientId: 'other' });
    await other.subscribe('gone', 0);
    const client = await new FakeClient5(world).connect({
      will: { topic: 'gone', payload: 'x' },
      properties: fields('hello'),
    });
    await client.exchange(again('bad'));
    expect(await other.publishes()).to.have.length(1);
  });

  it('is not for a client whose CONNECT had no method [MQTT-4.12.0-6] [MQTT-4.12.0-7]', async () => {
    const world = new World({ enhancedAuthenticators: [new CountingAuthenticator(1)] });
    const client = await new FakeClient5(world).connect({});
    expect(client.connack.properties.map(([name]) => name)).to.not.include('authMethod');
    expect(told(await client.exchange(again('hello')))).to.deep.equal(['disconnect 0x82']);
  });
});
