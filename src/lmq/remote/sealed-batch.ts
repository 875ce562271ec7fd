import type { Write } from '../../rpc/messages/store-v1.ts';
import type { CommitNumber } from '../spi/types.ts';
import type { RemoteTopic } from './remote-topic.ts';

/** What one commit has written, as it goes to the store; kept until it is settled. */
export interface SealedBatch {
  readonly commit: CommitNumber;
  readonly records: Buffer;
  /** Topic number of each record, u32 little endian. */
  readonly topicNumberOfRecord: Buffer;
  /** The different topics of the records, their numbers, and how many records each has. */
  readonly topics: readonly RemoteTopic[];
  readonly topicNumbers: readonly number[];
  readonly topicRecords: readonly number[];
  readonly writes: readonly Write[];
  /** What it counts in the backlog. */
  readonly bytes: number;
}
