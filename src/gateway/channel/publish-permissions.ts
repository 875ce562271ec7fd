import { Action, type Authorizer, type Principal } from '../../auth/types.ts';
import { ReasonCode } from '../codec/reason-code.ts';
import { PublishRefusal } from '../routing/publish-refusal.ts';
import type { TopicEntry } from '../routing/topic-table.ts';

/** Topic names that one connection is known to be allowed to publish to; more are asked again. */
const CAPACITY = 256;

/** What the authorizer lets one connection publish to, asked once for each topic. */
export class PublishPermissions {
  readonly #authorizer: Authorizer;
  readonly #principal: Principal;
  readonly #onAsked: () => void;
  readonly #allowed = new Set<TopicEntry>();

  /** @param onAsked told before the authorizer is asked, which may be much work */
  constructor(authorizer: Authorizer, principal: Principal, onAsked: () => void) {
    this.#authorizer = authorizer;
    this.#principal = principal;
    this.#onAsked = onAsked;
  }

  /** @throws PublishRefusal when it may not publish there */
  require(entry: TopicEntry): void {
    if (this.#allowed.has(entry)) return;
    this.#onAsked();
    if (!this.#authorizer.authorize(this.#principal, Action.PUBLISH, entry.name)) {
      throw new PublishRefusal(ReasonCode.NOT_AUTHORIZED, 'not authorized to publish');
    }
    if (this.#allowed.size >= CAPACITY) this.#allowed.clear();
    this.#allowed.add(entry);
  }
}
