/**
 * What makes a session in several stores right (docs/adr/0501, 0503, 0541). With the rules of `TODAY` no schedule breaks a
 * promise; each one given up alone breaks one, which shows that the model can see it.
 */
export interface LaneRules {
  /** Its home refuses everything of a gateway that it has declared dead. */
  readonly fencing: boolean;
  /** A gateway that its home may take for dead closes the connections of the clients that are at home there. */
  readonly closesWhenSilent: boolean;
  /** The claim is given up when what the session has in the other stores is durable. */
  readonly homeLast: boolean;
  /**
   * What a gateway has sent to another store is there, or lost, before the home gives its claims to others. Time has to see to
   * this: nothing in the protocol does.
   */
  readonly landsInTime: boolean;
  /** Not what the gateways do: the session is claimed in each store that it is read from, too. */
  readonly claimsBeside: boolean;
}

export const TODAY: LaneRules = {
  fencing: true,
  closesWhenSilent: true,
  homeLast: true,
  landsInTime: true,
  claimsBeside: false,
};

/** What would need no time. */
export const CLAIMS_BESIDE: LaneRules = { ...TODAY, landsInTime: false, claimsBeside: true };
