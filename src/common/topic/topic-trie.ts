import {
  excluding,
  includes,
  including,
  type Item,
  type OneOrMore,
  visitEach,
} from '../one-or-more.ts';

/** One level of the filters that share a path. Everything is allocated when first needed. */
class TrieNode<V extends Item> {
  /** Values of filters that end here. */
  values: OneOrMore<V> | undefined = undefined;
  /** Values of filters that end in `#` below this level. */
  hashValues: OneOrMore<V> | undefined = undefined;
  plus: TrieNode<V> | undefined = undefined;
  children: Map<string, TrieNode<V>> | undefined = undefined;

  get isEmpty(): boolean {
    return (
      this.values === undefined &&
      this.hashValues === undefined &&
      this.plus === undefined &&
      this.children === undefined
    );
  }

  child(level: string): TrieNode<V> | undefined {
    return level === '+' ? this.plus : this.children?.get(level);
  }

  childOrNew(level: string): TrieNode<V> {
    if (level === '+') return (this.plus ??= new TrieNode());
    this.children ??= new Map();
    let node = this.children.get(level);
    if (node === undefined) {
      node = new TrieNode();
      this.children.set(level, node);
    }
    return node;
  }

  removeChild(level: string): void {
    if (level === '+') {
      this.plus = undefined;
      return;
    }
    this.children?.delete(level);
    if (this.children?.size === 0) this.children = undefined;
  }
}

/**
 * Topic filters with values, looked up by topic name. Filters and names must be valid (`topic-filter.ts`,
 * `topic-name.ts`). Nothing recurses, since a name may have 65,535 levels. Memory grows with the levels
 * of the filters: whoever takes filters from peers limits their number and `levelCount`.
 */
export class TopicTrie<V extends Item> {
  readonly #root = new TrieNode<V>();
  #size = 0;

  /** Number of (filter, value) pairs. */
  get size(): number {
    return this.#size;
  }

  /** Adds `value` under `filter`; a pair that is already there stays single. */
  add(filter: string, value: V): void {
    let node = this.#root;
    const levels = filter.split('/');
    const isHash = levels.at(-1) === '#';
    if (isHash) levels.pop();
    for (const level of levels) node = node.childOrNew(level);
    const values = isHash ? node.hashValues : node.values;
    if (includes(values, value)) return;
    if (isHash) node.hashValues = including(values, value);
    else node.values = including(values, value);
    this.#size++;
  }

  /** Removes one pair and the levels that only it needed; false when there was no such pair. */
  remove(filter: string, value: V): boolean {
    const levels = filter.split('/');
    const isHash = levels.at(-1) === '#';
    if (isHash) levels.pop();
    let node = this.#root;
    const parents: TrieNode<V>[] = [];
    for (const level of levels) {
      const next = node.child(level);
      if (next === undefined) return false;
      parents.push(node);
      node = next;
    }
    const values = isHash ? node.hashValues : node.values;
    if (!includes(values, value)) return false;
    this.#size--;
    if (isHash) node.hashValues = excluding(values, value);
    else node.values = excluding(values, value);
    while (node.isEmpty) {
      const parent = parents.pop();
      if (parent === undefined) break;
      parent.removeChild(levels[parents.length] as string);
      node = parent;
    }
    return true;
  }

  /**
   * Calls `visit` for every value whose filter matches `topic`: once per pair, in no set order.
   * `visit` must not change the trie.
   */
  match(topic: string, visit: (value: V) => void): void {
    // [MQTT-4.7.2-1] no wildcard in the first level for names that begin with $
    let wildcards = !topic.startsWith('$');
    let nodes: TrieNode<V>[] = [this.#root];
    for (let start = 0; start <= topic.length && nodes.length > 0;) {
      const slash = topic.indexOf('/', start);
      const end = slash === -1 ? topic.length : slash;
      const level = topic.slice(start, end);
      const next: TrieNode<V>[] = [];
      for (const node of nodes) {
        if (wildcards) {
          visitEach(node.hashValues, visit);
          if (node.plus !== undefined) next.push(node.plus);
        }
        const child = node.children?.get(level);
        if (child !== undefined) next.push(child);
      }
      nodes = next;
      wildcards = true;
      start = end + 1;
    }
    for (const node of nodes) {
      visitEach(node.values, visit);
      visitEach(node.hashValues, visit);
    }
  }
}
