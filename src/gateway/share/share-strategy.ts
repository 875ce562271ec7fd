/** How the members of a shared subscription are chosen. The names are those of the configuration. */
export const ShareStrategyName = {
  /** In turn. */
  ROUND_ROBIN: 'round_robin',
  RANDOM: 'random',
  /** One member until it leaves. */
  STICKY: 'sticky',
  /** All messages of one publisher to one member, in their order, while the members stay the same. */
  HASH_CLIENTID: 'hash_clientid',
  /** All messages of one topic to one member, in their order, while the members stay the same. */
  HASH_TOPIC: 'hash_topic',
} as const;
export type ShareStrategyName = (typeof ShareStrategyName)[keyof typeof ShareStrategyName];

/** What of a message decides which member it goes to. */
export type HashedPart = 'publisher' | 'topic';

/** Chooses a member for each message of one group. Keeps state: one for each group. */
export interface ShareStrategy<Member> {
  /** The part of a message that `choose` wants the hash of; undefined: none. */
  readonly hashed: HashedPart | undefined;
  /** Undefined when the message has to wait until a member has room. */
  choose(
    members: readonly Member[],
    hash: number,
    hasRoom: (member: Member) => boolean,
  ): Member | undefined;
}

class RoundRobin<Member> implements ShareStrategy<Member> {
  readonly hashed = undefined;
  #next = 0;

  choose(
    members: readonly Member[],
    _hash: number,
    hasRoom: (member: Member) => boolean,
  ): Member | undefined {
    for (let tried = 0; tried < members.length; tried++) {
      if (this.#next >= members.length) this.#next = 0;
      const member = members[this.#next++] as Member;
      if (hasRoom(member)) return member;
    }
    return undefined;
  }
}

class Random<Member> implements ShareStrategy<Member> {
  readonly hashed = undefined;

  choose(
    members: readonly Member[],
    _hash: number,
    hasRoom: (member: Member) => boolean,
  ): Member | undefined {
    const { length } = members;
    const first = Math.floor(Math.random() * length);
    for (let tried = 0; tried < length; tried++) {
      const member = members[(first + tried) % length] as Member;
      if (hasRoom(member)) return member;
    }
    return undefined;
  }
}

class Sticky<Member> implements ShareStrategy<Member> {
  readonly hashed = undefined;
  #chosen: Member | undefined;

  choose(
    members: readonly Member[],
    _hash: number,
    hasRoom: (member: Member) => boolean,
  ): Member | undefined {
    const chosen = this.#chosen;
    if (chosen !== undefined && members.includes(chosen))
      return hasRoom(chosen) ? chosen : undefined;
    this.#chosen = members.find(hasRoom);
    return this.#chosen;
  }
}

/** Waits for its member rather than break the order. */
class Hash<Member> implements ShareStrategy<Member> {
  readonly hashed: HashedPart;

  constructor(hashed: HashedPart) {
    this.hashed = hashed;
  }

  choose(
    members: readonly Member[],
    hash: number,
    hasRoom: (member: Member) => boolean,
  ): Member | undefined {
    const member = members[hash % members.length];
    return member !== undefined && hasRoom(member) ? member : undefined;
  }
}

export function createShareStrategy<Member>(name: ShareStrategyName): ShareStrategy<Member> {
  switch (name) {
    case ShareStrategyName.ROUND_ROBIN:
      return new RoundRobin();
    case ShareStrategyName.RANDOM:
      return new Random();
    case ShareStrategyName.STICKY:
      return new Sticky();
    case ShareStrategyName.HASH_CLIENTID:
      return new Hash('publisher');
    case ShareStrategyName.HASH_TOPIC:
      return new Hash('topic');
  }
}

/** FNV-1a over UTF-16 units, not negative. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return hash >>> 0;
}
