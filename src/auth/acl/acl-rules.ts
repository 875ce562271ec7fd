import { Action, type Principal } from '../types.ts';
import type { AclRule, AclRuleSet } from './acl-rule.ts';
import { PrincipalRules } from './principal-rules.ts';

/** For clients that the patterns cannot name. */
const NOTHING_ALLOWED: readonly AclRule[] = [];
/** What would make another topic of a pattern than the one that was meant. */
const UNSUITABLE = /[/+#\0]/;

/** Who may do what, by an access control list. What no rule allows is refused. */
export class AclRules {
  readonly #set: AclRuleSet;
  /** A principal is one connection's: forgotten with it. */
  readonly #known = new WeakMap<Principal, PrincipalRules>();

  constructor(set: AclRuleSet) {
    this.#set = set;
  }

  authorize(principal: Principal, action: Action, topic: string, isShared = false): boolean {
    const rules = this.#of(principal);
    if (action === Action.PUBLISH) return rules.mayPublish(topic);
    return isShared ? rules.mayShare(topic) : rules.maySubscribe(topic);
  }

  mayReceive(principal: Principal, topic: string): boolean {
    return this.#of(principal).mayReceive(topic);
  }

  #of(principal: Principal): PrincipalRules {
    let rules = this.#known.get(principal);
    if (rules === undefined) {
      rules = new PrincipalRules(rulesFor(this.#set, principal));
      this.#known.set(principal, rules);
    }
    return rules;
  }
}

function rulesFor(set: AclRuleSet, principal: Principal): readonly AclRule[] {
  const { username, clientId } = principal;
  const names = new Map([
    ['%u', username],
    ['%c', clientId],
  ]);
  const own = username === undefined ? set.anonymous : (set.users.get(username) ?? []);
  const rules = [...own];
  for (const { access, filter } of set.patterns) {
    const levels = filter.split('/');
    const used = [...names].filter(([sign]) => levels.includes(sign)).map(([, name]) => name);
    // Not for clients without a user name.
    if (used.includes(undefined)) continue;
    // A `deny` that cannot be applied must not be forgotten.
    if (used.some((name) => name !== undefined && UNSUITABLE.test(name))) return NOTHING_ALLOWED;
    rules.push({ access, filter: levels.map((level) => names.get(level) ?? level).join('/') });
  }
  return rules;
}
