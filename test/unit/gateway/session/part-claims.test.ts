import { expect } from 'chai';
import type { Cluster } from '../../../../src/lmq/spi/cluster.ts';
import { onlyStore, type Stores } from '../../../../src/lmq/spi/stores.ts';
import { createMemoryStore } from '../../../../src/lmq/memory/memory-store.ts';
import { GatewayStats } from '../../../../src/gateway/gateway-stats.ts';
import { InflightWindow } from '../../../../src/gateway/session/inflight-window.ts';
import { PartClaims } from '../../../../src/gateway/session/part-claims.ts';
import { Session } from '../../../../src/gateway/session/session.ts';
import { SessionLanes } from '../../../../src/gateway/session/session-lanes.ts';
import { SessionTable } from '../../../../src/gateway/session/session-table.ts';
import { FakeClock } from '../fake-clock.ts';
import { turns } from '../fake-socket.ts';

const HOME = 1;
const LANES = 3;

/** Claims of one store, granted when the test says so. */
class LaneClaims {
  readonly held: Set<string> = new Set<string>();
  readonly asked: string[] = [];
  /** What claims wait for. */
  gate: Promise<void> = Promise.resolve();

  async claim(key: string): Promise<void> {
    this.asked.push(key);
    await this.gate;
    this.held.add(key);
  }

  async claimWith<Found>(key: string, read: () => Promise<Found>): Promise<Found> {
    await this.claim(key);
    return read();
  }

  release(key: string): void {
    this.held.delete(key);
  }
}

describe('PartClaims', () => {
  let claims: LaneClaims[];
  let stores: Stores;
  let table: SessionTable;
  let parts: PartClaims;
  let session: Session;

  beforeEach(() => {
    claims = Array.from({ length: LANES }, () => new LaneClaims());
    const store = createMemoryStore({ clock: new FakeClock() });
    const only = onlyStore(store);
    stores = {
      ...only,
      spread: { ...only.spread, lanes: LANES, homeOf: () => HOME },
      clusterOf: (lane) => claims[lane] as unknown as Cluster,
    };
    table = new SessionTable(new GatewayStats());
    parts = new PartClaims(stores, table);
    session = new Session('c', true, 0, new InflightWindow(10), 60);
    session.lanes = new SessionLanes(stores.spread, 'c');
  });

  function held(): string[][] {
    return claims.map(({ held: keys }) => [...keys]);
  }

  it('reads a store under its claim, and the home without one of its own', async () => {
    parts.begin('c');
    for (let lane = 0; lane < LANES; lane++) {
      const found = await parts.readWith('c', lane, () =>
        Promise.resolve(claims[lane]?.held.has('pc')),
      );
      expect(found).to.equal(lane !== HOME);
    }
  });

  it('takes those of a session in several stores, each once however often it is named', async () => {
    table.add(session);
    await parts.take(session, [0, 0, HOME]);
    expect(held()).to.deep.equal([['pc'], [], []]);
    expect(claims.map(({ asked }) => asked.length)).to.deep.equal([1, 0, 0]);
  });

  it('takes none of a session without lanes, nor where no other gateway is', async () => {
    session.lanes = undefined;
    await parts.take(session, [0, 2]);
    const alone = new PartClaims({ ...stores, clusterOf: () => undefined }, table);
    session.lanes = new SessionLanes(stores.spread, 'c');
    await alone.take(session, [0, 2]);
    expect(await alone.readWith('c', 0, () => Promise.resolve('read'))).to.equal('read');
    expect(held()).to.deep.equal([[], [], []]);
  });

  it('gives back what is granted when the session has ended', async () => {
    table.add(session);
    let grant: () => void = () => undefined;
    claims[0]!.gate = new Promise((resolve) => {
      grant = resolve;
    });
    const taking = parts.take(session, [0, 2]);
    await turns(1);
    table.remove('c');
    parts.release('c');
    grant();
    await taking;
    expect(held()).to.deep.equal([[], [], []]);
  });

  it('waits for all before it says that one has failed', async () => {
    table.add(session);
    claims[0]!.claim = () => Promise.reject(new Error('away'));
    const error = await parts.take(session, [0, 2]).catch((reason: unknown) => reason);
    expect(error).to.have.property('message', 'away');
    expect(held()).to.deep.equal([[], [], ['pc']]);
    parts.release('c');
    expect(held()).to.deep.equal([[], [], []]);
  });

  it('keeps a part that is in use, whoever asks, and gives one up that nobody is at work with', async () => {
    table.add(session);
    await parts.take(session, [0]);
    parts.releaseUnneeded('c', 0);
    expect(held()[0], 'in memory').to.deep.equal(['pc']);
    table.remove('c');
    parts.begin('c');
    parts.releaseUnneeded('c', 0);
    expect(held()[0], 'being opened').to.deep.equal(['pc']);
    parts.end('c');
    parts.releaseUnneeded('c', 0);
    expect(held()[0]).to.deep.equal([]);
  });
});
