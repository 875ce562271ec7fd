import type { Rules } from './rules.ts';

/** Id of one life of a node: new for each process and after each fencing. 0 = nobody. */
export type Life = number;
/** One connection of a client, numbered over the whole schedule. 0 = none. */
export type Connection = number;
/** A session with its will, by index. */
export type Key = number;

/** What nodes write. `epoch` is the ownership under which it was written: seen by the checks only. */
export type Write =
  | {
      readonly w: 'will';
      readonly key: Key;
      readonly epoch: number;
      readonly connection: Connection;
    }
  | { readonly w: 'unwill'; readonly key: Key; readonly epoch: number }
  | {
      readonly w: 'publish';
      readonly key: Key;
      readonly epoch: number;
      readonly connection: Connection;
    }
  | { readonly w: 'save'; readonly key: Key; readonly epoch: number }
  | { readonly w: 'release'; readonly key: Key };

export interface Batch {
  readonly sequence: number;
  readonly writes: Write[];
}

export type Request =
  | { readonly r: 'claim'; readonly key: Key; readonly onlyIfFree: boolean }
  | { readonly r: 'read'; readonly key: Key }
  | { readonly r: 'done' };

export type NodeMessage =
  | { readonly m: 'hello'; readonly life: Life; readonly resumes: boolean; readonly claims: Key[] }
  | { readonly m: 'batch'; readonly batch: Batch }
  | { readonly m: 'request'; readonly request: Request };

export type StoreMessage =
  | { readonly m: 'welcome'; readonly last: number; readonly lost: Key[] }
  | { readonly m: 'fenced' }
  | { readonly m: 'settled'; readonly sequence: number; readonly failed: boolean }
  | { readonly m: 'claimed'; readonly key: Key; readonly granted: boolean; readonly epoch: number }
  | { readonly m: 'value'; readonly key: Key; readonly will: Connection }
  | { readonly m: 'revoked'; readonly key: Key }
  | { readonly m: 'orphans'; readonly keys: Key[] };

/** A TCP connection of a node: in order each way; each end learns of its end in its own time. */
export interface Link {
  readonly slot: number;
  readonly life: Life;
  /** Welcomed by the store. */
  isAttached: boolean;
  /** Of the hello, once the store has read it. */
  claims: Key[] | null;
  up: NodeMessage[];
  down: StoreMessage[];
  nodeGone: boolean;
  storeGone: boolean;
}

/** What a node knows of a session. */
export interface Seat {
  /** `asked`: a claim request is under way; `held`: this node owns the session. */
  claim: 'none' | 'asked' | 'held';
  epoch: number;
  /** The client's connection here. */
  connection: Connection;
  stage: 'none' | 'waiting' | 'reading' | 'opening' | 'open';
  /** Batch that must be settled before CONNACK. */
  openingBatch: number;
  /** Batch of the newest release; 0 = none that is not settled. */
  releaseBatch: number;
  /** Revoked while the grant was under way. */
  isRevokedEarly: boolean;
  /** An orphan that this node sees to. */
  isOrphan: boolean;
}

export interface NodeState {
  /** 0 = the process is down. */
  life: Life;
  isWelcome: boolean;
  wasWelcome: boolean;
  lastSequence: number;
  /** Not settled, in order; the first `sent` of them went out on this link. */
  unsettled: Batch[];
  sent: number;
  open: Write[];
  /** Requests without an answer, in order, each behind a batch. */
  requests: { readonly after: number; readonly request: Request; isSent: boolean }[];
  seats: Seat[];
  /** Orphans were given on this link and `orphans_done` is owed. */
  owesDone: boolean;
}

export type Pending =
  | { readonly p: 'batch'; readonly life: Life; readonly batch: Batch }
  | { readonly p: 'join'; readonly life: Life }
  | { readonly p: 'leave'; readonly life: Life }
  | { readonly p: 'grant'; readonly life: Life; readonly key: Key; isAnswered: boolean }
  | { readonly p: 'free'; readonly life: Life; readonly key: Key }
  | { readonly p: 'done'; readonly given: Orphan[] };

export interface Orphan {
  /** Of the death that made it one. */
  readonly serial: number;
  readonly key: Key;
}

export interface Disk {
  nodes: { readonly life: Life; last: number }[];
  /** Owner of each key. */
  owners: Life[];
  wills: Connection[];
  orphans: Orphan[];
  lastSerial: number;
}

export interface StoreState {
  isUp: boolean;
  disk: Disk;
  /** Written, not durable, in order. */
  pending: Pending[];
  /** Last sequence taken of each life, durable or not. */
  taken: { readonly life: Life; sequence: number }[];
  waiters: { readonly life: Life; readonly key: Key }[];
  /** Keys whose owner has been asked, on the owner's link. */
  asked: Key[];
  caretaker: Life;
  given: Orphan[];
  /** Without durable claims: lives that have to come back before anything is granted. */
  awaited: Life[];
}

/** What only an observer knows. */
export interface Ghost {
  epochs: number[];
  connections: {
    readonly key: Key;
    isAccepted: boolean;
    isDisconnected: boolean;
    /** The delete of its will without publication is durable. */
    isCleared: boolean;
    published: number;
  }[];
  /** `life:sequence` of batches that are durable. */
  applied: string[];
  /** Of those that the node was told not to be durable. */
  failed: string[];
}

/** How many events of each kind a schedule may still have. */
export interface Budget {
  connects: number;
  writes: number;
  goodbyes: number;
  drops: number;
  nodeCrashes: number;
  storeCrashes: number;
  cuts: number;
  /** Leases of living nodes that run out: pauses. */
  expiries: number;
  failures: number;
}

export interface World {
  readonly rules: Rules;
  nodes: NodeState[];
  store: StoreState;
  links: Link[];
  /** Where each client is: its newest connection and the slot of the node. */
  clients: { connection: Connection; slot: number }[];
  ghost: Ghost;
  budget: Budget;
  lastLife: Life;
}
