import { LARGEST_PACKET } from '../codec/connect-packet.ts';
import { RecentView, viewOf } from '../../common/bytes/recent-view.ts';
import { sameBytes, sameWords, SHORTEST_VIEWED } from '../../common/bytes/same-bytes.ts';
import type { GatewayStats } from '../gateway-stats.ts';

/** Shorter names are not shorter as an alias. */
const SHORTEST_NAME = 3;
/** Longer names are sent as they are: the table of one connection stays small. */
const LONGEST_NAME = 1024;
/** Bytes by which an alias may make a packet longer: the property, and each of two length fields. */
const MOST_GROWTH = 5;
/** Names without an alias that are counted at a time; a power of two. */
const CANDIDATES = 64;
/** How many uses a topic must be ahead of the one whose alias it takes over: topics of one rate do not swap. */
const LEAD = 4;
/** Counts are halved after so many uses for each alias, so that topics of the past give way. */
const USES_PER_ALIAS = 64;
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

const NONE = Buffer.alloc(0);
/** Of the block of the log whose records go out. */
const records = new RecentView();

interface AliasedTopic {
  readonly alias: number;
  hash: number;
  name: Buffer;
  /** Of `name`. */
  view: DataView;
  uses: number;
}

/**
 * Topic aliases that the server has set on one connection (MQTT 5 §3.3.2.3.4), 1 to `maximum`
 * [MQTT-3.1.2-26]. The first topics get one at once; when there are no more, a topic that is sent more
 * often than the least used one takes its alias over. What is rare does not get that far, because
 * candidates compete for a place in a small table, where each other topic costs the holder a point.
 */
export class OutgoingAliases {
  /** Bytes of the topic name to send after the last `choose`: all, or 0 when the alias stands for it. */
  nameLength = 0;
  readonly #maximum: number;
  readonly #maximumPacketSize: number;
  readonly #stats: GatewayStats;
  readonly #topics: AliasedTopic[] = [];
  readonly #byHash = new Map<number, AliasedTopic>();
  #last: AliasedTopic | undefined;
  /** Pairs of hash and count; made when all aliases are given out. */
  #candidates: Uint32Array | undefined;
  /** No topic with an alias has been used less. */
  #fewestUses = 0;
  #usesLeft: number;

  /**
   * @param maximum at least 1
   * @param maximumPacketSize largest packet that the client takes, bytes
   */
  constructor(maximum: number, maximumPacketSize: number, stats: GatewayStats) {
    this.#maximum = maximum;
    this.#maximumPacketSize = maximumPacketSize;
    this.#stats = stats;
    this.#usesLeft = maximum * USES_PER_ALIAS;
  }

  /** Packets may become too large: their sizes have to be known. */
  get isLimited(): boolean {
    return this.#maximumPacketSize < LARGEST_PACKET;
  }

  /**
   * The alias for the name in `source[start, start + length)`, or 0 for none. The caller has to encode the
   * packet in this turn: the client is taken to know the alias from now on.
   * @param packetSize without alias, or 0 when it is far below what the client takes: one that would become too
   *   large with it gets none
   */
  choose(source: Buffer, start: number, length: number, packetSize: number): number {
    this.nameLength = length;
    if (length < SHORTEST_NAME || length > LONGEST_NAME) return 0;
    if (packetSize + MOST_GROWTH > this.#maximumPacketSize) return 0;
    if (--this.#usesLeft < 0) this.#age();
    const last = this.#last;
    if (last !== undefined && isSame(last, source, start, length)) return this.#use(last);
    const hash = hashOf(source, start, length);
    const topic = this.#byHash.get(hash);
    if (topic !== undefined) {
      // Two names of one hash: the second one goes without.
      return isSame(topic, source, start, length) ? this.#use(topic) : 0;
    }
    const chosen = this.#vacant(hash);
    if (chosen === undefined) return 0;
    this.#byHash.delete(chosen.hash);
    this.#byHash.set(hash, chosen);
    chosen.hash = hash;
    // A copy of its own size: a view would keep the chunk or segment that it is in.
    chosen.name = Buffer.allocUnsafeSlow(length);
    source.copy(chosen.name, 0, start, start + length);
    chosen.view = viewOf(chosen.name);
    this.#last = chosen;
    return chosen.alias;
  }

  #use(topic: AliasedTopic): number {
    this.nameLength = 0;
    topic.uses++;
    this.#last = topic;
    this.#stats.topicAliasesUsed++;
    return topic.alias;
  }

  /** An alias for a name that has none: a free one, or the one that it has earned. */
  #vacant(hash: number): AliasedTopic | undefined {
    if (this.#topics.length < this.#maximum) {
      const alias = this.#topics.length + 1;
      const topic: AliasedTopic = { alias, hash, name: NONE, view: viewOf(NONE), uses: 1 };
      this.#topics.push(topic);
      return topic;
    }
    const candidates = (this.#candidates ??= new Uint32Array(2 * CANDIDATES));
    const at = 2 * (hash & (CANDIDATES - 1));
    const uses = countMiss(candidates, at, hash);
    if (uses < this.#fewestUses + LEAD) return undefined;
    const least = this.#leastUsed();
    this.#fewestUses = least.uses;
    if (uses < least.uses + LEAD) return undefined;
    candidates[at + 1] = 0;
    least.uses = uses;
    return least;
  }

  #leastUsed(): AliasedTopic {
    let least = this.#topics[0] as AliasedTopic;
    for (const topic of this.#topics) if (topic.uses < least.uses) least = topic;
    return least;
  }

  #age(): void {
    this.#usesLeft = this.#maximum * USES_PER_ALIAS;
    this.#fewestUses >>>= 1;
    for (const topic of this.#topics) topic.uses >>>= 1;
    const candidates = this.#candidates;
    if (candidates === undefined) return;
    for (let at = 1; at < candidates.length; at += 2) (candidates[at] as number) >>>= 1;
  }
}

/** How often a name was sent without an alias, less the others that share its place. */
function countMiss(candidates: Uint32Array, at: number, hash: number): number {
  const count = candidates[at + 1] as number;
  if (candidates[at] === hash) return (candidates[at + 1] = count + 1);
  if (count > 1) {
    candidates[at + 1] = count - 1;
    return 0;
  }
  candidates[at] = hash;
  return (candidates[at + 1] = 1);
}

/** FNV-1a, 30 bits: such a number is no object. */
function hashOf(source: Buffer, start: number, length: number): number {
  let hash = FNV_OFFSET;
  for (let i = start; i < start + length; i++) {
    hash = Math.imul(hash ^ (source[i] as number), FNV_PRIME);
  }
  return (hash ^ (hash >>> 15)) & 0x3fff_ffff;
}

function isSame(topic: AliasedTopic, source: Buffer, start: number, length: number): boolean {
  if (topic.name.length !== length) return false;
  const view = length < SHORTEST_VIEWED ? undefined : records.of(source);
  if (view === undefined) return sameBytes(topic.name, source, start, start + length);
  return sameWords(topic.view, view, start, length);
}
