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
    if (alias > this.#maximum) throw invalid(`topic alias ${String(alias)} is over the maximum`);
    if (this.#names.get(alias)?.equals(name) === true) return;
    this.#names.set(alias, Buffer.from(name));
  }

  /** @throws MqttProtocolError TOPIC_ALIAS_INVALID for one that was not set */
  get(alias: number): Buffer {
    const name = this.#names.get(alias);
    if (name === undefined) throw invalid(`topic alias ${String(alias)} is not known`);
    return name;
  }
}

function invalid(message: string): MqttProtocolError {
  return new MqttProtocolError(ReasonCode.TOPIC_ALIAS_INVALID, message);
}
