type Value = Buffer | undefined;
type ReadMany = (keys: readonly Buffer[]) => Promise<Value[]>;

interface Waiting {
  readonly key: Buffer;
  readonly resolve: (value: Value) => void;
  readonly reject: (error: unknown) => void;
}

/** Read at a time: values of one read are in memory together. */
const MOST_KEYS = 256;

/** Reads the keys that are asked for one by one in one turn together: a read costs a trip to another thread. */
export class ReadBatch {
  readonly #readMany: ReadMany;
  #waiting: Waiting[] = [];

  constructor(readMany: ReadMany) {
    this.#readMany = readMany;
  }

  read(key: Buffer): Promise<Value> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ key, resolve, reject });
      if (this.#waiting.length === MOST_KEYS) this.#readAll();
      else if (this.#waiting.length === 1) queueMicrotask(this.#readAll);
    });
  }

  readonly #readAll = (): void => {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    this.#readMany(waiting.map(({ key }) => key)).then(
      (values) => {
        for (const [i, { resolve }] of waiting.entries()) resolve(values[i]);
      },
      (error: unknown) => {
        for (const { reject } of waiting) reject(error);
      },
    );
  };
}
