/** What happens to clients and their sessions; the topic is `$events/` and the name, as in EMQX. */
export const ClientEvent = {
  CLIENT_CONNECTED: 'client_connected',
  CLIENT_DISCONNECTED: 'client_disconnected',
  SESSION_CREATED: 'session_created',
  SESSION_RESUMED: 'session_resumed',
  SESSION_TAKENOVER: 'session_takenover',
  SESSION_DISCARDED: 'session_discarded',
  SESSION_EXPIRED: 'session_expired',
  SESSION_SUBSCRIBED: 'session_subscribed',
  SESSION_UNSUBSCRIBED: 'session_unsubscribed',
} as const;
export type ClientEvent = (typeof ClientEvent)[keyof typeof ClientEvent];

/** All of them, in the order of the documentation. */
export const CLIENT_EVENTS: readonly ClientEvent[] = Object.values(ClientEvent);

/** Those of the life of a client, without those that only say how a connection found its session. */
export const DEFAULT_CLIENT_EVENTS: readonly ClientEvent[] = [
  ClientEvent.CLIENT_CONNECTED,
  ClientEvent.CLIENT_DISCONNECTED,
  ClientEvent.SESSION_SUBSCRIBED,
  ClientEvent.SESSION_UNSUBSCRIBED,
  ClientEvent.SESSION_EXPIRED,
];
