import type { StoreTopic } from '../spi/types.ts';
import type { NodeLink, Outbox } from './outbox.ts';

/** Origins go round: a number is used again when no living node has its origin. */
const ORIGINS = 65_535;

/** Origin of the node with this number: 1–65535. */
export function originOf(number: number): number {
  return 1 + ((number - 1) % ORIGINS);
}

/** A topic number that a node has defined. */
export interface NodeTopic {
  readonly topic: StoreTopic;
  /** Length of the name in UTF-8. */
  readonly bytes: number;
}

/** A gateway node that the store counts as living. */
export class ServerNode {
  readonly id: string;
  readonly name: string;
  /** Given once in the life of the store's data. */
  readonly number: number;
  leaseMs: number;
  /** Monotonic time of the last sign of life, ms. */
  lastSeen: number;
  /** Its stream, from its hello on. */
  link: NodeLink | undefined = undefined;
  /** Where what it is told goes; undefined while it is not attached. */
  outbox: Outbox | undefined = undefined;
  /** It was there before the store was started and has not come back yet. */
  isExpected = false;
  isDead = false;
  /** Newest generation of the table of stores that it follows; 0 while it has not said. */
  generation = 0;
  /** Generation by which it chooses the store of a message now; 0 while it has not said. */
  activeGeneration = 0;
  /** Last batch applied, durable or not. */
  appliedSequence = 0;
  /** Last batch that is durable. */
  settledSequence = 0;
  /** Wildcard filters that it uses without their being durable. */
  filters: Set<string> = new Set<string>();
  /** State spaces whose changes it wants to know. */
  watched: Set<number> = new Set<number>();
  /** Topic numbers of its connection. */
  topics: Map<number, NodeTopic> = new Map<number, NodeTopic>();
  openQueues = 0;
  /** Claims that it owns. */
  claims = 0;
  /** The store's `minimaMoved` when it was told last which queues begin later. */
  toldMoves = 0;

  constructor(id: string, name: string, number: number, leaseMs: number, now: number) {
    this.id = id;
    this.name = name;
    this.number = number;
    this.leaseMs = leaseMs;
    this.lastSeen = now;
  }

  get origin(): number {
    return originOf(this.number);
  }
}
