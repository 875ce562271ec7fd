import { MqttProtocolError } from '../codec/protocol-error.ts';
import { ProtocolVersion } from '../codec/protocol-version.ts';
import { ReasonCode } from '../codec/reason-code.ts';
import { PublishRateExceeded } from '../limits.ts';
import type { ProtocolChannel, PublishPort } from './protocol-channel.ts';
import { PublishRate } from './publish-rate.ts';

/** Longest time between two looks whether a paused connection is still there, ms. */
const LONGEST_SLEEP_MS = 1000;

/** What a receiver of publishes can do besides receiving. */
export interface RefusingPort extends PublishPort {
  /** Answers a PUBLISH of MQTT 5 with an error reason code; one of QoS 0 is dropped. */
  refuse(chunk: Buffer, start: number, bodyStart: number, end: number, reasonCode: number): void;
}

/**
 * Stands before the receiver of a connection whose publish rate is limited: those of the others have no
 * such thing in their path.
 */
export class RateLimitedReceiver implements PublishPort {
  readonly #receiver: RefusingPort;
  readonly #channel: ProtocolChannel;
  readonly #rate: PublishRate;
  readonly #action: PublishRateExceeded;

  constructor(receiver: RefusingPort, channel: ProtocolChannel) {
    const { limits, clock } = channel.context;
    this.#receiver = receiver;
    this.#channel = channel;
    this.#rate = new PublishRate(limits, clock);
    this.#action =
      limits.publishRateExceeded === PublishRateExceeded.REFUSE &&
      channel.version !== ProtocolVersion.MQTT_5
        ? PublishRateExceeded.PAUSE
        : limits.publishRateExceeded;
  }

  receive(chunk: Buffer, start: number, bodyStart: number, end: number): void {
    const mayPublish = this.#rate.take(end - start);
    if (this.#action === PublishRateExceeded.PAUSE) {
      // One that is not allowed cannot be: the connection is paused with the last one that was.
      this.#receiver.receive(chunk, start, bodyStart, end);
      if (this.#channel.isRepeated) this.#rate.giveBack(end - start);
      else this.#pauseIfDue();
      return;
    }
    if (mayPublish) {
      this.#receiver.receive(chunk, start, bodyStart, end);
      if (this.#channel.isRepeated) this.#rate.giveBack(end - start);
      return;
    }
    this.#channel.context.stats.publishRateExceeded++;
    if (this.#action === PublishRateExceeded.DISCONNECT) {
      throw new MqttProtocolError(ReasonCode.MESSAGE_RATE_TOO_HIGH, 'publishing too fast');
    }
    this.#receiver.refuse(chunk, start, bodyStart, end, ReasonCode.QUOTA_EXCEEDED);
  }

  #pauseIfDue(): void {
    const pause = this.#rate.pauseMs();
    if (pause === 0) return;
    this.#channel.context.stats.publishRateExceeded++;
    this.#channel.block(this.#sleep(pause));
  }

  /** Ends early when the connection does, so that a long pause does not hold on to it. */
  async #sleep(pauseMs: number): Promise<void> {
    const { clock } = this.#channel.context;
    const until = clock.monotonic() + pauseMs;
    for (let left = pauseMs; left > 0 && !this.#channel.isClosed();) {
      const step = Math.min(left, LONGEST_SLEEP_MS);
      await new Promise<void>((resolve) => {
        clock.after(step, resolve);
      });
      left = until - clock.monotonic();
    }
  }
}
