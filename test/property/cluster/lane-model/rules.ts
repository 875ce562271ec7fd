/**
 * What makes a session in several stores right (docs/adr/0501, 0503, 0541, 0611). With the rules of `TODAY` no schedule
 * breaks a promise, and none of `BEFORE` does; each one given up alone breaks one, which shows that the model can see it.
 */
export interface LaneRules {
  /** Its home refuses everything of a gateway that it has declared dead. */
  readonly fencing: boolean;
  /** A gateway that its home may take for dead closes the connections of the clients that are at home there. */
  readonly closesWhenSilent: boolean;
  /** The session is claimed in each store that it is read from, after its home. */
  readonly claimsBeside: boolean;
  /** The other store refuses everything of a gateway that it has declared dead, too. */
  readonly fencesBeside: boolean;
  /** That claim is given up behind the last that is saved of the session there, and in the order of what is sent. */
  readonly releasesBehind: boolean;
  /** The home's claim is given up when what the session has in the other stores is durable. */
  readonly homeLast: boolean;
  /**
   * What a gateway has sent to another store is there, or lost, before the home gives its claims to others. Time has to see to
   * this: nothing in the protocol does.
   */
  readonly landsInTime: boolean;
}

export const TODAY: LaneRules = {
  fencing: true,
  closesWhenSilent: true,
  claimsBeside: true,
  fencesBeside: true,
  releasesBehind: true,
  homeLast: true,
  landsInTime: false,
};

/** Until ADR 0611, and of gateways that are not upgraded yet: it takes time. */
export const BEFORE: LaneRules = { ...TODAY, claimsBeside: false, landsInTime: true };
