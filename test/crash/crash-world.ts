import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker } from '../helpers/broker.ts';
import type { Random } from '../helpers/random.ts';
import type { Address } from '../helpers/raw-client.ts';

const KEPT_VIOLATIONS = 50;

/** What the clients of a crash test share: the server, chance, and the list of broken promises. */
export class CrashWorld {
  readonly random: Random;
  readonly #broker: Broker;
  readonly violations: string[] = [];
  /** Counts lives of the server; a connection remembers in which it was opened. */
  life = 1;
  #isUp = true;

  constructor(broker: Broker, random: Random) {
    this.#broker = broker;
    this.random = random;
  }

  get address(): Address {
    return this.#broker;
  }

  violation(text: string): void {
    if (this.violations.length < KEPT_VIOLATIONS)
      this.violations.push(`life ${this.life}: ${text}`);
  }

  /** A close that neither the client nor a kill explains. */
  isUnexplainedClose(lifeOfConnection: number): boolean {
    return this.#isUp && lifeOfConnection === this.life;
  }

  /** Kills the server after a random time and starts it again. */
  async crash(maxDelayMs: number): Promise<void> {
    await sleep(this.random.next() * maxDelayMs);
    this.#isUp = false;
    await this.#broker.crash();
    await this.#broker.restart();
    this.life += 1;
    this.#isUp = true;
  }
}
