import type { Action, Authorizer, Principal } from '../../auth/types.ts';
import type { HookFaults } from './hook-faults.ts';
import type { HooksWith } from './named-hook.ts';

/** Asks the hooks, in order, and the configured authorizer, if there is one, where they do not decide. */
export class HookedAuthorizer implements Authorizer {
  readonly mayReceive?: NonNullable<Authorizer['mayReceive']>;
  readonly onChange?: NonNullable<Authorizer['onChange']>;
  readonly #hooks: readonly HooksWith<'onAuthorize'>[];
  readonly #configured: Authorizer | undefined;
  readonly #faults: HookFaults;

  constructor(
    hooks: readonly HooksWith<'onAuthorize'>[],
    configured: Authorizer | undefined,
    faults: HookFaults,
  ) {
    this.#hooks = hooks;
    this.#configured = configured;
    this.#faults = faults;
    // What the hooks have no say in stays the configured one's, and absent where it has none.
    const mayReceive = configured?.mayReceive?.bind(configured);
    if (mayReceive !== undefined) this.mayReceive = mayReceive;
    const onChange = configured?.onChange?.bind(configured);
    if (onChange !== undefined) this.onChange = onChange;
  }

  /** A hook that fails has said no. */
  authorize(principal: Principal, action: Action, topic: string, isShared?: boolean): boolean {
    for (const { name, hooks } of this.#hooks) {
      let verdict: unknown;
      try {
        verdict = hooks.onAuthorize(principal, action, topic);
      } catch (error) {
        this.#faults.report(name, 'onAuthorize', error);
        return false;
      }
      if (verdict === undefined) continue;
      if (typeof verdict === 'boolean') return verdict;
      this.#faults.reportVerdict(name, 'onAuthorize', verdict);
      return false;
    }
    return this.#configured?.authorize(principal, action, topic, isShared) ?? true;
  }
}
