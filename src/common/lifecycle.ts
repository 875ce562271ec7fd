/** Something with a start and a stop; the composition root starts in order and stops in reverse. */
export interface Service {
  /** Resolves when ready to serve; rejects, with nothing left half started, when it cannot. */
  start(): Promise<void>;
  /** Has a start that is under way reject soon, where that may take long: it is not wanted any more. */
  giveUp?(): void;
  /** Drains and releases everything; safe to call twice. */
  stop(): Promise<void>;
}
