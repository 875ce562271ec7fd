import { AuthDecision, type Authenticator, type Credentials } from './types.ts';

/** Lets in clients whose certificate was verified and names them; the password does not matter then. */
export const certificateAuthenticator: Authenticator = {
  authenticate(credentials: Credentials): AuthDecision {
    return credentials.certificateCommonName === undefined
      ? AuthDecision.BAD_CREDENTIALS
      : AuthDecision.ALLOW;
  },
};
