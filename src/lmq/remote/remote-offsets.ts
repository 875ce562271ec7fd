import type { QueueOffset } from '../spi/types.ts';
import type { BatchWriter } from './batch-writer.ts';
import type { CommitWindow } from './commit-window.ts';
import type { RemoteQueue } from './remote-queue.ts';
import { type RequestTable, unexpected } from './request-table.ts';

/** How far consumers have come in queues of the store. Writes go into the open commit. */
export class RemoteOffsets {
  readonly #requests: Pick<RequestTable, 'ask'>;
  readonly #commits: Pick<CommitWindow, 'lastWritten'>;
  readonly #writer: Pick<BatchWriter, 'write'>;

  constructor(
    requests: Pick<RequestTable, 'ask'>,
    commits: Pick<CommitWindow, 'lastWritten'>,
    writer: Pick<BatchWriter, 'write'>,
  ) {
    this.#requests = requests;
    this.#commits = commits;
    this.#writer = writer;
  }

  commit(consumer: string, { wireId }: RemoteQueue, offset: QueueOffset): void {
    this.#writer.write({ commitOffset: { consumer, queue: wireId, offset } }, consumer.length);
  }

  delete(consumer: string, { wireId }: RemoteQueue): void {
    this.#writer.write({ deleteOffset: { consumer, queue: wireId } }, consumer.length);
  }

  /**
   * As this node has written it last; undefined when there is none.
   * @throws StoreError (rejection) what the store says, or STORE_UNAVAILABLE in time
   */
  load(consumer: string, { wireId }: RemoteQueue): Promise<QueueOffset | undefined> {
    return this.#requests.ask(
      { loadOffset: { consumer, queue: wireId } },
      this.#commits.lastWritten,
      (reply) => (reply.offset ?? unexpected(reply)).offset,
    );
  }
}
