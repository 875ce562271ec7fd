import { expect } from 'chai';
import sinon from 'sinon';
import { AuthDecision } from '../../../../src/auth/types.ts';
import { connect, publish } from '../../../helpers/packets.ts';
import { turns } from '../fake-socket.ts';
import { World } from '../gateway-world.ts';

const HELLO = connect({ clientId: 'c', keepAlive: 0 });

describe('gateway: Channel, CONNECT', () => {
  it('refuses with the return code of the reason [MQTT-3.2.2-4] [MQTT-3.2.2-5]', async () => {
    for (const [decision, code] of [
      [AuthDecision.BAD_CREDENTIALS, 4],
      [AuthDecision.NOT_AUTHORIZED, 5],
    ] as const) {
      const world = new World({ authenticator: { authenticate: () => decision } });
      const client = world.open();
      const packets = await client.exchange(HELLO, publish({ topic: 't' }));
      expect(packets).to.deep.equal([{ type: 'connack', sessionPresent: false, code }]);
      expect(client.closed).to.equal(true);
      expect(world.stats.authFailures).to.equal(1);
      expect(world.stats.messagesReceived).to.equal(0);
    }
  });

  it('answers 3 when the authenticator fails', async () => {
    const authenticator = { authenticate: () => Promise.reject(new Error('down')) };
    const client = new World({ authenticator }).open();
    expect(await client.exchange(HELLO)).to.deep.include({
      type: 'connack',
      sessionPresent: false,
      code: 3,
    });
    expect(client.closed).to.equal(true);
  });

  it('answers 1 for another version and 2 for an identifier that it does not take', async () => {
    const world = new World({ limits: { maxClientIdLength: 5 } });
    for (const [fields, code] of [
      [{ clientId: 'c', level: 9 }, 1],
      [{ clientId: 'toolong' }, 2],
      [{ clientId: '', clean: false }, 2],
    ] as const) {
      const client = world.open();
      const [connack] = await client.exchange(connect(fields));
      expect(connack).to.deep.equal({ type: 'connack', sessionPresent: false, code });
      expect(client.closed).to.equal(true);
    }
  });

  it('makes up an identifier for a clean session without one [MQTT-3.1.3-6]', async () => {
    const world = new World();
    const one = await world.connected({ clientId: '' });
    const two = await world.connected({ clientId: '' });
    expect([one.closed, two.closed]).to.deep.equal([false, false]);
    expect(world.context.sessions.size).to.equal(2);
  });

  it('leaves nothing behind when the peer goes while the authenticator is at work', async () => {
    let allow: (decision: AuthDecision) => void = () => undefined;
    const authenticator = {
      authenticate: () => new Promise<AuthDecision>((resolve) => (allow = resolve)),
    };
    const world = new World({ authenticator });
    const client = world.open();
    await client.exchange(HELLO);
    await client.lose();
    allow(AuthDecision.ALLOW);
    await turns();
    expect(world.context.sessions.size).to.equal(0);
    expect(world.stats.connectionsCurrent).to.equal(0);
  });

  it('leaves nothing behind when the peer goes while its session is being opened', async () => {
    const world = new World();
    const client = world.open();
    const { sessions } = world.context;
    const open = sessions.open.bind(sessions);
    sinon.stub(sessions, 'open').callsFake(async (...parameters) => {
      const opened = await open(...parameters);
      client.socket.destroy();
      await turns(2);
      return opened;
    });
    await client.exchange(connect({ clientId: 'c', clean: false }));
    expect(sessions.size).to.equal(0);
    expect(sessions.busy).to.equal(0);
    expect(world.store.stats.openQueues).to.equal(0);
  });
});
