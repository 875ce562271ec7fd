import { expect } from 'chai';
import { type Authenticator, type Authorizer, AuthDecision } from '../../../src/auth/types.ts';
import type { Logger } from '../../../src/common/logger.ts';
import { INTERVAL_MS, MAX_LINES } from '../../../src/common/line-share.ts';
import { Refused, RefusalLog } from '../../../src/gateway/refusal-log.ts';
import { connect, publish, subscribe } from '../../helpers/packets.ts';
import { connect5 } from '../../helpers/packets5.ts';
import { FakeClock } from './fake-clock.ts';
import { turns } from './fake-socket.ts';
import { World } from './gateway-world.ts';

type Line = Record<string, unknown>;

/** A logger whose lines of level info are kept; another level fails the test. */
function recorded(): { lines: Line[]; logger: Logger } {
  const lines: Line[] = [];
  const never = (_: object, message: string): void => {
    throw new Error(`logged: ${message}`);
  };
  const logger: Logger = {
    debug: () => undefined,
    info: (fields, message) => {
      lines.push({ ...fields, message });
    },
    warn: never,
    error: never,
    child: () => logger,
  };
  return { lines, logger };
}

const CLIENT = { principal: { clientId: 'c', username: 'ann' }, remoteAddress: '10.0.0.1' };

describe('gateway: RefusalLog', () => {
  let clock: FakeClock;
  let lines: Line[];
  let log: RefusalLog;

  beforeEach(() => {
    const record = recorded();
    ({ lines } = record);
    clock = new FakeClock();
    log = new RefusalLog(clock, record.logger);
  });

  it('tells a flood in a bounded number of lines, and how many it has left out', () => {
    for (let i = 0; i < 10_000; i++) log.report(Refused.CONNECT, CLIENT, 'wrong');
    expect(lines).to.have.length(MAX_LINES);
    clock.advance(INTERVAL_MS);
    expect(lines.slice(MAX_LINES)).to.deep.equal([
      {
        refused: 'connect',
        times: 10_000 - MAX_LINES,
        message: 'refused clients more often than is told',
      },
    ]);
    expect(clock.pendingTimers).to.equal(0);
  });

  it('says each one again after the interval, with a flood before it or without', () => {
    for (const count of [MAX_LINES, MAX_LINES + 1]) {
      for (let i = 0; i < count; i++) log.report(Refused.CONNECT, CLIENT, 'wrong');
      clock.advance(INTERVAL_MS);
      lines.length = 0;
      log.report(Refused.CONNECT, CLIENT, 'wrong');
      expect(lines).to.have.length(1);
      clock.advance(INTERVAL_MS);
    }
  });

  it('counts each kind by itself', () => {
    for (let i = 0; i <= MAX_LINES; i++) log.report(Refused.PUBLISH, CLIENT, 'no', 't');
    log.report(Refused.SUBSCRIBE, CLIENT, 'no', 't/#');
    expect(lines.at(-1)).to.deep.equal({
      refused: 'subscribe',
      clientId: 'c',
      username: 'ann',
      peer: '10.0.0.1',
      topic: 't/#',
      reason: 'no',
      message: 'refused a client',
    });
  });

  it('cuts what a client has chosen', () => {
    const long = 'x'.repeat(60_000);
    const client = { ...CLIENT, principal: { clientId: long, username: long } };
    log.report(Refused.PUBLISH, client, 'no', long);
    expect(JSON.stringify(lines[0]).length).to.be.below(600);
  });
});

describe('gateway: refusals in the log', () => {
  const authenticator: Authenticator = {
    authenticate: ({ username }) =>
      username === 'mallory' ? AuthDecision.BAD_CREDENTIALS : AuthDecision.ALLOW,
  };
  const authorizer: Authorizer = { authorize: (_, __, topic) => !topic.startsWith('secret') };
  let lines: Line[];
  let world: World;

  beforeEach(() => {
    const record = recorded();
    ({ lines } = record);
    world = new World({ authenticator, authorizer, logger: record.logger });
  });

  /** What was told, without the address. */
  function told(): string[] {
    return lines.map(
      ({ refused, clientId, username, topic, reason }) =>
        `${String(refused)} ${String(clientId)} ${String(username)} ${String(topic)}: ${String(reason)}`,
    );
  }

  it('a wrong password: who, from where, and not the password', async () => {
    const fields = { clientId: 'c', username: 'mallory', password: 'pass-word' };
    await world.open().exchange(connect(fields));
    world.open().socket.feed(connect5(fields));
    await turns();
    const line = 'connect c mallory undefined: wrong user name or password';
    expect(told()).to.deep.equal([line, line]);
    expect(lines[0]).to.have.property('peer').that.is.a('string').and.is.not.empty;
    expect(JSON.stringify(lines)).not.to.include('pass-word');
  });

  it('an authentication method that there is none of', async () => {
    const properties = [['authMethod', 'GUESS']] as const;
    world.open().socket.feed(connect5({ clientId: 'c', properties }));
    await turns();
    expect(told()).to.deep.equal([
      'connect c undefined undefined: the authentication method is not configured',
    ]);
  });

  it('a will, a SUBSCRIBE and a PUBLISH that are not allowed', async () => {
    const will = { topic: 'secret/will', payload: 'x', qos: 0, retain: false } as const;
    await world.open().exchange(connect({ clientId: 'w', will }));
    const client = await world.connected({ clientId: 'c', username: 'ann' });
    await client.exchange(subscribe(1, ['open', 0], ['secret/#', 0]));
    await client.exchange(publish({ topic: 'secret/x', payload: 'x', qos: 0 }));
    expect(told()).to.deep.equal([
      'connect w undefined secret/will: not authorized to publish the will',
      'subscribe c ann secret/#: not authorized to subscribe',
      'publish c ann secret/x: not authorized to publish',
    ]);
  });
});
