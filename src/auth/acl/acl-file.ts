import { readFile } from 'node:fs/promises';
import type { Clock, Timer } from '../../common/clock.ts';
import { ConfigError, messageOf } from '../../common/errors.ts';
import type { Service } from '../../common/lifecycle.ts';
import type { Logger } from '../../common/logger.ts';
import type { Action, Authorizer, Principal } from '../types.ts';
import { parseAcl } from './acl-parser.ts';
import { AclRules } from './acl-rules.ts';

export interface AclFileOptions {
  /** Absolute path. */
  readonly file: string;
  /** How often the file is looked at, ms; 0 = at the start only. */
  readonly reloadIntervalMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

const NO_RULES = new AclRules({ anonymous: [], users: new Map(), patterns: [] });

/**
 * An access control list in a file. A change of the file counts for open connections too: what they
 * publish and what is sent to them from then on. A file that is wrong leaves the rules as they are.
 */
export class AclFile implements Authorizer, Service {
  readonly #options: AclFileOptions;
  readonly #listeners: (() => void)[] = [];
  #rules = NO_RULES;
  #text: string | undefined;
  #timer: Timer | undefined;
  #isReading = false;
  #lastFailure = '';

  constructor(options: AclFileOptions) {
    this.#options = options;
  }

  /** @throws ConfigError naming the file, and the line that is wrong */
  async start(): Promise<void> {
    const { clock, reloadIntervalMs } = this.#options;
    await this.#load();
    if (reloadIntervalMs === 0) return;
    this.#timer = clock.every(reloadIntervalMs, () => {
      void this.reload();
    });
  }

  stop(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    return Promise.resolve();
  }

  authorize(principal: Principal, action: Action, topic: string, isShared?: boolean): boolean {
    return this.#rules.authorize(principal, action, topic, isShared);
  }

  mayReceive(principal: Principal, topic: string): boolean {
    return this.#rules.mayReceive(principal, topic);
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Reads the file again. */
  async reload(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    const { file, logger } = this.#options;
    try {
      if (await this.#load()) {
        logger.info({ file }, 'access control list reloaded');
        for (const listener of this.#listeners) listener();
      }
      this.#lastFailure = '';
    } catch (error) {
      // Told once: the file is looked at again and again.
      const failure = messageOf(error);
      if (failure !== this.#lastFailure) {
        logger.error(
          { error: failure },
          'the new access control list is refused, the old one stays',
        );
      }
      this.#lastFailure = failure;
    } finally {
      this.#isReading = false;
    }
  }

  /** Returns whether the rules have changed. */
  async #load(): Promise<boolean> {
    const { file } = this.#options;
    let text: string;
    try {
      text = await readFile(file, 'utf8');
    } catch (error) {
      throw new ConfigError(`aclFile ${file}: cannot be read: ${messageOf(error)}`, {
        cause: error,
      });
    }
    if (text === this.#text) return false;
    try {
      this.#rules = new AclRules(parseAcl(text));
    } catch (error) {
      throw new ConfigError(`aclFile ${file}: ${messageOf(error)}`, { cause: error });
    }
    this.#text = text;
    return true;
  }
}
