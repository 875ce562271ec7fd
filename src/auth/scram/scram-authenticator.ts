import { randomBytes, timingSafeEqual } from 'node:crypto';
import { isUtf8 } from 'node:buffer';
import {
  type AuthenticationExchange,
  AuthenticationOutcome,
  type AuthenticationStep,
  type EnhancedAuthenticator,
} from '../types.ts';
import { saslprep } from './saslprep.ts';
import { type ClientFirst, parseClientFinal, parseClientFirst } from './scram-messages.ts';
import { hmac, KEY_BYTES, type ScramVerifier, sha256 } from './scram-verifier.ts';

/** Where the users are. */
export interface ScramUserTable {
  /** The user's verifier, or one that nobody knows the password of: whoever asks cannot tell. */
  verifierOf(username: string): ScramVerifier;
}

const NONCE_BYTES = 24;
const FAILURE: AuthenticationStep = { outcome: AuthenticationOutcome.FAILURE };

/**
 * SCRAM-SHA-256 (RFC 5802, RFC 7677): the password never crosses the wire, and the client learns too that
 * the server knows it. Without channel binding. The user name is that of SCRAM; acting as someone else
 * (authzid) is refused, as is everything ill-formed, in the same way as a wrong password.
 */
export class ScramAuthenticator implements EnhancedAuthenticator {
  readonly method = 'SCRAM-SHA-256';
  readonly #users: ScramUserTable;
  readonly #makeNonce: () => string;

  constructor(
    users: ScramUserTable,
    makeNonce: () => string = () => randomBytes(NONCE_BYTES).toString('base64'),
  ) {
    this.#users = users;
    this.#makeNonce = makeNonce;
  }

  begin(): AuthenticationExchange {
    return new ScramExchange(this.#users, this.#makeNonce());
  }
}

class ScramExchange implements AuthenticationExchange {
  readonly #users: ScramUserTable;
  readonly #serverNonce: string;
  #challenge: Challenge | undefined;
  #greeted = false;

  constructor(users: ScramUserTable, serverNonce: string) {
    this.#users = users;
    this.#serverNonce = serverNonce;
  }

  next(data: Buffer | undefined): AuthenticationStep {
    // A method may let the server speak first: a client without data in CONNECT is asked for it.
    if (data === undefined && !this.#greeted) {
      this.#greeted = true;
      return { outcome: AuthenticationOutcome.CONTINUE };
    }
    this.#greeted = true;
    if (data === undefined || !isUtf8(data)) return FAILURE;
    const message = data.toString('utf8');
    return this.#challenge === undefined ? this.#first(message) : this.#final(message);
  }

  #first(message: string): AuthenticationStep {
    const first = parseClientFirst(message);
    const username = first === undefined ? undefined : saslprep(first.username);
    if (first === undefined || username === undefined) return FAILURE;
    const verifier = this.#users.verifierOf(username);
    const nonce = `${first.nonce}${this.#serverNonce}`;
    const salt = verifier.salt.toString('base64');
    const serverFirst = `r=${nonce},s=${salt},i=${String(verifier.iterations)}`;
    this.#challenge = { first, username, verifier, nonce, serverFirst };
    return { outcome: AuthenticationOutcome.CONTINUE, data: Buffer.from(serverFirst) };
  }

  #final(message: string): AuthenticationStep {
    const { first, username, verifier, nonce, serverFirst } = this.#challenge as Challenge;
    const final = parseClientFinal(message);
    if (final?.proof.length !== KEY_BYTES) return FAILURE;
    const authMessage = `${first.bare},${serverFirst},${final.withoutProof}`;
    const mask = hmac(verifier.storedKey, authMessage);
    const clientKey = final.proof.map((byte, i) => byte ^ (mask[i] as number));
    const provesPassword = timingSafeEqual(sha256(Buffer.from(clientKey)), verifier.storedKey);
    const answersUs =
      final.nonce === nonce &&
      final.channelBinding === Buffer.from(first.gs2Header).toString('base64');
    const isItself = first.authzid === undefined || saslprep(first.authzid) === username;
    if (!provesPassword || !answersUs || !isItself) return FAILURE;
    const signature = hmac(verifier.serverKey, authMessage).toString('base64');
    return {
      outcome: AuthenticationOutcome.SUCCESS,
      username,
      data: Buffer.from(`v=${signature}`),
    };
  }
}

/** What the client has to answer. */
interface Challenge {
  readonly first: ClientFirst;
  readonly username: string;
  readonly verifier: ScramVerifier;
  readonly nonce: string;
  readonly serverFirst: string;
}
