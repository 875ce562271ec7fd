import { expect } from 'chai';
import sinon from 'sinon';
import { Action, AuthDecision } from '../../../../src/auth/types.ts';
import type {
  ConnectRequest,
  DisconnectCause,
  GatewayHooks,
} from '../../../../src/gateway/hooks/gateway-hooks.ts';
import type { HookClient } from '../../../../src/gateway/hooks/hook-client.ts';
import { refuse } from '../../../../src/gateway/hooks/verdict.ts';
import { contextOfListener } from '../../../../src/gateway/listener-context.ts';
import { connect, DISCONNECT, publish } from '../../../helpers/packets.ts';
import { disconnect5, publish5 } from '../../../helpers/packets5.ts';
import { FakeClient5, connected5 } from '../fake-client5.ts';
import { World } from '../gateway-world.ts';

/** CONNACK code of a CONNECT of 3.1.1, and of 5.0. */
async function connackCodes(world: World, clientId: string): Promise<readonly number[]> {
  const [connack] = await world.open().exchange(connect({ clientId, keepAlive: 0 }));
  const five = await new FakeClient5(world).connect({ clientId });
  return [connack?.type === 'connack' ? connack.code : -1, five.connack.code];
}

describe('gateway hooks: connections', () => {
  it('onConnect sees who connects and how, after authentication', async () => {
    const seen: [HookClient, ConnectRequest][] = [];
    const world = new World({
      hooks: [{ onConnect: (client, request) => void seen.push([client, request]) }],
    });
    await connected5(world, {
      clientId: 'c',
      username: 'u',
      keepAlive: 30,
      clean: false,
      will: { topic: 'w', payload: Buffer.from('gone'), qos: 1 },
      properties: [
        ['sessionExpiry', 77],
        ['user', ['a', 'b']],
      ],
    });
    expect(seen).to.have.length(1);
    const [client, request] = seen[0]!;
    expect(client).to.include({ clientId: 'c', username: 'u', version: 5 });
    expect(request).to.include({
      cleanStart: false,
      keepAliveSeconds: 30,
      sessionExpirySeconds: 77,
    });
    expect(request.will).to.include({ topic: 'w', qos: 1, retain: false });
    expect(request.userProperties).to.deep.equal([{ name: 'a', value: 'b' }]);
  });

  it('a refusal goes out in CONNACK, later hooks are not asked, no session is opened', async () => {
    const later = sinon.fake();
    const world = new World({
      hooks: [{ onConnect: () => Promise.resolve(refuse(0x8a, 'banned')) }, { onConnect: later }],
    });
    expect(await connackCodes(world, 'c')).to.deep.equal([5, 0x8a]);
    expect(later.callCount).to.equal(0);
    expect(world.stats.sessionsCurrent).to.equal(0);
  });

  it('an error is server unavailable', async () => {
    const world = new World({ hooks: [{ onConnect: () => Promise.reject(new Error('x')) }] });
    expect(await connackCodes(world, 'c')).to.deep.equal([3, 0x88]);
    expect(world.stats.hookErrors).to.equal(2);
  });

  it('a client that has gone while a hook was asked is let go', async () => {
    let answer: (() => void) | undefined;
    const connected = sinon.fake();
    const world = new World({
      hooks: [
        {
          onConnect: () =>
            new Promise<void>((resolve) => {
              answer = resolve;
            }),
          onConnected: connected,
        },
      ],
    });
    const client = world.open();
    await client.exchange(connect({ clientId: 'c', keepAlive: 0 }));
    await client.lose();
    answer!();
    await client.exchange();
    expect(connected.callCount).to.equal(0);
    expect(world.stats.sessionsCurrent).to.equal(0);
  });

  it('onConnected and onDisconnect come once each, with the same client, and say how it ended', async () => {
    const log: string[] = [];
    const clients = new Map<string, HookClient>();
    const told = ({ isByClient, reasonCode }: DisconnectCause): string =>
      `${isByClient ? 'client' : 'not the client'} ${reasonCode?.toString(16) ?? 'without'}`;
    const hook: GatewayHooks = {
      onConnected(client) {
        clients.set(client.clientId, client);
        log.push(`${client.clientId} connected`);
        throw new Error('nobody minds');
      },
      onDisconnect(client, cause) {
        log.push(`${client.clientId} ${told(cause)}`);
        expect(clients.get(client.clientId)).to.equal(client);
        throw new Error('nobody minds');
      },
    };
    const world = new World({ hooks: [hook, hook] });
    const a = await connected5(world, { clientId: 'a' });
    await a.exchange(disconnect5(4));
    const b = await world.connected({ clientId: 'b' });
    await b.exchange(DISCONNECT);
    const c = await connected5(world, { clientId: 'c' });
    await c.lose();
    const d = await connected5(world, { clientId: 'd' });
    await connected5(world, { clientId: 'd' });
    expect(d.closed).to.equal(true);
    const refused = world.open();
    await refused.exchange(publish({ topic: 'x' }));
    const once = log.filter((_, i) => i % 2 === 0);
    expect(log.filter((_, i) => i % 2 === 1)).to.deep.equal(once);
    expect(once).to.deep.equal([
      'a connected',
      'a client 4',
      'b connected',
      'b client 0',
      'c connected',
      'c not the client without',
      'd connected',
      'd not the client 8e',
      'd connected',
    ]);
    expect(world.stats.hookErrors).to.equal(log.length);
  });

  it('onAuthenticate decides, or passes on to the next hook and the authenticator', async () => {
    const decisions = new Map<string, AuthDecision>([
      ['in', AuthDecision.ALLOW],
      ['out', AuthDecision.NOT_AUTHORIZED],
    ]);
    const asked: string[] = [];
    const world = new World({
      hooks: [
        { onAuthenticate: ({ clientId }) => Promise.resolve(decisions.get(clientId)) },
        {
          onAuthenticate({ clientId }) {
            asked.push(clientId);
            if (clientId === 'throw') throw new Error('out of order');
          },
        },
      ],
      authenticator: {
        authenticate: ({ clientId }) =>
          clientId === 'known' ? AuthDecision.ALLOW : AuthDecision.BAD_CREDENTIALS,
      },
    });
    expect(await connackCodes(world, 'in')).to.deep.equal([0, 0]);
    expect(await connackCodes(world, 'out')).to.deep.equal([5, 0x87]);
    expect(await connackCodes(world, 'known')).to.deep.equal([0, 0]);
    expect(await connackCodes(world, 'nobody')).to.deep.equal([4, 0x86]);
    expect(await connackCodes(world, 'throw')).to.deep.equal([3, 0x88]);
    expect(new Set(asked)).to.deep.equal(new Set(['known', 'nobody', 'throw']));
    expect(world.stats.hookErrors).to.equal(2);
  });

  it('onAuthorize decides, or passes on to the next hook and the authorizer; an error is a no', async () => {
    const asked: string[] = [];
    const world = new World({
      hooks: [
        {
          onAuthorize(principal, action, topic) {
            asked.push(`${principal.clientId} ${action} ${topic}`);
            if (topic === 'throw') throw new Error('out of order');
            return topic === 'mine' ? true : topic === 'secret' ? false : undefined;
          },
        },
      ],
      authorizer: { authorize: (_principal, _action, topic) => topic === 'open' },
    });
    const client = await connected5(world, { clientId: 'c' });
    const codes: number[] = [];
    for (const topic of ['mine', 'secret', 'open', 'other', 'throw', 'mine']) {
      const [ack] = await client.exchange(publish5({ topic, qos: 1, id: 1 }));
      codes.push(ack?.type === 'puback' ? ack.code : -1);
    }
    expect(codes).to.deep.equal([0, 0x87, 0, 0x87, 0x87, 0]);
    expect(asked.filter((line) => line === `c ${Action.PUBLISH} mine`)).to.have.length(1);
    expect(await client.subscribe('secret', 1)).to.equal(0x87);
    expect(await client.subscribe('open', 1)).to.equal(1);
  });

  it('come before the authenticator and authorizer of a listener, too', async () => {
    const world = new World({
      hooks: [
        {
          onAuthenticate: ({ clientId }) => (clientId === 'in' ? AuthDecision.ALLOW : undefined),
          onAuthorize: (_principal, _action, topic) => (topic === 'mine' ? true : undefined),
        },
      ],
    });
    const { context } = world;
    const { authenticator, authorizer } = contextOfListener(context, context.limits, {
      authenticator: { authenticate: () => AuthDecision.BAD_CREDENTIALS },
      authorizer: { authorize: () => false },
    });
    const credentials = { username: undefined, password: undefined, remoteAddress: '' };
    const decide = (clientId: string): unknown =>
      authenticator.authenticate({ clientId, ...credentials });
    expect(await decide('in')).to.equal(AuthDecision.ALLOW);
    expect(await decide('out')).to.equal(AuthDecision.BAD_CREDENTIALS);
    const principal = { clientId: 'c', username: undefined };
    expect(authorizer?.authorize(principal, Action.PUBLISH, 'mine')).to.equal(true);
    expect(authorizer?.authorize(principal, Action.PUBLISH, 'other')).to.equal(false);
  });

  it('what the authorizer can do besides goes on', () => {
    const onChange = sinon.fake();
    const authorizer = {
      authorize: () => true,
      mayReceive: (_principal: unknown, topic: string) => topic !== 'secret',
      onChange,
    };
    const hooks = [{ onAuthorize: () => undefined }];
    const hooked = new World({ hooks, authorizer }).context.authorizer;
    expect(onChange.callCount).to.equal(1);
    const principal = { clientId: 'c', username: undefined };
    expect(hooked?.mayReceive?.(principal, 'secret')).to.equal(false);
    expect(hooked?.mayReceive?.(principal, 'open')).to.equal(true);
    const plain = new World({ hooks, authorizer: { authorize: () => true } }).context.authorizer;
    expect(plain?.mayReceive).to.equal(undefined);
    expect(plain?.onChange).to.equal(undefined);
  });

  it('all of them leave a gateway without such methods as it is', async () => {
    const world = new World({ hooks: [{ name: 'empty' }] });
    expect(world.context.hooks?.publish).to.equal(undefined);
    expect(world.context.hooks?.deliver).to.equal(undefined);
    expect(await connackCodes(world, 'c')).to.deep.equal([0, 0]);
    expect(new World().context.hooks).to.equal(undefined);
  });
});
