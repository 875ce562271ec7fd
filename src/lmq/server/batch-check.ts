import type { Batch, Write } from '../../rpc/messages/store-v1.ts';
import { isRecord, recordLength, recordTopicLength } from '../spi/record.ts';
import { StateSpace } from '../spi/types.ts';
import { NodeProtocolError } from './node-protocol-error.ts';
import type { NodeTopic, ServerNode } from './server-node.ts';

const NUMBER_BYTES = 4;
/** Longest key, consumer, filter or claim in UTF-16 units: what MQTT allows and a little more. */
const MAX_NAME_LENGTH = 70_000;

/** The state spaces that nodes may use: the others are the server's. */
const NODE_SPACES: ReadonlySet<number> = new Set(
  Object.values(StateSpace).filter(
    (space) => space !== StateSpace.NODE && space !== StateSpace.CLAIM,
  ),
);

/** @throws NodeProtocolError when there is no such space, or it is the server's own */
export function checkedSpace(space: number): StateSpace {
  if (!NODE_SPACES.has(space)) throw new NodeProtocolError(`no such state space: ${String(space)}`);
  return space as StateSpace;
}

/** @throws NodeProtocolError when it is longer than any that a client can make */
export function checkedName(name: string): string {
  if (name.length > MAX_NAME_LENGTH) {
    throw new NodeProtocolError(`a name of ${String(name.length)} characters`);
  }
  return name;
}

/**
 * Looks at everything in a batch before anything of it is written: it is applied as a whole or not at all.
 * @param hasQueue whether the node has a queue open
 * @throws NodeProtocolError
 */
export function checkBatch(
  batch: Batch,
  node: ServerNode,
  hasQueue: (id: number) => boolean,
): void {
  const count = checkRecords(batch, node);
  let before = 0;
  for (const write of batch.writes) {
    if (write.beforeRecord < before || write.beforeRecord > count) {
      throw new NodeProtocolError('writes of a batch are out of order');
    }
    before = write.beforeRecord;
    checkWrite(write, hasQueue);
  }
}

function checkRecords({ records, topicNumbers }: Batch, { topics }: ServerNode): number {
  const count = topicNumbers.length / NUMBER_BYTES;
  let at = 0;
  let number = -1;
  let topic: NodeTopic | undefined;
  for (let i = 0; i < topicNumbers.length; i += NUMBER_BYTES) {
    if (topicNumbers.length - i < NUMBER_BYTES || !isRecord(records, at, records.length)) {
      throw new NodeProtocolError(`record ${String(i / NUMBER_BYTES)} of a batch is malformed`);
    }
    const next = topicNumbers.readUInt32LE(i);
    if (next !== number) topic = topics.get((number = next));
    if (topic === undefined) {
      throw new NodeProtocolError(`topic number ${String(number)} is not defined`);
    }
    if (recordTopicLength(records, at) !== topic.bytes) {
      throw new NodeProtocolError(`record of another topic than number ${String(number)}`);
    }
    at += recordLength(records, at);
  }
  if (at !== records.length) throw new NodeProtocolError('a batch has more records than topics');
  return count;
}

function checkWrite(write: Write, hasQueue: (id: number) => boolean): void {
  const { putState, deleteState, commitOffset, deleteOffset } = write;
  if (putState !== undefined || deleteState !== undefined) {
    const { space, key } = putState ?? (deleteState as NonNullable<typeof deleteState>);
    checkedSpace(space);
    checkedName(key);
  } else if (commitOffset !== undefined || deleteOffset !== undefined) {
    const { consumer, queue } = commitOffset ?? (deleteOffset as NonNullable<typeof deleteOffset>);
    checkedName(consumer);
    if (!hasQueue(queue)) throw new NodeProtocolError(`queue ${String(queue)} is not open`);
    if (commitOffset !== undefined && !Number.isSafeInteger(commitOffset.offset)) {
      throw new NodeProtocolError('an offset of more than 53 bits');
    }
  } else {
    const { acquireFilter, releaseFilter, pinFilter, unpinFilter, releaseClaim } = write;
    const name =
      acquireFilter?.filter ?? releaseFilter?.filter ?? pinFilter ?? unpinFilter ?? releaseClaim;
    if (name === undefined) throw new NodeProtocolError('an unknown write');
    checkedName(name);
  }
}
