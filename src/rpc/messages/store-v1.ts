/** Messages of proto/lmqtt/store/v1/store.proto, where they are explained. Generated: npm run proto. */

export interface StoreMethods {
  readonly attach: {
    readonly kind: 'bidiStream';
    readonly request: NodeFrame;
    readonly response: StoreFrame;
  };
}

export interface NodeFrame {
  readonly hello?: Hello | null | undefined;
  readonly batch?: Batch | null | undefined;
  readonly requests: readonly Request[];
  readonly generation?: number | undefined;
  readonly beat?: number | undefined;
  readonly activeGeneration?: number | undefined;
  readonly mark?: number | undefined;
}

export interface Hello {
  readonly minVersion: number;
  readonly maxVersion: number;
  readonly nodeId: string;
  readonly nodeName: string;
  readonly leaseMs: number;
  readonly resumes: boolean;
  readonly claims: readonly string[];
  readonly queues: readonly QueueUse[];
  readonly filters: readonly FilterUse[];
  readonly watchedSpaces: readonly number[];
  readonly more: boolean;
  readonly generation?: number | undefined;
  readonly activeGeneration?: number | undefined;
}

export interface QueueUse {
  readonly name: string;
  readonly uses: number;
}

export interface FilterUse {
  readonly filter: string;
  readonly uses: number;
}

export interface Batch {
  readonly sequence: number;
  readonly topics: readonly TopicNumber[];
  readonly topicNumbers: Buffer;
  readonly records: Buffer;
  readonly writes: readonly Write[];
}

export interface TopicNumber {
  readonly number: number;
  readonly name: string;
  readonly directQueue: number;
}

export interface Write {
  readonly beforeRecord: number;
  readonly putState?: PutState | undefined;
  readonly deleteState?: StateKey | undefined;
  readonly commitOffset?: CommitOffset | undefined;
  readonly deleteOffset?: OffsetKey | undefined;
  readonly acquireFilter?: FilterWrite | undefined;
  readonly releaseFilter?: FilterWrite | undefined;
  readonly pinFilter?: string | undefined;
  readonly unpinFilter?: string | undefined;
  readonly releaseClaim?: string | undefined;
  readonly write?:
    | 'putState'
    | 'deleteState'
    | 'commitOffset'
    | 'deleteOffset'
    | 'acquireFilter'
    | 'releaseFilter'
    | 'pinFilter'
    | 'unpinFilter'
    | 'releaseClaim'
    | undefined;
}

export interface PutState {
  readonly space: number;
  readonly key: string;
  readonly value: Buffer;
}

export interface StateKey {
  readonly space: number;
  readonly key: string;
}

export interface CommitOffset {
  readonly consumer: string;
  readonly queue: number;
  readonly offset: number;
}

export interface OffsetKey {
  readonly consumer: string;
  readonly queue: number;
}

export interface FilterWrite {
  readonly filter: string;
  readonly durable: boolean;
}

export interface Request {
  readonly id: number;
  readonly openQueue?: string | undefined;
  readonly closeQueue?: number | undefined;
  readonly pull?: Pull | undefined;
  readonly loadOffset?: OffsetKey | undefined;
  readonly getState?: StateKey | undefined;
  readonly scanState?: ScanState | undefined;
  readonly listFilters?: ListFilters | undefined;
  readonly claim?: Claim | undefined;
  readonly watchSpace?: number | undefined;
  readonly orphansDone?: OrphansDone | undefined;
  readonly goodbye?: Goodbye | undefined;
  readonly consumer?: string | undefined;
  readonly request?:
    | 'openQueue'
    | 'closeQueue'
    | 'pull'
    | 'loadOffset'
    | 'getState'
    | 'scanState'
    | 'listFilters'
    | 'claim'
    | 'watchSpace'
    | 'orphansDone'
    | 'goodbye'
    | undefined;
}

export interface Pull {
  readonly queue: number;
  readonly offset: number;
  readonly maxMessages: number;
  readonly maxBytes: number;
}

export interface ScanState {
  readonly space: number;
  readonly after: string;
  readonly fromStart: boolean;
  readonly limit: number;
}

export type ListFilters = Readonly<Record<string, never>>;

export interface Claim {
  readonly key: string;
  readonly onlyIfFree: boolean;
}

export type OrphansDone = Readonly<Record<string, never>>;

export type Goodbye = Readonly<Record<string, never>>;

export interface StoreFrame {
  readonly welcome?: Welcome | null | undefined;
  readonly fenced?: Fenced | null | undefined;
  readonly settled?: Settled | null | undefined;
  readonly stateChanges: readonly StateChange[];
  readonly blocks: readonly Buffer[];
  readonly arrivals: readonly Arrival[];
  readonly replies: readonly Reply[];
  readonly revoked: readonly string[];
  readonly orphans: readonly string[];
  readonly figures?: StoreFigures | null | undefined;
  readonly moved: readonly QueueBounds[];
  readonly leastGeneration?: number | undefined;
  readonly mark?: number | undefined;
}

export interface StoreFigures {
  readonly recordsStored: number;
  readonly bytesStored: number;
  readonly recordsExpired: number;
  readonly beat?: number | undefined;
}

export interface Welcome {
  readonly version: number;
  readonly storeId: string;
  readonly storeEpoch: string;
  readonly origin: number;
  readonly leaseMs: number;
  readonly lastSequence: number;
  readonly queues: readonly QueueBounds[];
  readonly lostClaims: readonly string[];
  readonly more: boolean;
}

export interface Fenced {
  readonly reason: string;
}

export interface Settled {
  readonly sequence: number;
  readonly error?: StoreFailure | null | undefined;
}

export interface StoreFailure {
  readonly code: string;
  readonly message: string;
}

export interface StateChange {
  readonly space: number;
  readonly key: string;
  readonly value?: Buffer | undefined;
}

export interface Arrival {
  readonly queue: number;
  readonly firstOffset: number;
  readonly count: number;
  readonly block: number;
  readonly positions: Buffer;
  readonly opened?: QueueBounds | null | undefined;
}

export interface QueueBounds {
  readonly id: number;
  readonly name: string;
  readonly minOffset: number;
  readonly maxOffset: number;
  readonly nextOffset: number;
}

export interface Reply {
  readonly id: number;
  readonly error?: StoreFailure | undefined;
  readonly queue?: QueueBounds | undefined;
  readonly pull?: PullReply | undefined;
  readonly offset?: OffsetReply | undefined;
  readonly state?: StateReply | undefined;
  readonly scan?: ScanReply | undefined;
  readonly filters?: FiltersReply | undefined;
  readonly claimed?: boolean | undefined;
  readonly done?: Done | undefined;
  readonly consumerOffset?: OffsetReply | null | undefined;
  readonly reply?:
    | 'error'
    | 'queue'
    | 'pull'
    | 'offset'
    | 'state'
    | 'scan'
    | 'filters'
    | 'claimed'
    | 'done'
    | undefined;
}

export type Done = Readonly<Record<string, never>>;

export interface PullReply {
  readonly status: string;
  readonly nextOffset: number;
  readonly minOffset: number;
  readonly runs: readonly PulledRun[];
}

export interface PulledRun {
  readonly firstOffset: number;
  readonly count: number;
  readonly records: Buffer;
}

export interface OffsetReply {
  readonly offset?: number | undefined;
}

export interface StateReply {
  readonly value?: Buffer | undefined;
}

export interface ScanReply {
  readonly entries: readonly StateEntry[];
  readonly more: boolean;
}

export interface StateEntry {
  readonly key: string;
  readonly value: Buffer;
}

export interface FiltersReply {
  readonly filters: readonly RegisteredFilter[];
}

export interface RegisteredFilter {
  readonly filter: string;
  readonly pinned: boolean;
  readonly uses: number;
}
