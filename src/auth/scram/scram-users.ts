import { randomBytes } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import type { Clock, Timer } from '../../common/clock.ts';
import { ConfigError, messageOf } from '../../common/errors.ts';
import type { Service } from '../../common/lifecycle.ts';
import type { Logger } from '../../common/logger.ts';
import type { ScramUserTable } from './scram-authenticator.ts';
import {
  DEFAULT_ITERATIONS,
  hmac,
  KEY_BYTES,
  SALT_BYTES,
  type ScramVerifier,
} from './scram-verifier.ts';
import { parseUsers, type ScramUsersFile } from './users-text.ts';

/** How often the file is looked at, ms. */
const RELOAD_INTERVAL_MS = 2000;
/** Room for some hundred thousand users. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;

export interface ScramUsersOptions {
  readonly path: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The users of a file, which may change while we run: a change counts from the next sign-in on. */
export class ScramUsers implements Service, ScramUserTable {
  readonly #options: ScramUsersOptions;
  /** For a file without a key of its own. */
  readonly #processKey = randomBytes(KEY_BYTES);
  #file: ScramUsersFile = { users: new Map(), decoyKey: undefined };
  /** Names in their order, so that a user who does not exist can be like one who does. */
  #names: readonly string[] = [];
  /** Of the file that was read last, right or wrong. */
  #version = '';
  #lastFailure = '';
  #timer: Timer | undefined;
  #isLooking = false;

  constructor(options: ScramUsersOptions) {
    this.#options = options;
  }

  /** @throws ConfigError when the file cannot be read, or a line of it */
  async start(): Promise<void> {
    await this.#load();
    this.#timer = this.#options.clock.every(RELOAD_INTERVAL_MS, () => {
      void this.#look();
    });
  }

  stop(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    return Promise.resolve();
  }

  /** Takes the same steps for everyone, so that neither the answer nor its time tells who exists. */
  verifierOf(username: string): ScramVerifier {
    const decoy = this.#decoyOf(username);
    return this.#file.users.get(username) ?? decoy;
  }

  #decoyOf(username: string): ScramVerifier {
    const key = this.#file.decoyKey ?? this.#processKey;
    const bytes = hmac(key, username);
    const like = this.#names[bytes.readUInt32BE(SALT_BYTES) % Math.max(1, this.#names.length)];
    const verifier = like === undefined ? undefined : this.#file.users.get(like);
    return {
      iterations: verifier?.iterations ?? DEFAULT_ITERATIONS,
      salt: bytes.subarray(0, verifier?.salt.length ?? SALT_BYTES),
      storedKey: hmac(key, `stored ${username}`),
      serverKey: hmac(key, `server ${username}`),
    };
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    const { path, logger } = this.#options;
    try {
      if (await this.#load()) logger.info({ path, users: this.#names.length }, 'users reloaded');
      this.#lastFailure = '';
    } catch (error) {
      // Told once for each state of the file; until it is right, those who were there may connect.
      const failure = `${this.#version} ${messageOf(error)}`;
      if (failure !== this.#lastFailure) {
        logger.error({ error: messageOf(error) }, 'the users file is wrong: the old one holds');
      }
      this.#lastFailure = failure;
    } finally {
      this.#isLooking = false;
    }
  }

  /** Reads the file when it has changed; returns whether it had. */
  async #load(): Promise<boolean> {
    const { path } = this.#options;
    let text: string;
    try {
      const { mtimeMs, ctimeMs, size, ino } = await stat(path);
      const version = [mtimeMs, ctimeMs, size, ino].join();
      if (version === this.#version) return false;
      if (size > MAX_FILE_BYTES) throw new Error(`more than ${String(MAX_FILE_BYTES)} bytes`);
      text = await readFile(path, 'utf8');
      // Not before: what could not be read this time, for want of a descriptor perhaps, is read next time.
      this.#version = version;
    } catch (error) {
      throw new ConfigError(`scramUsersFile ${path}: cannot be read: ${messageOf(error)}`, {
        cause: error,
      });
    }
    this.#file = parseUsers(text, path);
    this.#names = [...this.#file.users.keys()];
    return true;
  }
}
