import type { TurnRules } from './rules.ts';

/** Id of one life of a gateway: new for each process and after each fencing. 0 = nobody. */
export type Life = number;
/** A message of the group's queue, by its offset. */
export type Message = number;

/** What is the group's as a whole. */
export interface GroupRecord {
  /** Everything before it has been handed out. */
  readonly offset: number;
  /** Given back, and nobody's. */
  readonly returned: readonly Message[];
}

/** One commit of a gateway: everything in it or nothing. */
export interface Batch {
  readonly sequence: number;
  readonly record: GroupRecord | null;
  /** What would be lost with this gateway: in flight to members that are not stored, or given back here. */
  readonly part: readonly Message[] | null;
  /** Whose part goes. */
  readonly dropPart: Life;
  readonly releases: boolean;
}

export type Question =
  { readonly q: 'turn' } | { readonly q: 'record' } | { readonly q: 'part'; readonly of: Life };

export type Answer =
  | { readonly a: 'turn' }
  | { readonly a: 'record'; readonly record: GroupRecord }
  /** Null: another one sees to it. */
  | { readonly a: 'part'; readonly of: Life; readonly part: readonly Message[] | null }
  | { readonly a: 'wanted' }
  | { readonly a: 'orphan'; readonly of: Life };

/** What a gateway has said and is not done: in order, sent again to a store that has begun anew. */
export type Said = { readonly batch: Batch } | { readonly question: Question };

export interface Gateway {
  /** 0 = the process is down. */
  life: Life;
  /** It and the store do not hear each other, or it is paused. */
  isSilent: boolean;
  said: Said[];
  /** So many of them have reached the store. */
  sent: number;
  heard: Answer[];
  sequence: number;
  turn: 'none' | 'asked' | 'reading' | 'held';
  isWanted: boolean;
  offset: number;
  returned: Message[];
  /** With the members of this gateway. */
  inFlight: Message[];
  /** The dead gateway whose part this one sees to; 0 = none. */
  adopting: Life;
  /** Its messages, when they are known. */
  adopted: Message[] | null;
}

export type Pending =
  | { readonly p: 'batch'; readonly life: Life; readonly batch: Batch }
  | { readonly p: 'grant'; readonly life: Life }
  | { readonly p: 'care'; readonly life: Life; readonly of: Life }
  | { readonly p: 'death'; readonly life: Life };

export interface Store {
  isUp: boolean;
  disk: {
    lives: Life[];
    owner: Life;
    record: GroupRecord;
    parts: { readonly life: Life; part: readonly Message[] }[];
    orphans: Life[];
    /** Claims `m` of dead gateways, and who has them. */
    caretakers: { readonly of: Life; readonly life: Life }[];
  };
  /** Written, not durable, in order. */
  pending: Pending[];
  waiters: Life[];
  /** The owner has been told that somebody waits. */
  isOwnerAsked: boolean;
  /** Orphans that somebody sees to. */
  given: { readonly of: Life; readonly to: Life }[];
}

/** How many events of each kind a schedule may still have. */
export interface TurnBudget {
  asks: number;
  leaves: number;
  saves: number;
  crashes: number;
  /** Pauses and cuts that may be longer than the lease. */
  silences: number;
  storeCrashes: number;
}

export interface TurnSize {
  readonly gateways: number;
  readonly messages: number;
  /** Messages that the members of a gateway take at a time. */
  readonly room: number;
  readonly budget: TurnBudget;
}

export interface TurnWorld {
  readonly rules: TurnRules;
  readonly messages: number;
  readonly room: number;
  gateways: Gateway[];
  store: Store;
  /** By whose member each message was acknowledged; what only an observer knows. */
  acknowledged: Life[];
  budget: TurnBudget;
  lastLife: Life;
}
