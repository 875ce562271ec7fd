import { packetIdStep } from './inflight-entries.ts';
import type { InflightRecord } from './inflight-record.ts';

/** Slot of each entry; those of a record that is all there is count from its first identifier. */
export function slotsOf({ entries, nextPacketId, place }: InflightRecord): number[] {
  const { packetIds } = entries;
  const slots: number[] = [];
  let next = place?.nextSlot ?? nextSlotOf(packetIds, nextPacketId);
  for (let i = packetIds.length - 1; i >= 0; i--) {
    next -= packetIdStep(packetIds[i] as number, packetIds[i + 1] ?? nextPacketId);
    slots[i] = next;
  }
  return slots;
}

/** Slot of the next packet identifier. */
export function nextSlot({ entries, nextPacketId, place }: InflightRecord): number {
  return place?.nextSlot ?? nextSlotOf(entries.packetIds, nextPacketId);
}

function nextSlotOf(packetIds: readonly number[], nextPacketId: number): number {
  let slot = (packetIds[0] ?? nextPacketId) - 1;
  for (let i = 0; i < packetIds.length; i++) {
    slot += packetIdStep(packetIds[i] as number, packetIds[i + 1] ?? nextPacketId);
  }
  return slot;
}
