import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function fieldOf(message: string, name: string): string {
  const field = message.split(',').find((part) => part.startsWith(`${name}=`));
  if (field === undefined) throw new Error(`no ${name}= in '${message}'`);
  return field.slice(2);
}

/** The client's side of SCRAM-SHA-256 (RFC 5802), for tests only and on purpose not that of `src/`. */
export class ScramClient {
  readonly #password: string;
  readonly #gs2: string;
  readonly #bare: string;
  readonly nonce: string;
  #expectedSignature = '';

  constructor(
    username: string,
    password: string,
    options: { readonly nonce?: string; readonly gs2?: string } = {},
  ) {
    this.#password = password;
    this.#gs2 = options.gs2 ?? 'n,,';
    this.nonce = options.nonce ?? randomBytes(18).toString('base64');
    const name = username.replaceAll('=', '=3D').replaceAll(',', '=2C');
    this.#bare = `n=${name},r=${this.nonce}`;
  }

  /** client-first-message */
  first(): Buffer {
    return Buffer.from(this.#gs2 + this.#bare);
  }

  /** client-final-message, and what the server is to answer. */
  final(serverFirst: Buffer): Buffer {
    const challenge = serverFirst.toString();
    const nonce = fieldOf(challenge, 'r');
    if (!nonce.startsWith(this.nonce) || nonce === this.nonce) throw new Error('not my nonce');
    const salt = Buffer.from(fieldOf(challenge, 's'), 'base64');
    const salted = pbkdf2Sync(this.#password, salt, Number(fieldOf(challenge, 'i')), 32, 'sha256');
    const clientKey = hmac(salted, 'Client Key');
    const storedKey = createHash('sha256').update(clientKey).digest();
    const withoutProof = `c=${Buffer.from(this.#gs2).toString('base64')},r=${nonce}`;
    const authMessage = [this.#bare, challenge, withoutProof].join(',');
    const mask = hmac(storedKey, authMessage);
    const proof = Buffer.from(clientKey.map((byte, i) => byte ^ mask.readUInt8(i)));
    this.#expectedSignature = hmac(hmac(salted, 'Server Key'), authMessage).toString('base64');
    return Buffer.from(`${withoutProof},p=${proof.toString('base64')}`);
  }

  /** Whether server-final-message proves that the server knows the password too. */
  isServer(serverFinal: Buffer): boolean {
    return serverFinal.toString() === `v=${this.#expectedSignature}`;
  }
}
