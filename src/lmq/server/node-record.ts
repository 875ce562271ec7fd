/**
 * What the server keeps in the store for itself.
 *
 * ```
 * space NODE   "m"            u8 version (1) · u32 number of the next node · store id, UTF-8
 *              "n" node id    u8 version (1) · u32 number · u32 lease, ms · u64 last batch · name, UTF-8
 *              "g"            u8 version (1) · u32 generation of the table of stores that nodes must follow
 *              "f" u32 number of a node, decimal · " " · wildcard filter that it uses without its being durable: empty
 * space CLAIM  claim          u32 number of the node that owns it; no such node: an orphan
 * ```
 * Big endian.
 */
import { ErrorCode, StoreError } from '../../common/errors.ts';

const VERSION = 1;
const META_BYTES = 5;
const NODE_BYTES = 17;
const CLAIM_BYTES = 4;
const GENERATION_BYTES = 5;
const TWO_32 = 0x1_0000_0000;

export const META_KEY = 'm';
export const GENERATION_KEY = 'g';
const NODE_PREFIX = 'n';
const FILTER_PREFIX = 'f';

/** Number that is no node's: what it owns is an orphan. */
export const NO_NODE = 0;

export interface StoreMeta {
  readonly nextNumber: number;
  readonly storeId: string;
}

export interface NodeRecord {
  readonly number: number;
  readonly leaseMs: number;
  /** Last batch of the node that is durable with this record. */
  readonly sequence: number;
  readonly name: string;
}

export function nodeKey(id: string): string {
  return NODE_PREFIX + id;
}

/** Node id of a key, or undefined for the key of something else. */
export function nodeIdOf(key: string): string | undefined {
  return key.startsWith(NODE_PREFIX) ? key.slice(1) : undefined;
}

export function nodeFilterKey(number: number, filter: string): string {
  return `${FILTER_PREFIX}${String(number)} ${filter}`;
}

/** Node and filter of a key, or undefined for the key of something else. */
export function nodeFilterOf(key: string): { number: number; filter: string } | undefined {
  if (!key.startsWith(FILTER_PREFIX)) return undefined;
  const end = key.indexOf(' ');
  return { number: Number(key.slice(1, end)), filter: key.slice(end + 1) };
}

export function encodeMeta({ nextNumber, storeId }: StoreMeta): Buffer {
  const head = Buffer.alloc(META_BYTES);
  head[0] = VERSION;
  head.writeUInt32BE(nextNumber, 1);
  return Buffer.concat([head, Buffer.from(storeId)]);
}

/** @throws StoreError when it is no such record */
export function decodeMeta(value: Buffer): StoreMeta {
  check(value, META_BYTES, 'of the store server itself');
  return { nextNumber: value.readUInt32BE(1), storeId: value.toString('utf8', META_BYTES) };
}

export function encodeNode({ number, leaseMs, sequence, name }: NodeRecord): Buffer {
  const bytes = Buffer.allocUnsafe(NODE_BYTES + Buffer.byteLength(name));
  bytes[0] = VERSION;
  bytes.writeUInt32BE(number, 1);
  bytes.writeUInt32BE(leaseMs, 5);
  bytes.writeUInt32BE(Math.floor(sequence / TWO_32), 9);
  bytes.writeUInt32BE(sequence % TWO_32, 13);
  bytes.write(name, NODE_BYTES);
  return bytes;
}

/** @throws StoreError when it is no such record */
export function decodeNode(value: Buffer): NodeRecord {
  check(value, NODE_BYTES, 'of a gateway node');
  return {
    number: value.readUInt32BE(1),
    leaseMs: value.readUInt32BE(5),
    sequence: value.readUInt32BE(9) * TWO_32 + value.readUInt32BE(13),
    name: value.toString('utf8', NODE_BYTES),
  };
}

export function encodeGeneration(generation: number): Buffer {
  const bytes = Buffer.allocUnsafe(GENERATION_BYTES);
  bytes[0] = VERSION;
  bytes.writeUInt32BE(generation, 1);
  return bytes;
}

/** @throws StoreError when it is no such record */
export function decodeGeneration(value: Buffer): number {
  check(value, GENERATION_BYTES, 'of the generation that nodes must follow');
  return value.readUInt32BE(1);
}

export function encodeClaim(number: number): Buffer {
  const bytes = Buffer.allocUnsafe(CLAIM_BYTES);
  bytes.writeUInt32BE(number);
  return bytes;
}

/** @throws StoreError when it is no such record */
export function decodeClaim(value: Buffer): number {
  if (value.length !== CLAIM_BYTES) throw corrupt('of a claim');
  return value.readUInt32BE();
}

function check(value: Buffer, bytes: number, what: string): void {
  if (value.length < bytes || value[0] !== VERSION) throw corrupt(what);
}

function corrupt(what: string): StoreError {
  return new StoreError(ErrorCode.STORE_CORRUPT, `the record ${what} in the store is not readable`);
}
