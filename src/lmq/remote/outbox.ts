import type { Batch, NodeFrame } from '../../rpc/messages/store-v1.ts';
import type { CommitWindow } from './commit-window.ts';
import type { LaneNumbers } from './lane-numbers.ts';
import { BATCHES_BEFORE_REQUESTS, BATCHES_UNDER_WAY } from './remote-options.ts';
import type { RequestTable } from './request-table.ts';
import type { SealedBatch } from './sealed-batch.ts';
import { DefinedTopics } from './topic-numbers.ts';

/** Where frames go. */
export interface FrameSink {
  readonly canSend: boolean;
  send(frame: NodeFrame): void;
}

/** Sends batches and requests, in the order in which they were made, as far as they may be under way. */
export class Outbox {
  readonly #commits: CommitWindow;
  readonly #requests: RequestTable;
  readonly #numbers: LaneNumbers;
  readonly #sink: FrameSink;
  #defined = new DefinedTopics();
  #isScheduled = false;

  constructor(
    commits: CommitWindow,
    requests: RequestTable,
    numbers: LaneNumbers,
    sink: FrameSink,
  ) {
    this.#commits = commits;
    this.#requests = requests;
    this.#numbers = numbers;
    this.#sink = sink;
  }

  /** There is something to send: at the end of the turn, so that all of the turn goes together. */
  schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#commits.endTurn();
      this.#send();
    });
  }

  /** The connection is gone. */
  rewind(): void {
    this.#defined = new DefinedTopics();
    this.#commits.rewind();
    this.#requests.rewind();
  }

  #send(): void {
    while (this.#sink.canSend) {
      const batch = this.#commits.next(
        this.#requests.waitsForWrites ? BATCHES_BEFORE_REQUESTS : BATCHES_UNDER_WAY,
      );
      const requests = this.#requests.take(this.#commits.lastSent);
      if (batch !== undefined) this.#sink.send({ batch: this.#encode(batch), requests });
      else if (requests.length > 0) this.#sink.send({ requests });
      else return;
    }
  }

  #encode(batch: SealedBatch): Batch {
    return {
      sequence: this.#numbers.sequenceOf(batch.commit),
      topics: this.#defined.missing(batch),
      topicNumbers: batch.topicNumberOfRecord,
      records: batch.records,
      writes: batch.writes,
    };
  }
}
