import { expect } from 'chai';
import { RetainedReads } from '../../../../src/gateway/retained/retained-reads.ts';

/** A store whose reads end when the test says so. */
class SlowStore {
  readonly values = new Map<string, string>();
  readonly asked: string[] = [];
  #ends: (() => void)[] = [];

  getState(_space: number, key: string): Promise<Buffer | undefined> {
    this.asked.push(key);
    const value = this.values.get(key);
    return new Promise((resolve) => {
      this.#ends.push(() => {
        resolve(value === undefined ? undefined : Buffer.from(value));
      });
    });
  }

  async answer(): Promise<void> {
    const ends = this.#ends;
    this.#ends = [];
    for (const end of ends) end();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function texts(values: readonly (Buffer | undefined)[]): (string | undefined)[] {
  return values.map((value) => value?.toString());
}

describe('gateway: RetainedReads', () => {
  let store = new SlowStore();
  let reads = new RetainedReads(store);

  beforeEach(() => {
    store = new SlowStore();
    reads = new RetainedReads(store);
    for (const topic of ['a', 'b', 'c']) store.values.set(topic, `${topic}1`);
  });

  it('asks once for all who ask in the same moments', async () => {
    const first = reads.read(['a', 'b']);
    const second = reads.read(['b', 'none', 'c', 'a']);
    await store.answer();
    expect(texts(await first)).to.deep.equal(['a1', 'b1']);
    expect(texts(await second)).to.deep.equal(['b1', undefined, 'c1', 'a1']);
    expect(texts(await reads.read(['none', 'a']))).to.deep.equal([undefined, 'a1']);
    expect(store.asked).to.deep.equal(['a', 'b', 'none', 'c']);
  });

  it('asks again after a change, and after a while', async () => {
    void reads.read(['a', 'b']);
    await store.answer();
    store.values.set('a', 'a2');
    reads.changed('a');
    const later = reads.read(['a', 'b']);
    await store.answer();
    expect(texts(await later)).to.deep.equal(['a2', 'b1']);
    expect(store.asked).to.deep.equal(['a', 'b', 'a']);
    reads.age();
    reads.age();
    void reads.read(['b']);
    expect(store.asked).to.deep.equal(['a', 'b', 'a', 'b']);
  });

  it('does not give what has changed while it was read', async () => {
    const read = reads.read(['a', 'b']);
    store.values.set('a', 'a2');
    reads.changed('a');
    await store.answer();
    expect(store.asked).to.deep.equal(['a', 'b', 'a']);
    await store.answer();
    expect(texts(await read)).to.deep.equal(['a2', 'b1']);
  });

  it('asks again where one read is overtaken by a change and another read', async () => {
    const first = reads.read(['a']);
    store.values.set('a', 'a2');
    reads.changed('a');
    const second = reads.read(['a']);
    await store.answer();
    expect(texts([...(await first), ...(await second)])).to.deep.equal(['a2', 'a2']);
    expect(store.asked).to.deep.equal(['a', 'a']);
  });

  it('ends, whatever changes', async () => {
    let isDone = false as boolean;
    const read = reads.read(['a']).then((values) => {
      isDone = true;
      return values;
    });
    for (let i = 0; i < 10 && !isDone; i++) {
      reads.changed('a');
      await store.answer();
    }
    expect(isDone).to.equal(true);
    expect(texts(await read)).to.deep.equal(['a1']);
  });

  it('fails with the store, and asks again', async () => {
    let isBroken = true;
    const broken = new RetainedReads({
      getState: (space, key) =>
        isBroken ? Promise.reject(new Error('away')) : store.getState(space, key),
    });
    const both = await Promise.allSettled([broken.read(['a']), broken.read(['a'])]);
    expect(both.map(({ status }) => status)).to.deep.equal(['rejected', 'rejected']);
    isBroken = false;
    const read = broken.read(['a']);
    await store.answer();
    expect(texts(await read)).to.deep.equal(['a1']);
  });
});
