import { covers, overlaps } from '../../common/topic/filter-relations.ts';
import { matches } from '../../common/topic/topic-filter.ts';
import { AclAccess, type AclRule } from './acl-rule.ts';

/** Topics whose answer is remembered; with more it begins anew. */
const REMEMBERED = 256;

/** What one client may do. A topic that no rule names is not allowed; `deny` wins over all others. */
export class PrincipalRules {
  readonly #denied: readonly string[];
  readonly #readable: readonly string[];
  readonly #writable: readonly string[];
  readonly #received = new Map<string, boolean>();

  constructor(rules: readonly AclRule[]) {
    const filtersOf = (...accesses: AclAccess[]): string[] =>
      rules.filter(({ access }) => accesses.includes(access)).map(({ filter }) => filter);
    this.#denied = filtersOf(AclAccess.DENY);
    this.#readable = filtersOf(AclAccess.READ, AclAccess.READWRITE);
    this.#writable = filtersOf(AclAccess.WRITE, AclAccess.READWRITE);
  }

  mayPublish(topic: string): boolean {
    return matchesAny(this.#writable, topic) && !matchesAny(this.#denied, topic);
  }

  /** Whether a message of that topic may be sent to the client. Remembered, since it is asked per message. */
  mayReceive(topic: string): boolean {
    let answer = this.#received.get(topic);
    if (answer === undefined) {
      answer = matchesAny(this.#readable, topic) && !matchesAny(this.#denied, topic);
      if (this.#received.size >= REMEMBERED) this.#received.clear();
      this.#received.set(topic, answer);
    }
    return answer;
  }

  /** Whether a shared subscription may: all of it, as its messages are not chosen by who receives them. */
  mayShare(filter: string): boolean {
    if (this.#denied.some((denied) => overlaps(denied, filter))) return false;
    return this.#readable.some((readable) => covers(readable, filter));
  }

  /** Whether a subscription may bring anything at all; what of it is sent is up to {@link mayReceive}. */
  maySubscribe(filter: string): boolean {
    if (this.#denied.some((denied) => covers(denied, filter))) return false;
    return this.#readable.some((readable) => overlaps(readable, filter));
  }
}

function matchesAny(filters: readonly string[], topic: string): boolean {
  return filters.some((filter) => matches(filter, topic));
}
