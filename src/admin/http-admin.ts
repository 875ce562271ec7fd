import type { Clock } from '../common/clock.ts';
import type { EventLoopStalls } from '../common/event-loop-stalls.ts';
import type { Service } from '../common/lifecycle.ts';
import type { Logger } from '../common/logger.ts';
import type { Exposition } from './exposition.ts';
import { type HttpLimits, HttpServer } from './http-server.ts';
import type { Readiness } from './readiness.ts';
import { routesOf } from './routes.ts';

export interface HttpAdminOptions {
  readonly host: string;
  /** 0 takes a free one; 9090 in Apache RocketMQ MQTT. */
  readonly port: number;
  /** Also metrics of the process and of Node.js. */
  readonly exportProcessInfo: boolean;
  readonly limits?: Partial<HttpLimits>;
  readonly logger: Logger;
  readonly clock: Clock;
}

export interface Admin extends Service {
  /** The port listened on. */
  readonly port: number;
}

/** Health and metrics of a process over HTTP, with the stalls of its event loop. */
export class HttpAdmin implements Admin {
  readonly #options: HttpAdminOptions;
  readonly #server: HttpServer;
  readonly #stalls: EventLoopStalls;

  constructor(
    options: HttpAdminOptions,
    exposition: Pick<Exposition, 'contentType' | 'render'>,
    readiness: Pick<Readiness, 'problems'>,
    stalls: EventLoopStalls,
  ) {
    const { host, port, limits = {}, clock, logger } = options;
    this.#options = options;
    this.#stalls = stalls;
    const routes = routesOf(exposition, readiness);
    this.#server = new HttpServer({ host, port, routes, limits, clock, logger });
  }

  get port(): number {
    return this.#server.port;
  }

  /** Rejects with ListenError for an address that cannot be bound. */
  async start(): Promise<void> {
    await this.#server.start();
    await this.#stalls.start();
    const { host, logger } = this.#options;
    logger.info({ host, port: this.port }, 'metrics over HTTP');
  }

  async stop(): Promise<void> {
    await this.#server.stop();
    await this.#stalls.stop();
  }
}
