import { AuthDecision, type Authenticator, type Credentials } from './types.ts';

/**
 * Lets in clients that present neither user name nor password, and refuses the others, so that a
 * mistyped password does not turn a client into an anonymous one.
 */
export const anonymousAuthenticator: Authenticator = {
  authenticate(credentials: Credentials): AuthDecision {
    const isAnonymous = credentials.username === undefined && credentials.password === undefined;
    return isAnonymous ? AuthDecision.ALLOW : AuthDecision.BAD_CREDENTIALS;
  },
};

/** Lets no one in: for a gateway that only knows clients with an authentication method. */
export const closedAuthenticator: Authenticator = {
  authenticate: () => AuthDecision.NOT_AUTHORIZED,
};

/** Lets everyone in, whatever they present: for a gateway that knows no credentials. */
export const openAuthenticator: Authenticator = {
  authenticate: () => AuthDecision.ALLOW,
};
