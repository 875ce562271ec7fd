// Counts what arrives, prints it, and checks its order.
import type { Message } from './sign-in.ts';

/** The text of message `number` on a topic; {@link Arrivals} reads the number again. */
export const textOf = (name: string, number: number): string => `hello ${name} #${String(number)}`;

export class Arrivals {
  readonly #client: string;
  readonly #expected: number;
  readonly #last = new Map<string, number>();
  #count = 0;
  #finish: (error?: Error) => void = () => undefined;
  readonly #done: Promise<void>;

  constructor(client: string, expected: number) {
    this.#client = client;
    this.#expected = expected;
    this.#done = new Promise((resolve, reject) => {
      this.#finish = (error) => {
        if (error === undefined) resolve();
        else reject(error);
      };
    });
    this.#done.catch(() => undefined); // reported by complete()
  }

  /** Takes a message. Messages of one topic must be numbered one by one, or begin again at 1. */
  readonly accept = ({ topic, text, qos }: Message): void => {
    console.log(`${this.#client} received ${topic} QoS ${String(qos)}: ${text}`);
    const number = Number(/#(\d+)$/.exec(text)?.[1]);
    const last = this.#last.get(topic);
    if (last !== undefined && number !== last + 1 && number !== 1) {
      this.#finish(new Error(`${topic}: #${String(number)} after #${String(last)}`));
    }
    this.#last.set(topic, number);
    if (++this.#count === this.#expected) this.#finish();
  };

  /** Resolves when all have come. Rejects when one is out of order or missing after `seconds`. */
  async complete(seconds: number): Promise<void> {
    const timer = setTimeout(() => {
      const counts = `${String(this.#count)} of ${String(this.#expected)} messages`;
      this.#finish(new Error(`${this.#client}: ${counts} after ${String(seconds)} s`));
    }, seconds * 1000);
    await this.#done.finally(() => {
      clearTimeout(timer);
    });
  }
}
