import { NO_EXPIRY, recordSize, writeRecord } from '../../../../src/lmq/spi/record.ts';

export const none: Buffer = Buffer.alloc(0);

export function block(...payloads: string[]): { bytes: Buffer; positions: number[] } {
  const positions: number[] = [];
  const records = payloads.map((text) => {
    const payload = Buffer.from(text);
    const record = Buffer.alloc(recordSize(1, 0, 0, payload.length));
    writeRecord(
      record,
      0,
      1,
      Buffer.from('t'),
      none,
      none,
      NO_EXPIRY,
      0,
      0,
      payload,
      0,
      payload.length,
    );
    return record;
  });
  let at = 0;
  for (const record of records) {
    positions.push(at);
    at += record.length;
  }
  return { bytes: Buffer.concat(records), positions };
}

export function u32(...numbers: number[]): Buffer {
  return Buffer.from(new Uint32Array(numbers).buffer);
}
