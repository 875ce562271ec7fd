import type { Clock } from '../../common/clock.ts';
import { isRetryable, messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/logger.ts';
import { ClaimKind, claimKind, claimName, type Cluster } from '../../lmq/spi/cluster.ts';
import type { SessionRegistry } from '../session/session-registry.ts';
import type { Lane } from '../../lmq/spi/lane.ts';
import type { ShareLanes } from '../share/share-lanes.ts';
import type { Wills } from '../will/wills.ts';
import { FailedAdoptions } from './failed-adoptions.ts';

export interface ClaimKeeperParts {
  /** The other gateways on one store. */
  readonly cluster: Cluster;
  readonly sessions: SessionRegistry;
  readonly wills: Wills;
  /** Of that store. */
  readonly lane: Lane;
  readonly shares: ShareLanes;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Gives up what other gateways ask for, because the client has connected there [MQTT-3.1.4-2], and sees to
 * what dead gateways leave behind: their clients are offline from now on, and the wills of these due.
 */
export class ClaimKeeper {
  readonly #parts: ClaimKeeperParts;
  readonly #failed: FailedAdoptions;

  constructor(parts: ClaimKeeperParts) {
    this.#parts = parts;
    this.#failed = new FailedAdoptions(parts.clock, (key) => this.#adopt(key, true));
  }

  start(): void {
    this.#parts.cluster.onRevoked((key) => {
      this.#giveUp(key);
    });
  }

  /** The shared groups of the store are known: a group whose users are not would end with what is adopted. */
  groupsKnown(): void {
    this.#parts.cluster.onOrphans(async (keys) => {
      await this.#failed.room();
      await Promise.all(keys.map((key) => this.#adopt(key, false)));
    });
  }

  #giveUp(key: string): void {
    const { cluster, lane, sessions, wills, shares, logger } = this.#parts;
    const name = claimName(key);
    switch (claimKind(key)) {
      case ClaimKind.SESSION:
        sessions
          .handOver(name, ({ expirySeconds }) => {
            wills.endOpen(name, expirySeconds);
          })
          .catch((error: unknown) => {
            logger.error({ name, error: messageOf(error) }, 'giving a session up failed');
          });
        return;
      case ClaimKind.PART:
        sessions.parts.releaseUnneeded(name, lane);
        return;
      case ClaimKind.WILL:
        wills.handOver(name);
        return;
      case ClaimKind.FAR_WILL:
        wills.giveUpFar(name, lane);
        return;
      case ClaimKind.GROUP:
        shares.at(lane).cluster?.giveUp(name);
        return;
      default:
        cluster.release(key);
    }
  }

  /**
   * Also what has come too late for whoever asked for it: it is this gateway's already, and may be in use by now, since
   * whoever asks again is told so at once.
   */
  async #adopt(key: string, isAgain: boolean): Promise<void> {
    const { cluster, lane, sessions, wills, shares } = this.#parts;
    const name = claimName(key);
    try {
      switch (claimKind(key)) {
        case ClaimKind.PART:
          sessions.parts.releaseUnneeded(name, lane);
          return;
        case ClaimKind.SESSION:
          await this.#adoptSession(name, isAgain);
          return;
        case ClaimKind.WILL:
          if (!(await wills.adopt(name))) await this.#adoptSession(name, isAgain);
          return;
        case ClaimKind.MEMBERSHIP:
          await shares.at(lane).cluster?.adopt(name);
          return;
        case ClaimKind.FAR_WILL:
          wills.giveUpUnneeded(name, lane);
          return;
        case ClaimKind.GROUP:
          await shares.at(lane).cluster?.giveUpUnneeded(name);
          return;
        default:
          // A duty: two gateways may do it for a while, it is asked for again each time.
          cluster.release(key);
      }
    } catch (error) {
      this.#notAdopted(key, error, isAgain);
    }
  }

  /** What cannot be tried again stays as it is until its client comes back. */
  #notAdopted(key: string, error: unknown, isAgain: boolean): void {
    const { logger } = this.#parts;
    const context = { name: claimName(key), error: messageOf(error) };
    if (!isRetryable(error)) {
      logger.error(context, 'taking over from a dead gateway failed');
      return;
    }
    this.#failed.add(key);
    if (!isAgain) logger.warn(context, 'taking over from a dead gateway failed, again each second');
  }

  async #adoptSession(clientId: string, isAgain: boolean): Promise<void> {
    const { sessions, wills, shares } = this.#parts;
    await sessions.adoptions.adopt(clientId, () => wills.adoptOpen(clientId));
    try {
      // Its client does not wait for that, should it come back.
      await shares.fetchFrom(clientId, isAgain);
    } catch (error) {
      if (!isRetryable(error)) sessions.adoptions.adopted(clientId);
      throw error;
    }
    sessions.adoptions.adopted(clientId);
  }
}
