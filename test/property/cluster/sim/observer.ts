import { ClaimKind, claimKey, claimKind, claimName } from '../../../../src/lmq/spi/cluster.ts';
import { originOf } from '../../../../src/lmq/server/server-node.ts';
import { StateSpace } from '../../../../src/lmq/spi/types.ts';
import { ownerOf, textOf, type Entry } from './journal.ts';

export const SESSION_TOPIC = 'session/';
export const WILL_TOPIC = 'will/';

/** One connection of a simulated client. */
export interface ConnectionFate {
  readonly client: string;
  isAccepted: boolean;
  isDisconnected: boolean;
  isEnded: boolean;
}

/** Sees every write in the order of the disk, and what the gateways were told. */
export class Observer {
  readonly #serving: (client: string) => readonly number[];
  readonly violations: string[] = [];
  readonly connections: Map<string, ConnectionFate> = new Map<string, ConnectionFate>();
  readonly #owners = new Map<string, number>();
  readonly #tokens = new Set<string>();
  readonly #wills = new Set<string>();

  /** @param serving numbers of the nodes that a client gets messages from */
  constructor(serving: (client: string) => readonly number[]) {
    this.#serving = serving;
  }

  /** A write is durable. */
  readonly durable = (entry: Entry): void => {
    if (entry.kind === 'state') {
      if (entry.space === StateSpace.CLAIM) this.#owned(entry.key, ownerOf(entry.value));
      return;
    }
    const { topic, origin } = entry;
    const payload = textOf(entry.record);
    const client = topic.slice(topic.indexOf('/') + 1);
    const owner = this.#owners.get(claimKey(ClaimKind.SESSION, client)) ?? 0;
    if (owner === 0 || originOf(owner) !== origin) {
      this.violation(`node ${origin} writes ${topic} (${payload}), its owner is ${owner}`);
    }
    const seen = topic.startsWith(WILL_TOPIC) ? this.#wills : this.#tokens;
    if (seen.has(payload)) this.violation(`${topic} ${payload} is stored twice`);
    seen.add(payload);
  };

  #owned(key: string, owner: number): void {
    this.#owners.set(key, owner);
    if (owner === 0 || claimKind(key) !== ClaimKind.SESSION) return;
    const client = claimName(key);
    for (const origin of this.#serving(client)) {
      if (origin === originOf(owner)) continue;
      this.violation(`${client} is connected at node ${origin}, and node ${owner} owns it`);
    }
  }

  violation(text: string): void {
    this.violations.push(text);
  }

  /** A gateway was told that this is durable. */
  confirmed(token: string): void {
    if (!this.#tokens.has(token)) this.violation(`${token} counts as durable and is not`);
  }

  /** Nothing happens any more. */
  finish(): void {
    for (const [connection, { isAccepted, isDisconnected, isEnded }] of this.connections) {
      const isSent = this.#wills.has(connection);
      if (isAccepted && isEnded && !isDisconnected && !isSent) {
        this.violation(`the will of ${connection} is never sent`);
      }
    }
  }
}
