/** A binary heap: the first of its elements by an order that may be partial. */
export class Heap<T> {
  readonly #before: (a: T, b: T) => boolean;
  readonly #elements: T[] = [];

  /** @param before whether `a` comes before `b` */
  constructor(before: (a: T, b: T) => boolean) {
    this.#before = before;
  }

  get size(): number {
    return this.#elements.length;
  }

  /** The first element, which stays. */
  get first(): T | undefined {
    return this.#elements[0];
  }

  push(element: T): void {
    const elements = this.#elements;
    let at = elements.push(element) - 1;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (!this.#before(element, elements[parent] as T)) break;
      elements[at] = elements[parent] as T;
      at = parent;
    }
    elements[at] = element;
  }

  /** Takes the first element out. */
  shift(): T | undefined {
    const elements = this.#elements;
    const first = elements[0];
    const last = elements.pop();
    if (elements.length > 0) this.#sink(last as T);
    return first;
  }

  /** To be called when the first element may not be the first any more. */
  firstChanged(): void {
    const first = this.#elements[0];
    if (first !== undefined) this.#sink(first);
  }

  /** Puts an element in the first place and lets it sink to its own. */
  #sink(element: T): void {
    const elements = this.#elements;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= elements.length) break;
      const right = child + 1;
      if (right < elements.length && this.#before(elements[right] as T, elements[child] as T)) {
        child = right;
      }
      if (!this.#before(elements[child] as T, element)) break;
      elements[at] = elements[child] as T;
      at = child;
    }
    elements[at] = element;
  }
}
