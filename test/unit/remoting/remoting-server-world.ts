import { systemClock } from '../../../src/common/clock.ts';
import { silentLogger } from '../../../src/common/logger.ts';
import type { RemotingAnswer } from '../../../src/remoting/remoting-command.ts';
import {
  RemotingServer,
  type RemotingServerOptions,
} from '../../../src/remoting/remoting-server.ts';
import type { RequestProcessor } from '../../../src/remoting/request-dispatcher.ts';
import { RawRemotingPeer } from './raw-remoting-peer.ts';

/** Request code that `aCommand` has: answered with what the request has. */
const ECHO = 100;
/** Answered when `held` is called. */
export const HELD = 101;
/** Answered with 64 KiB. */
export const BIG = 102;

/** A server of Remoting on a free port of loopback, and its clients. */
export class RemotingServerWorld {
  /** `opaque` of the requests that have been processed. */
  readonly handled: number[] = [];
  readonly held: ((answer: RemotingAnswer) => void)[] = [];
  readonly processors: Map<number, RequestProcessor> = new Map<number, RequestProcessor>([
    [
      ECHO,
      ({ opaque, extFields }) => {
        this.handled.push(opaque);
        return { code: 0, extFields };
      },
    ],
    [
      HELD,
      ({ opaque }) => {
        this.handled.push(opaque);
        return new Promise((resolve) => this.held.push(resolve));
      },
    ],
    [BIG, () => ({ code: 0, body: Buffer.alloc(64 * 1024) })],
  ]);
  readonly #peers: RawRemotingPeer[] = [];
  #server: RemotingServer | undefined;

  get server(): RemotingServer {
    if (this.#server === undefined) throw new Error('not served yet');
    return this.#server;
  }

  async serve(
    limits: RemotingServerOptions['limits'] = {},
    ports: Partial<Pick<RemotingServerOptions, 'clock' | 'logger'>> = {},
  ): Promise<void> {
    this.#server = new RemotingServer({
      host: '127.0.0.1',
      port: 0,
      processors: this.processors,
      limits,
      clock: systemClock,
      logger: silentLogger,
      ...ports,
    });
    await this.#server.start();
  }

  async connect(): Promise<RawRemotingPeer> {
    const peer = await RawRemotingPeer.connect(this.server.port);
    this.#peers.push(peer);
    return peer;
  }

  async stop(): Promise<void> {
    for (const peer of this.#peers.splice(0)) peer.socket.destroy();
    await this.#server?.stop();
  }
}
