import { MqttProtocolError } from '../codec/protocol-error.ts';
import { ReasonCode } from '../codec/reason-code.ts';
import type { Session } from '../session/session.ts';
import type { ProtocolChannel } from './protocol-channel.ts';

/**
 * QoS 1 and 2 messages that a client of MQTT 5 may have under way: as many as our CONNACK allows, [MQTT-3.3.4-9] the other way
 * round. What was sent on an earlier connection does not count: the client begins anew (§4.9), and may not know of it any more.
 */
export class ReceiveWindow {
  readonly #channel: ProtocolChannel;
  readonly #session: Session;
  readonly #maximum: number;
  /** Received on earlier connections and not released, at the most. */
  #inherited: number;

  constructor(channel: ProtocolChannel, session: Session) {
    this.#channel = channel;
    this.#session = session;
    this.#maximum = channel.context.limits.receiveMaximum;
    this.#inherited = session.received.size;
  }

  /** How many more may come. */
  get room(): number {
    const { size } = this.#session.received;
    // Which ones have been released is not known; clients begin with those of earlier connections.
    if (size < this.#inherited) this.#inherited = size;
    return this.#maximum - this.#channel.acknowledgements.pubacks - (size - this.#inherited);
  }

  /** @throws MqttProtocolError RECEIVE_MAXIMUM_EXCEEDED when none may come */
  require(): void {
    if (this.room > 0) return;
    throw new MqttProtocolError(
      ReasonCode.RECEIVE_MAXIMUM_EXCEEDED,
      `more than ${String(this.#maximum)} unacknowledged PUBLISH packets`,
    );
  }
}
