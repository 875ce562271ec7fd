import { NO_EXPIRY } from '../../lmq/spi/record.ts';
import type { CommitNumber } from '../../lmq/spi/types.ts';
import { ReasonCode } from '../codec/reason-code.ts';
import type { Will } from '../codec/will.ts';
import { PublishRefusal } from '../routing/publish-refusal.ts';
import { absentClient } from './hook-client.ts';
import { HookedPublish, PublishOrigin } from './publish-message.ts';
import type { PublishHooks } from './publish-hooks.ts';
import { DROP, failureCode, PUBLISH_FAILURES } from './verdict.ts';

type WillMessage = Pick<
  Will,
  'topic' | 'payload' | 'qos' | 'retain' | 'expirySeconds' | 'properties'
>;

/** Publishes a whole message in the name of a client. */
export interface WillPublisher {
  /** @throws MqttProtocolError when it is not published */
  publish(message: WillMessage, publisher: string): CommitNumber;
}

/** Asks the publish hooks before a will is published. */
export class HookedWillPublisher implements WillPublisher {
  readonly #publisher: WillPublisher;
  readonly #hooks: PublishHooks;
  readonly #maxBytes: number;

  constructor(publisher: WillPublisher, hooks: PublishHooks, maxBytes: number) {
    this.#publisher = publisher;
    this.#hooks = hooks;
    this.#maxBytes = maxBytes;
  }

  /** @throws PublishRefusal when a hook refuses or drops it, or fails */
  publish(will: WillMessage, clientId: string): CommitNumber {
    const { topic, qos, retain, expirySeconds = NO_EXPIRY, properties, payload } = will;
    const message = new HookedPublish(
      PublishOrigin.WILL,
      topic,
      qos,
      retain,
      expirySeconds,
      properties,
      payload,
      0,
      payload.length,
      this.#maxBytes,
    );
    const verdict = this.#hooks.ask(message, absentClient(clientId));
    if (verdict === DROP) {
      throw new PublishRefusal(ReasonCode.NOT_AUTHORIZED, 'dropped by a hook');
    }
    if (verdict !== undefined) {
      const reason = verdict.reason === '' ? 'refused by a hook' : verdict.reason;
      throw new PublishRefusal(failureCode(verdict, PUBLISH_FAILURES), reason);
    }
    if (!message.isChanged) return this.#publisher.publish(will, clientId);
    return this.#publisher.publish(
      {
        topic: message.topic,
        qos: message.qos,
        retain: message.retain,
        expirySeconds: message.expirySeconds,
        properties: message.stored,
        payload: message.payload,
      },
      clientId,
    );
  }
}
