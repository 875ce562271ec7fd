import { messageOf } from '../../common/errors.ts';
import type { Logger } from '../../common/logger.ts';
import { covers } from '../../common/topic/filter-relations.ts';
import type { FilterTable } from '../../lmq/spi/lmq-store.ts';
import type { KvConfig } from '../../namesrv/types.ts';
import { CLIENT_EVENTS, type ClientEvent } from '../events/client-event.ts';
import { EVENTS_LEVEL, isServerTopic } from './server-topic.ts';

/** Keys are the names of client events that somebody has subscribed, in any gateway; values mean nothing. */
export const LMQ_EVENTS_NAMESPACE = 'LMQ_EVENTS';
const SUBSCRIBED = 'subscribed';

/**
 * The client events that anybody has ever subscribed. In the KV config, so that all gateways know it at once,
 * also of a session that is away, and an operator can change it (ADR 421).
 */
export class EventInterest {
  readonly #kv: KvConfig;
  readonly #logger: Logger;
  readonly #wanted = new Set<string>();
  #unwatch: (() => void) | undefined;

  constructor(kv: KvConfig, logger: Logger) {
    this.#kv = kv;
    this.#logger = logger;
  }

  /** @param filters may have filters of sessions whose KV entry is lost */
  start(filters: FilterTable): void {
    for (const event of this.#kv.list(LMQ_EVENTS_NAMESPACE).keys()) this.#wanted.add(event);
    this.#unwatch ??= this.#kv.watch(LMQ_EVENTS_NAMESPACE, ({ key, value }) => {
      if (value === undefined) this.#wanted.delete(key);
      else this.#wanted.add(key);
    });
    for (const { filter, uses } of filters.listFilters()) if (uses > 0) void this.want(filter);
  }

  stop(): void {
    this.#unwatch?.();
    this.#unwatch = undefined;
  }

  has(event: ClientEvent): boolean {
    return this.#wanted.has(event);
  }

  /**
   * Somebody subscribes a valid filter. Undefined when that makes no difference; else the events that it
   * matches are wanted from now on, and the promise resolves when that will outlive this process.
   */
  want(filter: string): Promise<void> | undefined {
    if (!isServerTopic(filter)) return undefined;
    const fresh = CLIENT_EVENTS.filter(
      (event) => !this.#wanted.has(event) && covers(filter, `${EVENTS_LEVEL}/${event}`),
    );
    if (fresh.length === 0) return undefined;
    for (const event of fresh) this.#wanted.add(event);
    return Promise.all(fresh.map((event) => this.#save(event))).then(() => undefined);
  }

  async #save(event: ClientEvent): Promise<void> {
    try {
      await this.#kv.put(LMQ_EVENTS_NAMESPACE, event, SUBSCRIBED);
    } catch (error) {
      // This gateway publishes them all the same, until it ends.
      this.#logger.error(
        { event, error: messageOf(error) },
        'interest in a client event not saved',
      );
    }
  }
}
