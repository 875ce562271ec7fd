import { AuthDecision, type Authenticator, type Credentials } from './types.ts';

/** Asks one authenticator after the other; the first that allows wins, else the last refusal stands. */
export class AuthenticatorChain implements Authenticator {
  readonly #authenticators: readonly Authenticator[];

  constructor(authenticators: readonly Authenticator[]) {
    this.#authenticators = authenticators;
  }

  async authenticate(credentials: Credentials): Promise<AuthDecision> {
    let decision: AuthDecision = AuthDecision.BAD_CREDENTIALS;
    for (const authenticator of this.#authenticators) {
      decision = await authenticator.authenticate(credentials);
      if (decision === AuthDecision.ALLOW) break;
    }
    return decision;
  }
}
