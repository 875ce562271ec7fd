import type { Hello } from '../../rpc/messages/store-v1.ts';

/** Versions of the protocol that this node speaks. */
const VERSION = 1;
/** Characters of names that one frame takes. */
const PART_LENGTH = 512 * 1024;

export interface Greeting {
  readonly nodeId: string;
  readonly nodeName: string;
  readonly leaseMs: number;
  readonly resumes: boolean;
  readonly claims: readonly string[];
  readonly queues: readonly string[];
  readonly filters: readonly string[];
  readonly watchedSpaces: readonly number[];
  readonly generation: number;
  readonly activeGeneration: number;
}

/** The hello of a node in as many parts as its lists need. */
export function helloParts(greeting: Greeting): Hello[] {
  const { claims, queues, filters } = greeting;
  const lists = [claims, queues, filters] as const;
  const parts: { names: [string[], string[], string[]]; length: number }[] = [];
  let part = { names: [[], [], []] as [string[], string[], string[]], length: 0 };
  for (const [kind, list] of lists.entries()) {
    for (const name of list) {
      if (part.length + name.length > PART_LENGTH && part.length > 0) {
        parts.push(part);
        part = { names: [[], [], []], length: 0 };
      }
      part.names[kind as 0 | 1 | 2].push(name);
      part.length += name.length;
    }
  }
  parts.push(part);
  return parts.map(({ names }, index) => ({
    minVersion: VERSION,
    maxVersion: VERSION,
    nodeId: greeting.nodeId,
    nodeName: greeting.nodeName,
    leaseMs: greeting.leaseMs,
    resumes: greeting.resumes,
    claims: names[0],
    queues: names[1].map((name) => ({ name, uses: 1 })),
    filters: names[2].map((filter) => ({ filter, uses: 1 })),
    watchedSpaces: greeting.watchedSpaces,
    more: index < parts.length - 1,
    generation: greeting.generation,
    activeGeneration: greeting.activeGeneration,
  }));
}
