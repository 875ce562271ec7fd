import { expect } from 'chai';
import fc from 'fast-check';
import { isNamed } from '../../../../src/gateway/channel/is-named.ts';
import type { TopicEntry } from '../../../../src/gateway/routing/topic-table.ts';

function entryOf(bytes: Buffer): TopicEntry {
  return {
    name: bytes.toString(),
    bytes,
    view: undefined,
    topic: { name: bytes.toString(), bytes, lane: 0 } as unknown as TopicEntry['topic'],
    peer: undefined,
    version: 0,
  } as unknown as TopicEntry;
}

describe('isNamed', () => {
  it('says whether the name stands there, however long it is and however often the chunk is used', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 80 }),
        fc.nat({ max: 5 }),
        fc.nat({ max: 79 }),
        (name, before, at) => {
          const bytes = Buffer.from(name);
          const entry = entryOf(bytes);
          const chunk = Buffer.concat([Buffer.alloc(before, 1), bytes, Buffer.of(2, 3)]);
          const end = before + bytes.length;
          for (let use = 0; use < 4; use++)
            expect(isNamed(entry, chunk, before, end)).to.equal(true);
          expect(isNamed(entry, chunk, before, end + 1)).to.equal(false);
          const wrong = before + (at % bytes.length);
          chunk[wrong] = (chunk[wrong] as number) ^ 0x10;
          expect(isNamed(entry, chunk, before, end)).to.equal(false);
        },
      ),
    );
  });
});
