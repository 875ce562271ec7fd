/**
 * What makes the protocol right (docs/adr/0401 and what the model has shown). With all rules kept no
 * schedule breaks a promise; each rule given up alone breaks one, which shows that the model can see it.
 */
export interface Rules {
  /** The store refuses batches and hellos of a node that it has declared dead. */
  readonly fencing: boolean;
  /** The last sequence of a node is in the commit of its batch. */
  readonly durableSequence: boolean;
  /** Who owns a claim is on disk before the grant is told; a hello only gives claims back. */
  readonly durableClaims: boolean;
  /** A claim goes when the batch with its release is durable, not when it has come. */
  readonly releaseWhenDurable: boolean;
  /** A node lists a claim in its hello until the release is settled. */
  readonly listUntilReleased: boolean;
  /** After a reconnect the store asks again for claims with waiters. */
  readonly revokeAgain: boolean;
  /** A request goes out behind the writes that were made before it. */
  readonly requestsInOrder: boolean;
  /** The caretaker of orphans owns the session before it touches it. */
  readonly caretakerClaims: boolean;
  /** A claim that goes back untouched, because its grant was never heard of, is an orphan. */
  readonly untouchedIsOrphan: boolean;
  /** Orphans are on disk until they are seen to, and given again when the caretaker goes. */
  readonly durableOrphans: boolean;
  /** `orphans_done` is about the deaths that were given, not about a later one under the same claim. */
  readonly orphansOnce: boolean;
  /** `orphans_done` is for orphans of the same connection and follows what was written for them. */
  readonly doneInOrder: boolean;
  /** The next owner publishes the will that the last owner, dead, has left. */
  readonly ownerPublishesFoundWill: boolean;
  /** A will and the end of its record are one batch. */
  readonly willInOneBatch: boolean;
  /** After a failed commit the store takes nothing before it has begun anew. */
  readonly failureEndsStream: boolean;
  /** A hello ends what is left of the node's connection before. */
  readonly newestHelloCounts: boolean;
}

export const ALL_RULES: Rules = {
  fencing: true,
  durableSequence: true,
  durableClaims: true,
  releaseWhenDurable: true,
  listUntilReleased: true,
  revokeAgain: true,
  requestsInOrder: true,
  caretakerClaims: true,
  untouchedIsOrphan: true,
  durableOrphans: true,
  orphansOnce: true,
  doneInOrder: true,
  ownerPublishesFoundWill: true,
  willInOneBatch: true,
  failureEndsStream: true,
  newestHelloCounts: true,
};
