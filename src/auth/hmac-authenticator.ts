import { equalsInConstantTime } from './constant-time.ts';
import { signature } from './signature.ts';
import { AuthDecision, type Authenticator, type Credentials } from './types.ts';

const NOTHING = Buffer.alloc(0);

/**
 * Lets in who knows the user name and the secret key: the password is the {@link signature} of the
 * client id. Both halves are always checked, so neither the answer nor its time tells which was wrong.
 */
export class HmacAuthenticator implements Authenticator {
  readonly #username: Buffer;
  readonly #secretKey: string;

  constructor(username: string, secretKey: string) {
    this.#username = Buffer.from(username, 'utf8');
    this.#secretKey = secretKey;
  }

  authenticate(credentials: Credentials): AuthDecision {
    const { clientId, username, password } = credentials;
    const presentedName = username === undefined ? NOTHING : Buffer.from(username, 'utf8');
    const expectedPassword = Buffer.from(signature(this.#secretKey, clientId), 'utf8');
    const nameMatches = equalsInConstantTime(presentedName, this.#username);
    const passwordMatches = equalsInConstantTime(password ?? NOTHING, expectedPassword);
    const isPresent = username !== undefined && password !== undefined;
    const matches = [nameMatches, passwordMatches, isPresent].every((part) => part);
    return matches ? AuthDecision.ALLOW : AuthDecision.BAD_CREDENTIALS;
  }
}
