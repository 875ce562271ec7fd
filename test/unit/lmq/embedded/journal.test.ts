import { expect } from 'chai';
import fs, { readdirSync, readlinkSync } from 'node:fs';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import sinon from 'sinon';
import { Journal } from '../../../../src/lmq/embedded/journal.ts';
import {
  encodeWrite,
  JOURNAL_HEADER_BYTES,
  JOURNAL_WRITE_BYTES,
  sealEntry,
} from '../../../../src/lmq/embedded/layout/v1/journal-entry.ts';
import { makeTempDir, removeTempDir } from '../../../helpers/temp-dir.ts';

const CAPACITY = 4096;

/** The writes that it was given, in order. */
class Sink {
  readonly writes: string[] = [];

  put(key: Buffer, value: Buffer): void {
    this.writes.push(`${key.toString()}=${value.toString()}`);
  }

  del(key: Buffer): void {
    this.writes.push(`-${key.toString()}`);
  }
}

describe('Journal', () => {
  let directory: string;
  let path: string;
  let journal: Journal;

  beforeEach(async () => {
    directory = await makeTempDir();
    path = join(directory, 'journal');
    journal = new Journal(directory, CAPACITY);
  });
  afterEach(async () => {
    sinon.restore();
    syncBuiltinESMExports();
    journal.close(false);
    await removeTempDir(directory);
  });

  function write(sequence: number, key: string, value: string | undefined): void {
    journal.begin(CAPACITY);
    const isAdded = journal.add(Buffer.from(key), value === undefined ? value : Buffer.from(value));
    expect(isAdded).to.equal(true);
    journal.write(sequence);
  }

  /** What the next process finds, of an engine that has everything up to `sequence`. */
  function replayed(sequence: number): { last: number; writes: string[] } {
    const sink = new Sink();
    const { last } = new Journal(directory, CAPACITY).replay(sequence, sink);
    return { last, writes: sink.writes };
  }

  it('leaves to the next process what the engine does not have, and nothing else', () => {
    write(5, 'a', '1');
    write(6, 'b', undefined);
    write(7, 'c', '3');
    expect(replayed(4)).to.deep.equal({ last: 7, writes: ['a=1', '-b', 'c=3'] });
    expect(replayed(6)).to.deep.equal({ last: 7, writes: ['c=3'] });
    expect(replayed(7)).to.deep.equal({ last: 7, writes: [] });
    expect(replayed(9), 'entries of a life before').to.deep.equal({ last: 9, writes: [] });
  });

  it('leaves nothing when what comes before its first entry is missing', () => {
    write(6, 'b', '2');
    expect(replayed(4)).to.deep.equal({ last: 4, writes: [] });
  });

  it('ends where an entry does not follow the one before, of an earlier life for one', () => {
    write(5, 'a', '1');
    write(7, 'c', '3');
    write(8, 'd', '4');
    expect(replayed(4)).to.deep.equal({ last: 5, writes: ['a=1'] });
  });

  it('takes no entry whose number is none', async () => {
    const buffer = Buffer.alloc(64);
    const end = encodeWrite(buffer, JOURNAL_HEADER_BYTES, Buffer.from('a'), Buffer.from('1'));
    sealEntry(buffer, 0, end, 5);
    buffer.fill(0xff, 8, JOURNAL_HEADER_BYTES);
    buffer.writeUInt32BE(crc32(buffer.subarray(8, end)), 4);
    await writeFile(path, buffer.subarray(0, end));
    expect(replayed(4)).to.deep.equal({ last: 4, writes: [] });
  });

  it('finds nothing in a file of zeros, and where there is none', async () => {
    expect(replayed(0)).to.deep.equal({ last: 0, writes: [] });
    await writeFile(path, Buffer.alloc(1000));
    expect(replayed(0)).to.deep.equal({ last: 0, writes: [] });
  });

  it('fails when the file cannot be read', async () => {
    await mkdir(path);
    expect(() => replayed(0)).to.throw('EISDIR');
  });

  it('takes an entry of all the room that there is, and not a byte more', () => {
    const value = Buffer.alloc(100);
    const room = JOURNAL_HEADER_BYTES + JOURNAL_WRITE_BYTES + 1 + value.length;
    journal.begin(room - 1);
    expect(journal.add(Buffer.from('k'), value)).to.equal(false);
    journal.begin(room);
    expect(journal.add(Buffer.from('k'), value)).to.equal(true);
    expect(journal.add(Buffer.from('l'), undefined)).to.equal(false);
  });

  it('writes on when the file system takes a part', () => {
    const { writeSync } = fs;
    const partly = (file: number, bytes: Buffer, from: number, length: number, at: number) =>
      writeSync(file, bytes, from, Math.min(length, 7), at);
    const stub = sinon.stub(fs, 'writeSync').callsFake(partly as typeof writeSync);
    syncBuiltinESMExports();
    write(1, 'key', 'a value of more than seven bytes');
    expect(stub.callCount).to.be.above(7);
    expect(replayed(0).writes).to.deep.equal(['key=a value of more than seven bytes']);
  });

  it('is for its owner alone', async () => {
    write(1, 'a', '1');
    expect((await stat(path)).mode & 0o777).to.equal(0o600);
  });

  it('keeps the file open no longer than it is used, and removes it only when the engine has all', async () => {
    const isOpen = (): boolean =>
      readdirSync('/proc/self/fd').some((fd) => {
        try {
          return readlinkSync(`/proc/self/fd/${fd}`) === path;
        } catch {
          // It was open for the listing itself.
          return false;
        }
      });
    write(1, 'a', '1');
    expect(isOpen()).to.equal(true);
    journal.close(false);
    expect(isOpen()).to.equal(false);
    expect((await readFile(path)).length).to.be.above(0);
    write(2, 'b', '2');
    journal.close(true);
    expect(readdirSync(directory)).to.deep.equal([]);
  });

  for (const length of [255, 256, 257, 258, 1000]) {
    it(`gives back keys and values of ${length} bytes`, () => {
      const text = Array.from({ length }, (_, i) => String.fromCharCode(97 + (i % 26))).join('');
      write(1, text, text.toUpperCase());
      expect(replayed(0).writes).to.deep.equal([`${text}=${text.toUpperCase()}`]);
      const sink = new Sink();
      journal.copyWaiting(sink);
      expect(sink.writes).to.deep.equal([`${text}=${text.toUpperCase()}`]);
    });
  }
});
