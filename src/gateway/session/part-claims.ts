import { allOf } from '../../common/all-of.ts';
import { ClaimKind, claimKey } from '../../lmq/spi/cluster.ts';
import type { Lane } from '../../lmq/spi/lane.ts';
import type { Stores } from '../../lmq/spi/stores.ts';
import type { Session } from './session.ts';
import type { SessionTable } from './session-table.ts';

/**
 * Claims of sessions in stores other than their home: each is taken after the home's, and before that store is read for the
 * session or anything of it is written there. So the store has done with what a former owner has sent before, or refuses
 * it (docs/adr/0611). Without other gateways, or with one store, nothing is claimed.
 */
export class PartClaims {
  readonly #stores: Stores;
  readonly #table: SessionTable;
  /** Clients whose home this gateway has the claim of, while something is done with their session. */
  readonly #busy = new Set<string>();

  constructor(stores: Stores, table: SessionTable) {
    this.#stores = stores;
    this.#table = table;
  }

  /** This gateway has the claim at the client's home: from now until `end`, parts are kept though no session is in memory. */
  begin(clientId: string): void {
    this.#busy.add(clientId);
  }

  end(clientId: string): void {
    this.#busy.delete(clientId);
  }

  /**
   * Claims the part of a lane, and what `read` finds under it: in one turn where nobody else has it. To be called between
   * `begin` and `end`.
   * @param read of that lane; called twice when the part has to be waited for
   */
  readWith<Found>(clientId: string, lane: Lane, read: () => Promise<Found>): Promise<Found> {
    const cluster = this.#besideHome(clientId, lane);
    return cluster === undefined ? read() : cluster.claimWith(partClaim(clientId), read);
  }

  /**
   * Before a session in memory has something in these lanes. What it has claimed before costs nothing.
   * @throws StoreError (rejection) when a store cannot be reached, or the former owner is not dead there in time
   */
  async take({ clientId, lanes: several }: Session, lanes: Iterable<Lane>): Promise<void> {
    if (several === undefined) return;
    await allOf(
      Array.from(new Set(lanes), async (lane) => {
        await this.#besideHome(clientId, lane)?.claim(partClaim(clientId));
        // The session may have ended meanwhile.
        this.releaseUnneeded(clientId, lane);
      }),
    );
  }

  /** Gives all parts up in the open commits: behind what has been written of the session. */
  release(clientId: string): void {
    const { lanes } = this.#stores.spread;
    for (let lane = 0; lane < lanes; lane++) {
      this.#besideHome(clientId, lane)?.release(partClaim(clientId));
    }
  }

  /**
   * Gives a part up that nobody here is at work with. One in use is kept, whoever asks for it: either that is not at work with
   * it any more, or this gateway counts as dead at the client's home, and closes the connection for that (docs/adr/0541).
   */
  releaseUnneeded(clientId: string, lane: Lane): void {
    if (this.#busy.has(clientId) || this.#table.get(clientId) !== undefined) return;
    this.#besideHome(clientId, lane)?.release(partClaim(clientId));
  }

  #besideHome(clientId: string, lane: Lane): ReturnType<Stores['clusterOf']> {
    const { spread } = this.#stores;
    return lane === spread.homeOf(clientId) ? undefined : this.#stores.clusterOf(lane);
  }
}

function partClaim(clientId: string): string {
  return claimKey(ClaimKind.PART, clientId);
}
