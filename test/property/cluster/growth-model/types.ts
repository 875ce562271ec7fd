import type { GrowthRules } from './rules.ts';

/** The store that was there, and the one that is being added. */
export const OLD = 0;
export const NEW = 1;
export type StoreIndex = typeof OLD | typeof NEW;
export const STORES: readonly StoreIndex[] = [OLD, NEW];

/** Not connected, or nobody. */
export const NOWHERE = -1;

/** One publisher's messages of one topic are numbered from 1. */
export interface Message {
  readonly of: number;
  readonly number: number;
}

export interface GrowthStore {
  isUp: boolean;
  /** The queue of the reader's filter: what is durable. */
  queue: Message[];
  /** Messages of the topic go into that queue. */
  isRegistered: boolean;
  /** Gateways that do not know of the new store are refused. */
  isRequired: boolean;
  /** A gateway has said that it sends to the new store, or is about to. */
  isAnnounced: boolean;
}

/** What the table says: the new store is not in it, is being added, is active. */
export type TableState = 0 | 1 | 2;

export interface GrowthGateway {
  isUp: boolean;
  table: TableState;
  /** It hears the new store. */
  isPrepared: boolean;
  /** It sends to the new store. */
  isSwitched: boolean;
  /** It has told its stores so. */
  hasTold: boolean;
  /** Sent and not durable, in order. */
  underWay: { readonly message: Message; readonly to: StoreIndex }[];
  /** Messages in the reader's queues that it has heard of. */
  heard: [number, number];
  /** Position of the reader in the old store as this gateway has last known it. */
  seen: number;
  /** How far the reader has to be in the old store before the new one's turn comes; -1: not known yet. */
  upTo: number;
}

export interface Publisher {
  at: number;
  sent: number;
  /** It has been with a gateway that sends to the new store. */
  isAhead: boolean;
  unacknowledged: number[];
}

/** In the windows of the members. */
export interface Flight {
  readonly member: number;
  readonly store: StoreIndex;
  readonly message: Message;
  isDurable: boolean;
}

/** A subscriber, or a shared group with its members. */
export interface Reader {
  /** Where its members are connected. */
  members: number[];
  /** The gateway that hands messages of a store out. */
  turn: [number, number];
  /** What has been handed out. */
  offset: [number, number];
  /** The same on disk. */
  durable: [number, number];
  isSubscribed: boolean;
  /** In the order in which they were handed out. */
  flights: Flight[];
  /** What each member has received; only an observer knows. */
  received: Message[][];
}

/** How many events of each kind a schedule may still have. */
export interface GrowthBudget {
  moves: number;
  leaves: number;
  crashes: number;
  storeCrashes: number;
  /** Gateways that are started by the table before, which their name server says. */
  staleStarts: number;
}

export interface GrowthSize {
  readonly gateways: number;
  readonly publishers: number;
  readonly messages: number;
  /** 1: a subscription; more: a shared group. */
  readonly members: number;
  /** The reader is a session that is away at first. */
  readonly isAway?: boolean;
  /** It subscribes at its first connection; what is published from then on counts. */
  readonly isLate?: boolean;
  /** An exact one has the queue of its topic, which needs no registration. */
  readonly isExact?: boolean;
  readonly budget: GrowthBudget;
}

export interface GrowthWorld {
  readonly rules: GrowthRules;
  readonly isExact: boolean;
  readonly isShared: boolean;
  readonly messages: number;
  table: TableState;
  /** Steps of `addStore` that are done. */
  added: number;
  stores: [GrowthStore, GrowthStore];
  gateways: GrowthGateway[];
  publishers: Publisher[];
  reader: Reader;
  acknowledged: Message[];
  /** The first message of each publisher behind the subscription. */
  countsFrom: number[];
  budget: GrowthBudget;
}
