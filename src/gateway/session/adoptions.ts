import { isRetryable } from '../../common/errors.ts';

/** What adopting needs of the registry. */
export interface AdoptedSessions {
  /** Runs a task while the client has no session in memory, at any gateway; not at all when it has one. */
  whileAway(clientId: string, task: () => Promise<void>): Promise<void>;
  /**
   * The stored session is offline from now on.
   * @throws StoreError (rejection)
   */
  lostGateway(clientId: string): Promise<void>;
  /** Gives the claim up, when whatever is at work with the session has done and has not put it into memory. */
  releaseIfAway(clientId: string): void;
}

/**
 * Sessions of dead gateways that this one takes over, for nobody. One that is adopted in part stays claimed until that has been
 * tried again, or somebody asks for it: were it free, nobody would adopt the rest if this gateway died before.
 */
export class Adoptions {
  readonly #sessions: AdoptedSessions;
  /** Client ids of those that are adopted in part. */
  readonly #open = new Set<string>();

  constructor(sessions: AdoptedSessions) {
    this.#sessions = sessions;
  }

  /**
   * Its gateway is dead: offline from now on, unless somebody has it. This gateway owns the session until `adopted`, also
   * after an error that may pass, so that it is adopted if this one dies before; whoever asks for it gets it.
   * @throws what the task, or the store, does
   */
  adopt(clientId: string, task: () => Promise<void>): Promise<void> {
    return this.#sessions.whileAway(clientId, async () => {
      this.#open.add(clientId);
      try {
        await this.#sessions.lostGateway(clientId);
        await task();
      } catch (error) {
        if (!isRetryable(error)) this.#open.delete(clientId);
        throw error;
      }
    });
  }

  /** Nothing is left to do for a client that was adopted: free when whatever is at work with its session has done. */
  adopted(clientId: string): void {
    if (this.#open.delete(clientId)) this.#sessions.releaseIfAway(clientId);
  }

  /** Whether its session is claimed though nobody has it. */
  isOpen(clientId: string): boolean {
    return this.#open.has(clientId);
  }

  /** Its claim has been given up. */
  released(clientId: string): void {
    this.#open.delete(clientId);
  }
}
