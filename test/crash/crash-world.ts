import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker } from '../helpers/broker.ts';
import type { Random } from '../helpers/random.ts';
import type { Address } from '../helpers/raw-client.ts';

const KEPT_VIOLATIONS = 50;
/** CONNACK of MQTT 3.1.1. */
const SERVER_UNAVAILABLE = 3;

/** What the clients of a crash test share: the server, chance, and the list of broken promises. */
export class CrashWorld {
  readonly random: Random;
  readonly #broker: Broker;
  readonly violations: string[] = [];
  /** Counts lives of the server; a connection remembers in which it was opened. */
  life = 1;
  #isUp = true;
  /** One server of several: it may be without what it needs for a while, and say so with CONNACK 3 or close. */
  readonly isOneOfSeveral: boolean;

  constructor(broker: Broker, random: Random, isOneOfSeveral = false) {
    this.#broker = broker;
    this.random = random;
    this.isOneOfSeveral = isOneOfSeveral;
  }

  get address(): Address {
    return this.#broker;
  }

  violation(text: string): void {
    if (this.violations.length < KEPT_VIOLATIONS)
      this.violations.push(`life ${this.life}: ${text}`);
  }

  /** Whether a CONNACK code asks the client to come again later. */
  isAskedToComeAgain(code: number): boolean {
    return this.isOneOfSeveral && code === SERVER_UNAVAILABLE;
  }

  /** A close that neither the client nor a kill explains. */
  isUnexplainedClose(lifeOfConnection: number): boolean {
    return this.#isUp && !this.isOneOfSeveral && lifeOfConnection === this.life;
  }

  /**
   * Kills the server after a random time and starts it again.
   * @param look called between
   */
  async crash(maxDelayMs: number, look?: () => Promise<void>): Promise<void> {
    await sleep(this.random.next() * maxDelayMs);
    this.#isUp = false;
    await this.#broker.crash();
    await look?.();
    await this.#broker.restart();
    this.life += 1;
    this.#isUp = true;
  }
}
