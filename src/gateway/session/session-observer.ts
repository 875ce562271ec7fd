/** Told of what becomes of sessions beside what their clients are told. Must not throw. */
export interface SessionObserver {
  /** A connection has taken the session from an earlier one of the same client. */
  takenOver(clientId: string): void;
  /** The client has asked for a new session, and its stored one is gone. */
  discarded(clientId: string): void;
  /** Nobody has come back in time: the stored session is gone. */
  expired(clientId: string): void;
}
