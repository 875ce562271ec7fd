import { MqttProtocolError } from '../codec/protocol-error.ts';
import { ReasonCode } from '../codec/reason-code.ts';
import type { TopicEntry } from '../routing/topic-table.ts';

/** What a client has set an alias to. */
export interface AliasedName {
  /** UTF-8. */
  name: Buffer;
  /** What the table of topics had for the name in `generation`: saves the look-up while it is the same. */
  entry: TopicEntry | undefined;
  generation: number;
}

/** Topic aliases that one client has set: alias → topic name (MQTT 5 §3.3.2.3.4). */
export class TopicAliases {
  readonly #maximum: number;
  readonly #names = new Map<number, AliasedName>();

  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  /** @throws MqttProtocolError TOPIC_ALIAS_INVALID above the maximum [MQTT-3.3.2-9] */
  set(alias: number, name: Buffer): void {
    this.#check(alias);
    if (this.#names.get(alias)?.name.equals(name) === true) return;
    this.#names.set(alias, { name: Buffer.from(name), entry: undefined, generation: 0 });
  }

  /** @throws MqttProtocolError PROTOCOL_ERROR for one that was not set (§3.3.4), and as `set` does */
  get(alias: number): AliasedName {
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
