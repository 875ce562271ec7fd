import {
  recordLength,
  recordPayloadStart,
  recordProperties,
  recordPropertiesLength,
  recordTopicLength,
  recordTopicStart,
  recordWithContent,
} from '../../lmq/spi/record.ts';
import { RETAIN_FLAG } from '../codec/publish-encoder.ts';
import type { GatewayStats } from '../gateway-stats.ts';
import { HookedDelivery } from './deliver-message.ts';
import type { HookClient, HookClients } from './hook-client.ts';
import type { HookFaults } from './hook-faults.ts';
import type { HooksWith } from './named-hook.ts';
import { DROP } from './verdict.ts';

const NO_PROPERTIES = Buffer.alloc(0);

/** What may change of a message that is not stored: its payload is `chunk[payloadStart, payloadEnd)`. */
export interface LiveContent {
  readonly properties: Buffer;
  readonly chunk: Buffer;
  readonly payloadStart: number;
  readonly payloadEnd: number;
}

/** Asks the deliver hooks, in order, what one subscriber gets of a message. Never throws. */
export class DeliverHooks {
  readonly #hooks: readonly HooksWith<'onDeliver'>[];
  readonly #clients: HookClients;
  readonly #faults: HookFaults;
  readonly #stats: GatewayStats;
  readonly #maxBytes: number;

  constructor(
    hooks: readonly HooksWith<'onDeliver'>[],
    clients: HookClients,
    faults: HookFaults,
    stats: GatewayStats,
    maxBytes: number,
  ) {
    this.#hooks = hooks;
    this.#clients = clients;
    this.#faults = faults;
    this.#stats = stats;
    this.#maxBytes = maxBytes;
  }

  /**
   * For a record: `buffer` itself, which goes out as it is, or another one with a record at position 0; or
   * undefined when nothing goes out.
   * @param first PUBLISH byte with QoS and RETAIN
   */
  record(link: object, first: number, buffer: Buffer, position: number): Buffer | undefined {
    const message = new HookedDelivery(
      buffer,
      recordTopicStart(position),
      recordTopicStart(position) + recordTopicLength(buffer, position),
      (first >> 1) & 0b11,
      (first & RETAIN_FLAG) !== 0,
      recordPropertiesLength(buffer, position) === 0
        ? NO_PROPERTIES
        : recordProperties(buffer, position),
      buffer,
      recordPayloadStart(buffer, position),
      position + recordLength(buffer, position),
      this.#maxBytes,
    );
    if (!this.#ask(message, this.#clients.at(link))) return undefined;
    if (!message.isChanged) return buffer;
    const { stored, source, start, end } = message;
    return recordWithContent(buffer, position, stored, source, start, end);
  }

  /** For a message at QoS 0 that is not read from the store; undefined when nothing goes out. */
  live<Message extends LiveContent>(
    link: object,
    first: number,
    topic: Buffer,
    content: Message,
  ): Message | undefined {
    const { properties, chunk, payloadStart, payloadEnd } = content;
    const message = new HookedDelivery(
      topic,
      0,
      topic.length,
      0,
      (first & RETAIN_FLAG) !== 0,
      properties,
      chunk,
      payloadStart,
      payloadEnd,
      this.#maxBytes,
    );
    if (!this.#ask(message, this.#clients.at(link))) return undefined;
    if (!message.isChanged) return content;
    return {
      ...content,
      properties: message.stored,
      chunk: message.source,
      payloadStart: message.start,
      payloadEnd: message.end,
    };
  }

  /** False when the message is dropped: by a verdict, or because a hook failed. */
  #ask(message: HookedDelivery, client: HookClient): boolean {
    for (const { name, hooks } of this.#hooks) {
      let verdict: unknown;
      try {
        verdict = hooks.onDeliver(message, client);
      } catch (error) {
        this.#faults.report(name, 'onDeliver', error);
        verdict = DROP;
      }
      if (verdict === undefined) continue;
      if (verdict !== DROP) this.#faults.reportVerdict(name, 'onDeliver', verdict);
      this.#stats.messagesDroppedByHooks++;
      return false;
    }
    return true;
  }
}
