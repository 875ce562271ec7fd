import { AuthDecision, type Authenticator, type Credentials } from '../../auth/types.ts';
import type { HookFaults } from './hook-faults.ts';
import type { HooksWith } from './named-hook.ts';

const DECISIONS: ReadonlySet<unknown> = new Set(Object.values(AuthDecision));

/** Asks the hooks, in order, and the configured authenticator where they do not decide. */
export class HookedAuthenticator implements Authenticator {
  readonly #hooks: readonly HooksWith<'onAuthenticate'>[];
  readonly #configured: Authenticator;
  readonly #faults: HookFaults;

  constructor(
    hooks: readonly HooksWith<'onAuthenticate'>[],
    configured: Authenticator,
    faults: HookFaults,
  ) {
    this.#hooks = hooks;
    this.#configured = configured;
    this.#faults = faults;
  }

  /** Rejects when a hook fails: the client is answered server unavailable, as for any authenticator. */
  async authenticate(credentials: Credentials): Promise<AuthDecision> {
    for (const { name, hooks } of this.#hooks) {
      let decision: unknown;
      try {
        decision = await hooks.onAuthenticate(credentials);
      } catch (error) {
        this.#faults.report(name, 'onAuthenticate', error);
        throw error;
      }
      if (decision === undefined) continue;
      if (DECISIONS.has(decision)) return decision as AuthDecision;
      this.#faults.reportVerdict(name, 'onAuthenticate', decision);
      throw new TypeError(`onAuthenticate of ${name} returned what is no decision`);
    }
    return this.#configured.authenticate(credentials);
  }
}
