/**
 * What makes the turns of a shared group right (docs/adr/0402). With all rules kept no schedule breaks a promise; each
 * rule given up alone breaks one, which shows that the model can see it.
 */
export interface TurnRules {
  /** The store refuses everything of a gateway that it has declared dead. */
  readonly fencing: boolean;
  /** A gateway that the store may take for dead has no members: their connections are closed before. */
  readonly closesWhenSilent: boolean;
  /** Only who has the turn hands messages out. */
  readonly onlyWithTurn: boolean;
  /** Position and returned messages are in the commit in which the turn goes. */
  readonly savedWithRelease: boolean;
  /** Who gets the turn reads them, whatever it knew before. */
  readonly readAfterGrant: boolean;
  /** Only who has the turn writes them. */
  readonly recordOnlyWithTurn: boolean;
  /** The position is written together with what the members have in flight. */
  readonly partWithPosition: boolean;
  /** What members give back while their gateway has no turn is in the gateway's part. */
  readonly returnsInPart: boolean;
  /** The part of a dead gateway is given to a living one. */
  readonly partsAdopted: boolean;
  /** Who sees to the part of a dead gateway has the turn for it. */
  readonly adoptedWithTurn: boolean;
}

export const ALL_TURN_RULES: TurnRules = {
  fencing: true,
  closesWhenSilent: true,
  onlyWithTurn: true,
  savedWithRelease: true,
  readAfterGrant: true,
  recordOnlyWithTurn: true,
  partWithPosition: true,
  returnsInPart: true,
  partsAdopted: true,
  adoptedWithTurn: true,
};
