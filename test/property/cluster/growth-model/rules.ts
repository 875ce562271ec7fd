/**
 * What makes it right that a store is added while all else goes on (docs/adr/0501, 0502, 0503, 0621). With the rules of `TODAY` no
 * schedule breaks a promise; each rule given up alone breaks one, which shows that the model can see it.
 */
export interface GrowthRules {
  /** `addStore` goes on when every gateway hears the new store, and asks that again when older ones are refused. */
  readonly waitsForAll: boolean;
  /** Stores refuse gateways that do not know of the new store. */
  readonly requiresGeneration: boolean;
  /** They do so after a crash too. */
  readonly requiredOnDisk: boolean;
  /** Filters of sessions that are away are made known to the new store. */
  readonly copiesFilters: boolean;
  /** A gateway that follows the table reads what it subscribes from the new store too. */
  readonly hearsNewStore: boolean;
  /** A gateway sends nothing to the new store before all that it has sent is durable. */
  readonly settlesFirst: boolean;
  /** What comes from the new store waits for what the old one had. */
  readonly holdsBack: boolean;
  /** Shared groups do that, too. */
  readonly groupsHold: boolean;
  /** What it had is asked of the old store, not taken from what has been heard of it. */
  readonly asksElders: boolean;
  /** It is asked when no gateway sends there any more. */
  readonly waitsForSwitch: boolean;
  /** It is durable that this has been passed, before anything newer is handed out. */
  readonly durableFirst: boolean;
  /** A message is sent when it is durable that it is in flight. */
  readonly sendsWhenDurable: boolean;
  /** A publish at QoS 2 that comes again is looked for in both stores. */
  readonly identifiersInAll: boolean;
  /**
   * No publisher goes from a gateway that sends by the new table to one that does not yet. Nothing in the protocol sees to
   * this: it is the limit of today.
   */
  readonly movesForward: boolean;
  /** Its stores know that a gateway sends by the new table before it does. */
  readonly announcesFirst: boolean;
  /** A gateway takes no client in that may have been with one which sends by a newer table: it follows that table first. */
  readonly takesInWhenUpToDate: boolean;
}

export const TODAY: GrowthRules = {
  waitsForAll: true,
  requiresGeneration: true,
  requiredOnDisk: true,
  copiesFilters: true,
  hearsNewStore: true,
  settlesFirst: true,
  holdsBack: true,
  groupsHold: true,
  asksElders: true,
  waitsForSwitch: true,
  durableFirst: true,
  sendsWhenDurable: true,
  identifiersInAll: true,
  movesForward: true,
  announcesFirst: false,
  takesInWhenUpToDate: false,
};

/** What would end the limit (docs/adr/0621); not built. */
export const WITHOUT_THE_LIMIT: GrowthRules = {
  ...TODAY,
  movesForward: false,
  announcesFirst: true,
  takesInWhenUpToDate: true,
};
