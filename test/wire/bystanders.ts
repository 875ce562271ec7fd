import { PINGREQ, PINGRESP, puback, publish } from '../helpers/packets.ts';
import type { RawClient } from '../helpers/raw-client.ts';
import type { Wire } from './wire.ts';

/** Two honest clients beside a hostile one: {@link Bystanders.check} fails when they are disturbed. */
export class Bystanders {
  readonly #topic: string;
  readonly #sender: RawClient;
  readonly #receiver: RawClient;
  #sent = 0;

  private constructor(topic: string, sender: RawClient, receiver: RawClient) {
    this.#topic = topic;
    this.#sender = sender;
    this.#receiver = receiver;
  }

  static async join(wire: Wire): Promise<Bystanders> {
    const topic = wire.name('honest');
    return new Bystanders(topic, await wire.connected(), await wire.subscribed(topic, 1));
  }

  /** Sends one more message and expects it, its acknowledgement, and nothing else. */
  async check(): Promise<void> {
    this.#sent += 1;
    const id = this.#sent;
    const packet = publish({ topic: this.#topic, payload: String(id), qos: 1, id });
    this.#sender.send(packet);
    await this.#sender.expect(puback(id));
    await this.#receiver.expect(packet);
    this.#receiver.send(puback(id), PINGREQ);
    await this.#receiver.expect(PINGRESP);
  }
}
