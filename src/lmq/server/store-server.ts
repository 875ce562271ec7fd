import type { Service } from '../../common/lifecycle.ts';
import type { NodeFrame, StoreFrame, StoreMethods } from '../../rpc/messages/store-v1.ts';
import { loadService } from '../../rpc/proto.ts';
import { RpcServer, type ServerDuplexStream } from '../../rpc/rpc-server.ts';
import { GrpcLink } from './grpc-link.ts';
import { NodeStream } from './node-stream.ts';
import { addStoreAdmin } from './store-admin.ts';
import { addStoreBackup } from './store-backup.ts';
import { StoreCore } from './store-core.ts';
import {
  DEFAULT_STORE_SERVER_LIMITS,
  type StoreServerLimits,
  type StoreServerOptions,
} from './store-server-options.ts';
import type { StoreServerStats } from './store-server-stats.ts';

/** A record may be as large as an MQTT packet, 256 MiB, and has company in its frame. */
const MAX_MESSAGE_BYTES = 304 << 20;
/** Bytes under way unread: several frames, so that neither side waits for the other's event loop. */
const WINDOW_BYTES = 8 << 20;
const DRAIN_TIMEOUT_MS = 1_000;

/** Serves a store to the gateway nodes (ADR 401). */
export interface StoreServer extends Service {
  /** `host:port` that it listens on; the configured one while stopped. */
  readonly address: string;
  readonly port: number;
  readonly stats: StoreServerStats;
}

class GrpcStoreServer implements StoreServer {
  readonly #options: StoreServerOptions & StoreServerLimits;
  readonly #core: StoreCore;
  readonly #rpc: RpcServer;

  constructor(options: StoreServerOptions) {
    const complete = { ...DEFAULT_STORE_SERVER_LIMITS, ...options };
    this.#options = complete;
    this.#core = new StoreCore(complete);
    this.#rpc = new RpcServer({
      host: options.host,
      port: options.port,
      credentials: options.credentials,
      clock: options.clock,
      logger: options.logger,
      maxMessageBytes: MAX_MESSAGE_BYTES,
      windowBytes: WINDOW_BYTES,
      drainTimeoutMs: DRAIN_TIMEOUT_MS,
    });
    this.#rpc.addService(loadService<StoreMethods>('lmqtt.store.v1.Store'), {
      attach: (call) => {
        this.#serve(call);
      },
    });
    addStoreAdmin(this.#rpc, options.store, this.#core.parts);
    addStoreBackup(this.#rpc, options.store, options.backupDirectory, options.logger);
  }

  get port(): number {
    return this.#rpc.port;
  }

  get address(): string {
    const { host: name } = this.#options;
    const host = name.includes(':') ? `[${name}]` : name;
    return `${host}:${String(this.port)}`;
  }

  get stats(): StoreServerStats {
    return { ...this.#core.stats, callsRefused: this.#rpc.callsRefused };
  }

  async start(): Promise<void> {
    await this.#core.start();
    try {
      await this.#rpc.start();
    } catch (error) {
      await this.#core.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.#core.stop();
    await this.#rpc.stop();
  }

  #serve(call: ServerDuplexStream<NodeFrame, StoreFrame>): void {
    const link = new GrpcLink(call, this.#options);
    const stream = new NodeStream(this.#core, link);
    const { clock, leaseMs } = this.#options;
    const hello = clock.after(leaseMs, () => {
      stream.expectHello();
    });
    link.onDrained = () => {
      stream.drained();
    };
    call.on('data', (frame: NodeFrame) => {
      stream.receive(frame);
    });
    call.on('end', () => {
      stream.over();
      link.end();
    });
    for (const event of ['cancelled', 'error', 'close']) {
      call.on(event, () => {
        hello.cancel();
        stream.over();
      });
    }
  }
}

/** The server of a store that is started; `start` restores what it knows of its nodes and listens. */
export function createStoreServer(options: StoreServerOptions): StoreServer {
  return new GrpcStoreServer(options);
}
