import { expect } from 'chai';
import fc from 'fast-check';
import { nextSlot, slotsOf } from '../../../../src/gateway/session/record-slots.ts';
import { PACKET_IDS, records, example, ofLane } from './inflight-record-samples.ts';

describe('slots of an in-flight record', () => {
  it('counts slots from the first identifier, or where it says', () => {
    expect(slotsOf(example)).to.deep.equal([PACKET_IDS - 1, PACKET_IDS + 1]);
    expect(nextSlot(example)).to.equal(PACKET_IDS + 2);
    expect(slotsOf(ofLane)).to.deep.equal([3 * PACKET_IDS - 1, 3 * PACKET_IDS + 1]);
    expect(nextSlot(ofLane)).to.equal(3 * PACKET_IDS + 2);
  });

  it('has slots that give its identifiers, for any record', () => {
    fc.assert(
      fc.property(records, (record) => {
        const slots = slotsOf(record);
        expect(slots.map((slot) => (slot % PACKET_IDS) + 1)).to.deep.equal(
          record.entries.packetIds,
        );
        expect([...slots, nextSlot(record)]).to.deep.equal(
          [...slots, nextSlot(record)].sort((a, b) => a - b),
        );
      }),
    );
  });
});
