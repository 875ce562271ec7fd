import type {
  Batch,
  Hello,
  NodeFrame,
  Reply,
  Request,
  StoreFrame,
  Welcome,
} from '../../../../src/rpc/messages/store-v1.ts';
import type { RpcStatus } from '../../../../src/rpc/rpc-status.ts';
import { NodeStream } from '../../../../src/lmq/server/node-stream.ts';
import type { NodeLink } from '../../../../src/lmq/server/outbox.ts';
import type { StoreCore } from '../../../../src/lmq/server/store-core.ts';
import { recordLength } from '../../../../src/lmq/spi/record.ts';
import { eventually } from '../../../helpers/eventually.ts';

/** The store's end of a stream that leads nowhere. */
export class FakeLink implements NodeLink {
  readonly frames: StoreFrame[] = [];
  isCongested = false;
  isPaused = false;
  isEnded = false;
  failure: { status: RpcStatus; message: string } | undefined;
  onOver: () => void = () => undefined;

  write(frame: StoreFrame): void {
    this.frames.push(frame);
  }

  end(): void {
    this.isEnded = true;
    this.onOver();
  }

  fail(status: RpcStatus, message: string): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.failure = { status, message };
    this.onOver();
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }
}

export const EMPTY_HELLO: Hello = {
  minVersion: 1,
  maxVersion: 1,
  nodeId: '',
  nodeName: '',
  leaseMs: 0,
  resumes: false,
  claims: [],
  queues: [],
  filters: [],
  watchedSpaces: [],
  more: false,
};

const NO_BYTES = Buffer.alloc(0);

export interface Record {
  readonly topic: number;
  readonly record: Buffer;
}

export interface BatchParts extends Partial<Omit<Batch, 'records' | 'topicNumbers'>> {
  readonly records?: readonly Record[];
}

/** A gateway node that speaks the protocol by hand. */
export class FakeNode {
  readonly id: string;
  readonly #core: StoreCore;
  link: FakeLink = new FakeLink();
  #stream: NodeStream | undefined;
  #sequence = 0;
  #requests = 0;

  constructor(core: StoreCore, id: string) {
    this.#core = core;
    this.id = id;
  }

  get frames(): readonly StoreFrame[] {
    return this.link.frames;
  }

  /** Begins a stream with a hello; the one before is not ended. */
  hello(fields: Partial<Hello> = {}): void {
    this.link = new FakeLink();
    const stream = new NodeStream(this.#core, this.link);
    this.link.onOver = () => {
      stream.over();
    };
    this.#stream = stream;
    const nodeName = fields.nodeName ?? this.id;
    this.send({ hello: { ...EMPTY_HELLO, nodeId: this.id, ...fields, nodeName } });
  }

  async attach(fields: Partial<Hello> = {}): Promise<Welcome> {
    this.hello(fields);
    await eventually('a welcome', () => this.frames.some(({ welcome }) => isSet(welcome)));
    return this.frames.map(({ welcome }) => welcome).find(isSet) as Welcome;
  }

  /** The connection breaks. */
  cut(): void {
    this.#stream?.over();
  }

  send(frame: Partial<NodeFrame>): void {
    this.#stream?.receive({ requests: [], ...frame });
  }

  beat(): void {
    this.send({});
  }

  drained(): void {
    this.link.isCongested = false;
    this.#stream?.drained();
  }

  /** Sends a batch with the next number; returns the number. */
  batch(parts: BatchParts): number {
    const records = parts.records ?? [];
    const topicNumbers = Buffer.alloc(records.length * 4);
    for (const [i, { topic }] of records.entries()) topicNumbers.writeUInt32LE(topic, i * 4);
    const batch: Batch = {
      sequence: parts.sequence ?? ++this.#sequence,
      topics: parts.topics ?? [],
      writes: parts.writes ?? [],
      topicNumbers,
      records: Buffer.concat(records.map(({ record }) => record)),
    };
    this.send({ batch });
    return batch.sequence;
  }

  /** Sends a request without waiting; returns its id. */
  ask(request: Omit<Request, 'id'>): number {
    const id = ++this.#requests;
    this.send({ requests: [{ id, ...request }] });
    return id;
  }

  async request(request: Omit<Request, 'id'>): Promise<Reply> {
    const id = this.ask(request);
    await eventually('a reply', () => this.reply(id) !== undefined);
    return this.reply(id) as Reply;
  }

  reply(id: number): Reply | undefined {
    return this.frames.flatMap(({ replies }) => replies).find((reply) => reply.id === id);
  }

  async settled(sequence: number): Promise<void> {
    await eventually(`batch ${String(sequence)} to settle`, () =>
      this.frames.some(({ settled }) => isSet(settled) && settled.sequence >= sequence),
    );
  }

  get fenced(): string | undefined {
    return this.frames.map(({ fenced }) => fenced).find(isSet)?.reason;
  }

  get revoked(): string[] {
    return this.frames.flatMap(({ revoked }) => revoked);
  }

  get orphans(): string[] {
    return this.frames.flatMap(({ orphans }) => orphans);
  }

  /** Records that came with arrivals, by queue id, in order of offset. */
  get arrived(): Map<number, Buffer[]> {
    const found = new Map<number, Buffer[]>();
    for (const frame of this.frames) {
      for (const { queue, block, positions, count } of frame.arrivals) {
        if (block === 0) continue;
        const bytes = frame.blocks[block - 1] ?? NO_BYTES;
        const list = found.get(queue) ?? [];
        found.set(queue, list);
        list.push(...recordsAt(bytes, positions, count));
      }
    }
    return found;
  }
}

function recordsAt(block: Buffer, positions: Buffer, count: number): Buffer[] {
  const records: Buffer[] = [];
  let next = 0;
  for (let i = 0; i < count; i++) {
    const at = positions.length === 0 ? next : positions.readUInt32LE(i * 4);
    next = at + recordLength(block, at);
    records.push(block.subarray(at, next));
  }
  return records;
}

export function isSet<T>(message: T | null | undefined): message is T {
  return message !== undefined && message !== null;
}
