import { expect } from 'chai';
import { BlockWriter } from '../../../../src/lmq/embedded/block-writer.ts';
import {
  BLOCK_HEADER_BYTES,
  blockDamage,
  blockRecords,
} from '../../../../src/lmq/embedded/layout/v1/block.ts';

/** Appends `size` bytes of `fill` as the append path does. */
function append(writer: BlockWriter, size: number, fill: number): void {
  if (writer.at + size > writer.limit) writer.roll(size);
  writer.slab.fill(fill, writer.at, writer.at + size);
  writer.at += size;
  writer.block.records++;
}

describe('BlockWriter', () => {
  it('fills blocks to their size and gives a larger record a block of its own', () => {
    const writer = new BlockWriter(1_000);
    for (let i = 0; i < 30; i++) append(writer, 100, i);
    append(writer, 5_000, 100);
    append(writer, 10, 101);
    const blocks = writer.take();
    expect(blocks.map((block) => block.records)).to.deep.equal([9, 9, 9, 3, 1, 1]);
    expect(blocks.map((block) => block.number)).to.deep.equal([0, 1, 2, 3, 4, 5]);
    expect(blocks[4]?.buffer.length).to.equal(5_000 + BLOCK_HEADER_BYTES);
    for (const { buffer, records } of blocks) {
      expect(blockDamage(buffer)).to.equal(undefined);
      expect(blockRecords(buffer)).to.equal(records);
    }
  });

  it('counts the bytes since the last take, and goes on with the numbers', () => {
    const writer = new BlockWriter(1_000);
    writer.nextNumber = 7;
    expect(writer.bytes).to.equal(0);
    append(writer, 100, 1);
    expect(writer.bytes).to.equal(100 + BLOCK_HEADER_BYTES);
    append(writer, 950, 2);
    expect(writer.bytes).to.equal(1_050 + 2 * BLOCK_HEADER_BYTES);
    expect(writer.take().map((block) => block.number)).to.deep.equal([7, 8]);
    expect(writer.bytes).to.equal(0);
    expect(writer.take()).to.deep.equal([]);
    append(writer, 1, 3);
    expect(writer.take().map((block) => block.number)).to.deep.equal([9]);
  });

  it('never writes over a block that it gave away', () => {
    const writer = new BlockWriter(4_096);
    const kept: { buffer: Buffer; fill: number; size: number }[] = [];
    for (let i = 0; i < 2_000; i++) {
      const size = 1 + ((i * 131) % 6_000);
      append(writer, size, i % 251);
      for (const { buffer } of writer.take()) kept.push({ buffer, fill: i % 251, size });
    }
    for (const { buffer, fill, size } of kept) {
      expect(buffer.length).to.equal(size + BLOCK_HEADER_BYTES);
      expect(buffer.subarray(BLOCK_HEADER_BYTES).every((byte) => byte === fill)).to.equal(true);
      expect(blockDamage(buffer)).to.equal(undefined);
    }
  });

  it('lets small commits share memory', () => {
    const writer = new BlockWriter(32_768);
    const memory = new Set<ArrayBufferLike>();
    for (let i = 0; i < 1_000; i++) {
      append(writer, 60, 1);
      for (const { buffer } of writer.take()) memory.add(buffer.buffer);
    }
    const bytes = [...memory].reduce((sum, { byteLength }) => sum + byteLength, 0);
    expect(bytes).to.be.at.most(1 << 20);
  });
});
