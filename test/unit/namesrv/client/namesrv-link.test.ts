import { expect } from 'chai';
import { silentLogger, type Logger } from '../../../../src/common/logger.ts';
import type {
  NamesrvConnection,
  WatchListener,
} from '../../../../src/namesrv/client/namesrv-connection.ts';
import { NamesrvLink } from '../../../../src/namesrv/client/namesrv-link.ts';
import { RpcError, RpcStatus } from '../../../../src/rpc/rpc-status.ts';
import { ManualClock } from '../../lmq/manual-clock.ts';

const REFUSED = new RpcError(RpcStatus.UNAUTHENTICATED, 'ns1:9877: the token is missing or wrong');

describe('NamesrvLink', () => {
  let lines: string[];
  let clock: ManualClock;
  let watch: WatchListener;
  let link: NamesrvLink;

  beforeEach(() => {
    lines = [];
    clock = new ManualClock();
    const log =
      (level: string): Logger['info'] =>
      (_fields, message) =>
        lines.push(`${level} ${message}`);
    const connection = {
      address: 'ns1:9877',
      watch: (_name: string, listener: WatchListener) => {
        watch = listener;
        return () => undefined;
      },
      close: () => undefined,
    } as unknown as NamesrvConnection;
    link = new NamesrvLink({
      connection,
      name: 'g1',
      entries: () => undefined,
      changed: () => undefined,
      up: () => undefined,
      clock,
      logger: { ...silentLogger, info: log('info'), warn: log('warn') },
    });
    link.start();
  });
  afterEach(() => {
    link.stop();
  });

  function fail(error: Error): void {
    const before = watch;
    watch.end(error);
    clock.advance(10_000);
    expect(watch, 'another attempt').not.to.equal(before);
  }

  it('says once, as a warning, that the name server refuses the node', () => {
    for (let i = 0; i < 3; i++) fail(REFUSED);
    expect(lines).to.deep.equal(['warn name server refuses this node']);
  });

  it('forgets the oldest of very many deleted keys, and no other ones', () => {
    const version = (timeMs: number) => ({ timeMs, writer: 'g1' });
    const show = (key: string, value: string | undefined, timeMs: number) => {
      watch.entries([{ namespace: 'n', key, value, version: version(timeMs) }]);
    };
    const lacks = (key: string, timeMs: number) =>
      link.lacks({ namespace: 'n', key, value: undefined, version: version(timeMs) });
    show('kept', 'x', 1);
    for (let i = 0; i < 60_000; i++) {
      show(`key${String(i)}`, 'x', i);
      show(`key${String(i)}`, undefined, i + 1);
    }
    show('back', undefined, 1);
    show('back', 'x', 2);
    expect(link.knownKeys).to.be.within(50_000, 50_002);
    expect([lacks('kept', 1), lacks('back', 2), lacks('key59999', 60_000)]).to.deep.equal([
      false,
      false,
      false,
    ]);
    expect(lacks('key0', 1)).to.equal(true);
  });

  it('says it again when something else has been the matter between, or it was let in', () => {
    fail(REFUSED);
    fail(new RpcError(RpcStatus.UNAVAILABLE, 'connect ECONNREFUSED (12:00:01)'));
    fail(new RpcError(RpcStatus.UNAVAILABLE, 'connect ECONNREFUSED (12:00:02)'));
    fail(REFUSED);
    watch.snapshotEnd();
    fail(new Error('gone'));
    fail(REFUSED);
    expect(lines).to.deep.equal([
      'warn name server refuses this node',
      'info name server not reached',
      'warn name server refuses this node',
      'info name server connected',
      'warn name server lost',
      'warn name server refuses this node',
    ]);
  });
});
