/**
 * One topic with a retained message, as the index knows it; the message itself is in the store. The index keeps
 * one object for a topic from `set` to `delete`, so whoever holds it need not look the name up again.
 */
export interface RetainedTopic {
  readonly topic: string;
  /** Size of the stored record; `GONE` when the index has the topic no more. */
  bytes: number;
  /** Wall clock, ms; Infinity without message expiry. */
  expiresAt: number;
}

/** Size of the record of a topic that has been deleted. */
export const GONE = -1;

/** One topic level. */
class LevelNode {
  children: Map<string, LevelNode> | undefined = undefined;
  /** The topic that ends here. */
  value: RetainedTopic | undefined = undefined;
}

/** Children of a node that are still to be visited. */
interface Frame {
  readonly children: Iterator<readonly [string, LevelNode]>;
  /** Which level of the filter they are held against. */
  readonly level: number;
  readonly isFirstLevel: boolean;
}

/** Nodes visited without a hit before the walk offers to give way. */
const STEPS = 1000;

/**
 * Names of topics with a retained message, by level, so that a filter is answered by walking the part of
 * the tree that it spans. Filters and names must be valid. Nothing recurses: a name may have 65,535 levels.
 */
export class RetainedIndex {
  readonly #root = new LevelNode();
  #size = 0;
  #bytes = 0;

  /** Number of topics. */
  get size(): number {
    return this.#size;
  }

  /** Sum of the records' sizes. */
  get bytes(): number {
    return this.#bytes;
  }

  get(topic: string): RetainedTopic | undefined {
    let node: LevelNode | undefined = this.#root;
    for (const level of topic.split('/')) {
      node = node.children?.get(level);
      if (node === undefined) return undefined;
    }
    return node.value;
  }

  /** Adds a topic or replaces what is known of it. Returns the object that stays in the index. */
  set(value: RetainedTopic): RetainedTopic {
    let node = this.#root;
    for (const level of value.topic.split('/')) {
      node.children ??= new Map();
      let child = node.children.get(level);
      if (child === undefined) {
        child = new LevelNode();
        node.children.set(level, child);
      }
      node = child;
    }
    if (node.value === undefined) {
      this.#size++;
      this.#bytes += value.bytes;
      node.value = value;
    } else {
      this.update(node.value, value.bytes, value.expiresAt);
    }
    return node.value;
  }

  /** Replaces what is known of a topic that is in the index. */
  update(known: RetainedTopic, bytes: number, expiresAt: number): void {
    this.#bytes += bytes - known.bytes;
    known.bytes = bytes;
    known.expiresAt = expiresAt;
  }

  /** Removes a topic and the levels that only it needed; false when it was not there. */
  delete(topic: string): boolean {
    const levels = topic.split('/');
    const parents: LevelNode[] = [];
    let node = this.#root;
    for (const level of levels) {
      const child = node.children?.get(level);
      if (child === undefined) return false;
      parents.push(node);
      node = child;
    }
    if (node.value === undefined) return false;
    this.#size--;
    this.#bytes -= node.value.bytes;
    node.value.bytes = GONE;
    node.value = undefined;
    while (node.value === undefined && node.children === undefined) {
      const parent = parents.pop();
      if (parent === undefined) break;
      parent.children?.delete(levels[parents.length] as string);
      if (parent.children?.size === 0) parent.children = undefined;
      node = parent;
    }
    return true;
  }

  /**
   * Every topic that the filter matches; undefined now and then when there was none for a while, so that
   * a long walk can give way to others. The index may change meanwhile: what was there all along comes
   * exactly once, what came or went may or may not.
   */
  *match(filter: string): Generator<RetainedTopic | undefined, void, void> {
    const levels = filter.split('/');
    const stack: Frame[] = [];
    let node: LevelNode | undefined = this.#root;
    let level = 0;
    let isFirstLevel = true;
    for (let steps = 1; ; steps++) {
      if (node !== undefined) {
        const wanted = levels[level];
        if (wanted === undefined || (wanted === '#' && !isFirstLevel)) {
          // `a/#` matches `a` (4.7.1.2)
          if (node.value !== undefined) yield node.value;
        }
        if (wanted === '+' || wanted === '#') {
          if (node.children !== undefined) {
            const children = node.children.entries();
            stack.push({ children, level: wanted === '#' ? level : level + 1, isFirstLevel });
          }
        } else if (wanted !== undefined) {
          node = node.children?.get(wanted);
          level++;
          isFirstLevel = false;
          continue;
        }
      }
      if (steps % STEPS === 0) yield undefined;
      const frame = stack[stack.length - 1];
      if (frame === undefined) return;
      const next = frame.children.next();
      node = undefined;
      if (next.done === true) {
        stack.pop();
      } else if (!frame.isFirstLevel || !next.value[0].startsWith('$')) {
        // [MQTT-4.7.2-1] no wildcard in the first level for names that begin with $
        node = next.value[1];
        level = frame.level;
        isFirstLevel = false;
      }
    }
  }
}
