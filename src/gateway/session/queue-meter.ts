/** What waits for a session, at most: what has come since it was counted, and has not been taken off. */
export interface QueueMeter {
  messages: number;
  bytes: number;
  /** Had messages waiting when it came into memory: it is looked at before anything is delivered. */
  isNew: boolean;
  /** Being counted. */
  isBusy: boolean;
}
