import { ArrivalReader } from './arrival-reader.ts';
import type { FrameSink } from './outbox.ts';
import { Outbox } from './outbox.ts';
import { BatchWriter } from './batch-writer.ts';
import { Claims } from './claims.ts';
import { CommitOutcomes } from './commit-outcomes.ts';
import { CommitWindow } from './commit-window.ts';
import { LaneNumbers } from './lane-numbers.ts';
import { OrphanFeed } from './orphan-feed.ts';
import { RemoteFilters } from './remote-filters.ts';
import { RemoteOffsets } from './remote-offsets.ts';
import type { RemoteStoreOptions } from './remote-options.ts';
import { RemoteQueues } from './remote-queues.ts';
import { RemoteStates } from './remote-states.ts';
import { RequestTable } from './request-table.ts';
import { TailRing } from './tail-ring.ts';
import { TopicHandles } from './topic-handles.ts';

/** What a remote store consists of. */
export interface RemoteParts {
  readonly numbers: LaneNumbers;
  readonly writer: BatchWriter;
  readonly outcomes: CommitOutcomes;
  readonly commits: CommitWindow;
  readonly requests: RequestTable;
  readonly outbox: Outbox;
  readonly topics: TopicHandles;
  readonly ring: TailRing;
  readonly queues: RemoteQueues;
  readonly arrivals: ArrivalReader;
  readonly offsets: RemoteOffsets;
  readonly filters: RemoteFilters;
  readonly states: RemoteStates;
  readonly claims: Claims;
  readonly orphans: OrphanFeed;
}

export function assembleParts(options: RemoteStoreOptions, sink: FrameSink): RemoteParts {
  const { clock, logger, requestTimeoutMs } = options;
  const numbers = new LaneNumbers(options.lane);
  const writer: BatchWriter = new BatchWriter(clock, {
    onGrowth: () => {
      outbox.schedule();
    },
    onFull: () => {
      commits.seal();
    },
  });
  const outcomes = new CommitOutcomes(numbers.base);
  const commits = new CommitWindow(writer, outcomes, numbers.base);
  const requests = new RequestTable({
    clock,
    requestTimeoutMs,
    onRequest: () => {
      outbox.schedule();
    },
  });
  const outbox = new Outbox(commits, requests, numbers, sink);
  const topics = new TopicHandles(options.maxIdleTopics, numbers);
  const queues = new RemoteQueues(requests, commits, topics);
  const ring = new TailRing(options.tailBytes);
  const orphans = new OrphanFeed({ requests, commits, clock, logger });
  const claims = new Claims(requests, commits, writer, (key) => {
    orphans.strayed(key);
  });
  return {
    numbers,
    writer,
    outcomes,
    commits,
    requests,
    outbox,
    topics,
    ring,
    queues,
    arrivals: new ArrivalReader(queues, ring),
    offsets: new RemoteOffsets(requests, commits, writer),
    filters: new RemoteFilters(requests, commits, writer),
    states: new RemoteStates(requests, commits, writer, logger),
    claims,
    orphans,
  };
}
