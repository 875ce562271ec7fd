import { expect } from 'chai';
import { mergedScan, type StateEntry } from '../../../../src/lmq/routed/merged-scan.ts';
import { compareKeys } from '../../../../src/lmq/spi/key-order.ts';
import { rejection } from '../../../conformance/lmq-store/harness.ts';

class Scan implements AsyncIterable<StateEntry> {
  readonly #name: string;
  readonly #keys: readonly string[];
  isLeft = false;

  constructor(name: string, ...keys: string[]) {
    this.#name = name;
    this.#keys = keys;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<StateEntry> {
    try {
      for (const key of this.#keys) {
        await Promise.resolve();
        if (key === 'broken') throw new Error('broken');
        yield { key, value: Buffer.from(this.#name) };
      }
    } finally {
      this.isLeft = true;
    }
  }
}

async function all(...scans: Scan[]): Promise<string[]> {
  const found: string[] = [];
  for await (const { key, value } of mergedScan(scans)) found.push(`${key}:${value.toString()}`);
  return found;
}

describe('mergedScan', () => {
  it('goes through all keys in their order, each once, with what the last scan has', async () => {
    const scans = [
      new Scan('0', 'a', 'c', 'd'),
      new Scan('1', 'b', 'c'),
      new Scan('2', 'a', 'd', 'e'),
    ];
    expect(await all(...scans)).to.deep.equal(['a:2', 'b:1', 'c:1', 'd:2', 'e:2']);
    expect(await all()).to.deep.equal([]);
    expect(await all(new Scan('0'), new Scan('1'))).to.deep.equal([]);
    expect(await all(new Scan('0', 'x'), new Scan('1'))).to.deep.equal(['x:0']);
  });

  it('leaves all scans when it is left, and when one of them fails', async () => {
    const scans = [new Scan('0', 'a', 'b'), new Scan('1', 'c', 'd')];
    for await (const { key } of mergedScan(scans)) {
      expect(key).to.equal('a');
      break;
    }
    expect(scans.map(({ isLeft }) => isLeft)).to.deep.equal([true, true]);
    const broken = [new Scan('0', 'a', 'broken'), new Scan('1', 'c')];
    expect(await rejection(all(...broken))).to.deep.include({ message: 'broken' });
    expect(broken.map(({ isLeft }) => isLeft)).to.deep.equal([true, true]);
  });

  it('orders keys by their UTF-8', () => {
    const keys = [
      '',
      'a',
      'ab',
      'b',
      'ü',
      '\ud7ff',
      '\ue000',
      '\uffee',
      '\uffff',
      '😀',
      '😁',
      '\u{10000}',
      '\u{10ffff}',
      'a😀',
      'a\uffee',
    ];
    for (const a of keys) {
      for (const b of keys) {
        const order = Buffer.compare(Buffer.from(a), Buffer.from(b));
        expect(Math.sign(compareKeys(a, b)), `${a} ${b}`).to.equal(order);
      }
    }
  });
});
