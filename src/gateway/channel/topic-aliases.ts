import { MqttProtocolError } from '../codec/protocol-error.ts';
import { ReasonCode } from '../codec/reason-code.ts';

/** Topic aliases that one client has set: alias → topic name in UTF-8 (MQTT 5 §3.3.2.3.4). */
export class TopicAliases {
  readonly #maximum: number;
  readonly #names = new Map<number, Buffer>();

  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  /** @throws MqttProtocolError TOPIC_ALIAS_INVALID above the maximum [MQTT-3.3.2-9] */
  set(alias: number, name: Buffer): void {
    this.#check(alias);
    if (this.#names.get(alias)?.equals(name) === true) return;
    this.#names.set(alias, Buffer.from(name));
  }

  /** @throws MqttProtocolError PROTOCOL_ERROR for one that was not set (§3.3.4), and as `set` does */
  get(alias: number): Buffer {
    this.#check(alias);
    const name = this.#names.get(alias);
    if (name === undefined) {
      throw new MqttProtocolError(
        ReasonCode.PROTOCOL_ERROR,
        `topic alias ${String(alias)} is not known`,
      );
    }
    return name;
  }

  #check(alias: number): void {
    if (alias <= this.#maximum) return;
    throw new MqttProtocolError(
      ReasonCode.TOPIC_ALIAS_INVALID,
      `topic alias ${String(alias)} is over the maximum`,
    );
  }
}
