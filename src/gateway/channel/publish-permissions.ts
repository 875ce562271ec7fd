import { Action, type Authorizer } from '../../auth/types.ts';
import { ReasonCode } from '../codec/reason-code.ts';
import { Refused, type RefusalLog, type RefusedClient } from '../refusal-log.ts';
import { PublishRefusal } from '../routing/publish-refusal.ts';
import type { TopicEntry } from '../routing/topic-table.ts';

/** Topic names that one connection is known to be allowed to publish to; more are asked again. */
const CAPACITY = 256;

/** What the authorizer lets one connection publish to, asked once for each topic. */
export class PublishPermissions {
  readonly #authorizer: Authorizer;
  readonly #refusals: RefusalLog;
  readonly #client: RefusedClient;
  readonly #onAsked: () => void;
  readonly #allowed = new Set<TopicEntry>();
  /** The topic that was refused last: told once, so that one client's messages do not take all lines of the log. */
  #told: TopicEntry | undefined;

  /** @param onAsked told before the authorizer is asked, which may be much work */
  constructor(
    authorizer: Authorizer,
    refusals: RefusalLog,
    client: RefusedClient,
    onAsked: () => void,
  ) {
    this.#authorizer = authorizer;
    this.#refusals = refusals;
    this.#client = client;
    this.#onAsked = onAsked;
  }

  /** @throws PublishRefusal when it may not publish there */
  require(entry: TopicEntry): void {
    if (this.#allowed.has(entry)) return;
    this.#onAsked();
    const { principal } = this.#client;
    if (!this.#authorizer.authorize(principal, Action.PUBLISH, entry.name)) {
      const reason = 'not authorized to publish';
      if (this.#told !== entry) {
        this.#told = entry;
        this.#refusals.report(Refused.PUBLISH, this.#client, reason, entry.name);
      }
      throw new PublishRefusal(ReasonCode.NOT_AUTHORIZED, reason);
    }
    if (this.#allowed.size >= CAPACITY) this.#allowed.clear();
    this.#allowed.add(entry);
  }
}
