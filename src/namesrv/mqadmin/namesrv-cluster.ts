import type { Clock } from '../../common/clock.ts';
import { messageOf } from '../../common/errors.ts';
import { RemotingClient } from '../../remoting/remoting-client.ts';
import { RemotingUnavailableError } from '../../remoting/remoting-error.ts';
import type { NamesrvAddress } from './namesrv-address.ts';

/** One or more name servers failed; the message has a line for each. */
export class NamesrvFailure extends Error {
  constructor(reasons: readonly string[]) {
    super(reasons.join('\n'));
    this.name = 'NamesrvFailure';
  }
}

/** Name servers do not share their tables: writes go to each of them, reads to one. */
export class NamesrvCluster {
  readonly #addresses: readonly NamesrvAddress[];
  readonly #clock: Clock;

  constructor(addresses: readonly NamesrvAddress[], clock: Clock) {
    this.#addresses = addresses;
    this.#clock = clock;
  }

  /** Runs `write` on every name server, also after one has failed. @throws NamesrvFailure (rejection) */
  async onEvery(write: (remoting: RemotingClient) => Promise<void>): Promise<void> {
    const reasons: string[] = [];
    for (const address of this.#addresses) {
      try {
        await this.#on(address, write);
      } catch (error) {
        reasons.push(`name server ${address.text}: ${messageOf(error)}`);
      }
    }
    if (reasons.length > 0) throw new NamesrvFailure(reasons);
  }

  /** Runs `read` on the first name server that can be reached. @throws NamesrvFailure (rejection) */
  async onOne<T>(read: (remoting: RemotingClient) => Promise<T>): Promise<T> {
    const reasons: string[] = [];
    for (const address of this.#addresses) {
      try {
        return await this.#on(address, read);
      } catch (error) {
        reasons.push(`name server ${address.text}: ${messageOf(error)}`);
        if (!(error instanceof RemotingUnavailableError)) break;
      }
    }
    throw new NamesrvFailure(reasons);
  }

  async #on<T>(
    { host, port }: NamesrvAddress,
    use: (remoting: RemotingClient) => Promise<T>,
  ): Promise<T> {
    const remoting = new RemotingClient({ host, port, clock: this.#clock });
    try {
      return await use(remoting);
    } finally {
      await remoting.close();
    }
  }
}
