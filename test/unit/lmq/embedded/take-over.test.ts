import { expect } from 'chai';
import { encodeLogBound, LOG_END_KEY } from '../../../../src/lmq/embedded/layout/v1/meta.ts';
import { TakeOver } from '../../../../src/lmq/embedded/take-over.ts';
import { Random } from '../../../helpers/random.ts';

/** A batch: its writes in order, and what they leave. */
class Sink {
  readonly writes: string[] = [];
  readonly content = new Map<string, string>();

  put(key: Buffer, value: Buffer): void {
    this.writes.push(`put ${key.toString('hex')}`);
    this.content.set(key.toString('hex'), value.toString('hex'));
  }

  del(key: Buffer): void {
    this.writes.push(`del ${key.toString('hex')}`);
    this.content.delete(key.toString('hex'));
  }
}

function logEnd(block: number): Buffer {
  return encodeLogBound({ block, bytesBefore: block * 100, recordsBefore: block });
}

describe('TakeOver', () => {
  let takeOver: TakeOver;
  let sink: Sink;

  beforeEach(() => {
    takeOver = new TakeOver();
    sink = new Sink();
    takeOver.begin(sink);
  });

  it('puts where the log ends once, as the last commit has it', () => {
    for (let block = 1; block <= 50; block++) {
      takeOver.put(Buffer.of(0x10, block), Buffer.from('records'));
      takeOver.put(LOG_END_KEY, logEnd(block));
    }
    takeOver.end();
    expect(sink.writes).to.have.length(51);
    expect(sink.content.size).to.equal(51);
    expect(sink.content.get(LOG_END_KEY.toString('hex'))).to.equal(logEnd(50).toString('hex'));
  });

  it('keeps the value though the memory that it was given in is used again', () => {
    const value = logEnd(7);
    takeOver.put(LOG_END_KEY, value);
    value.fill(0);
    takeOver.end();
    expect(sink.content.get(LOG_END_KEY.toString('hex'))).to.equal(logEnd(7).toString('hex'));
  });

  it('puts nothing where no commit has moved the end, whatever was taken over before', () => {
    takeOver.put(LOG_END_KEY, logEnd(1));
    takeOver.end();
    const next = new Sink();
    takeOver.begin(next);
    takeOver.put(Buffer.of(0x40, 1), Buffer.from('offset'));
    takeOver.end();
    expect(next.writes).to.deep.equal(['put 4001']);
  });

  it('leaves what writing all in order leaves', () => {
    const keys = [
      LOG_END_KEY,
      Buffer.from('\0log', 'latin1'),
      Buffer.of(0x10, 1),
      Buffer.of(0x20, 1, 2, 3),
    ];
    const random = new Random(891);
    for (let round = 0; round < 200; round++) {
      const expected = new Sink();
      const given = new Sink();
      takeOver.begin(given);
      for (let write = 0; write < 12; write++) {
        const key = keys[random.below(keys.length)] as Buffer;
        if (random.below(5) === 0) {
          expected.del(key);
          takeOver.del(key);
        } else {
          const value = random.below(4) === 0 ? Buffer.from('other') : logEnd(write);
          expected.put(key, value);
          takeOver.put(key, value);
        }
      }
      takeOver.end();
      expect(given.content, String(round)).to.deep.equal(expected.content);
    }
  });
});
