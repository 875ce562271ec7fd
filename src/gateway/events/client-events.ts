import type { ConnectionEnd } from '../channel/connection-end.ts';
import type { Subscription } from '../codec/subscribe-packet.ts';
import { EVENTS_LEVEL } from '../routing/server-topic.ts';
import type { EventInterest } from '../routing/event-interest.ts';
import type { TopicEntry, TopicTable } from '../routing/topic-table.ts';
import type { SessionObserver } from '../session/session-observer.ts';
import { ClientEvent } from './client-event.ts';
import { disconnectReason } from './disconnect-reason.ts';
import { EventBatch, type EventBatchParts } from './event-batch.ts';
import { clientJson, type EventClient } from './event-client.ts';

export interface ClientEventsParts extends EventBatchParts {
  readonly topics: TopicTable;
  /** Events that nobody has subscribed are left out; undefined: all are published. */
  readonly interest: Pick<EventInterest, 'has'> | undefined;
}

/** Undefined when no event is asked for. */
export function eventsOf(
  events: readonly ClientEvent[] | undefined,
  parts: ClientEventsParts,
): ClientEvents | undefined {
  return events === undefined || events.length === 0 ? undefined : new ClientEvents(parts, events);
}

/** What CONNECT, and what was found for it, say of the session. */
export interface ConnectedFields {
  readonly cleanStart: boolean;
  readonly keepAliveSeconds: number;
  /** As granted. */
  readonly expirySeconds: number;
  /** The session was there before. */
  readonly present: boolean;
}

/**
 * Publishes what happens to clients as JSON under `$events/`, at QoS 1: in the log like any other message.
 * Clients cannot publish there.
 */
export class ClientEvents implements SessionObserver {
  readonly #parts: ClientEventsParts;
  readonly #batch: EventBatch;
  readonly #entries: ReadonlyMap<ClientEvent, TopicEntry>;

  constructor(parts: ClientEventsParts, events: readonly ClientEvent[]) {
    this.#parts = parts;
    this.#batch = new EventBatch(parts);
    this.#entries = new Map(
      events.map((event) => [event, parts.topics.serverEntry(`${EVENTS_LEVEL}/${event}`)]),
    );
  }

  /** Publishes what waits to be; to be called before the store stops. */
  stop(): void {
    this.#batch.flush();
  }

  /** CONNACK is on its way. */
  connected(client: EventClient, connect: ConnectedFields): void {
    const now = this.#parts.clock.now();
    client.connectedAt = now;
    const { cleanStart, keepAliveSeconds, expirySeconds, present } = connect;
    const session = `"clean_start":${cleanStart},"expiry_interval":${expirySeconds}`;
    this.#publish(
      present ? ClientEvent.SESSION_RESUMED : ClientEvent.SESSION_CREATED,
      () => `${clientJson(client)},${session}`,
    );
    this.#publish(
      ClientEvent.CLIENT_CONNECTED,
      () =>
        `${clientJson(client)},"keepalive":${keepAliveSeconds},${session},"connected_at":${now}`,
    );
  }

  /** A connection that had its CONNACK has gone. */
  disconnected(client: EventClient, end: ConnectionEnd): void {
    this.#publish(ClientEvent.CLIENT_DISCONNECTED, (now) => {
      const reason = `"reason":"${disconnectReason(end)}","reason_code":${end.reasonCode ?? 'null'}`;
      const times = `"connected_at":${client.connectedAt},"disconnected_at":${now}`;
      return `${clientJson(client)},${reason},${times}`;
    });
  }

  /** SUBACK is on its way. */
  subscribed(client: EventClient, subscription: Subscription, subscriptionId: number): void {
    const { filter, qos, noLocal, retainAsPublished, retainHandling } = subscription;
    this.#publish(ClientEvent.SESSION_SUBSCRIBED, () => {
      const subopts = JSON.stringify({
        qos,
        nl: noLocal ? 1 : 0,
        rap: retainAsPublished ? 1 : 0,
        rh: retainHandling,
        ...(subscriptionId === 0 ? {} : { subid: subscriptionId }),
      });
      const topic = JSON.stringify(filter);
      return `${clientJson(client)},"topic":${topic},"qos":${qos},"subopts":${subopts}`;
    });
  }

  /** UNSUBACK is on its way. */
  unsubscribed(client: EventClient, filter: string): void {
    this.#publish(
      ClientEvent.SESSION_UNSUBSCRIBED,
      () => `${clientJson(client)},"topic":${JSON.stringify(filter)}`,
    );
  }

  takenOver(clientId: string): void {
    this.#publish(ClientEvent.SESSION_TAKENOVER, () => sessionJson(clientId));
  }

  discarded(clientId: string): void {
    this.#publish(ClientEvent.SESSION_DISCARDED, () => sessionJson(clientId));
  }

  expired(clientId: string): void {
    this.#publish(ClientEvent.SESSION_EXPIRED, () => sessionJson(clientId));
  }

  /** @param members of the JSON object; called with the time, ms, when the event is asked for */
  #publish(event: ClientEvent, members: (now: number) => string): void {
    const entry = this.#entries.get(event);
    if (entry === undefined || this.#parts.interest?.has(event) === false) return;
    const now = this.#parts.clock.now();
    const name = event.replace('_', '.');
    this.#batch.add(entry, `{"event":"${name}",${members(now)},"timestamp":${now}}`);
  }
}

function sessionJson(clientId: string): string {
  return `"clientid":${JSON.stringify(clientId)}`;
}
