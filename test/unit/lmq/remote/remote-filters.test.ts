import { expect } from 'chai';
import { ErrorCode, StoreError } from '../../../../src/common/errors.ts';
import { RemoteFilters } from '../../../../src/lmq/remote/remote-filters.ts';
import type { RequestTable } from '../../../../src/lmq/remote/request-table.ts';
import type { RegisteredFilter, Reply, Write } from '../../../../src/rpc/messages/store-v1.ts';
import { failureOf } from '../../../helpers/failure-of.ts';

const unavailable = () => new StoreError(ErrorCode.STORE_UNAVAILABLE, 'not in time');

describe('filters of a remote store', () => {
  /** What the store has, or fails with, one for each question. */
  let answers: (readonly RegisteredFilter[] | Error)[];
  let written: Partial<Write>[];
  let touched: number;
  let commits: { lastWritten: number; failure: StoreError | undefined };
  let filters: RemoteFilters;

  const ask: RequestTable['ask'] = async (_body, _after, take) => {
    const answer = answers.shift();
    if (answer === undefined) throw new Error('asked too often');
    if (answer instanceof Error) throw answer;
    const reply: Partial<Reply> = { id: 1, filters: { filters: answer } };
    return take(reply as Reply);
  };

  beforeEach(() => {
    answers = [];
    written = [];
    touched = 0;
    commits = { lastWritten: 0, failure: undefined };
    filters = new RemoteFilters({ ask }, commits, {
      touch: () => {
        touched++;
      },
      write: (write: Partial<Write>) => {
        written.push(write);
      },
    });
  });

  it('are those of the store; of a use of this node that the store counts too there is one', async () => {
    filters.acquire('a/#', false);
    answers = [
      [
        { filter: 'a/#', pinned: false, uses: 3 },
        { filter: 'b/#', pinned: true, uses: 0 },
      ],
    ];
    await filters.load(() => false);
    expect(filters.list()).to.deep.equal([
      { filter: 'a/#', pinned: false, uses: 3 },
      { filter: 'b/#', pinned: true, uses: 0 },
    ]);
    expect(filters.greet()).to.deep.equal(['a/#']);
  });

  it('are asked for until the store is there, for a node that is patient', async () => {
    answers = [unavailable(), unavailable(), [{ filter: 'a/#', pinned: false, uses: 1 }]];
    await filters.load(() => true);
    expect(filters.list()).to.have.lengthOf(1);
  });

  it('are not asked for again by a node that is not patient, has failed, or is refused', async () => {
    const late = unavailable();
    answers = [late];
    expect(await failureOf(filters.load(() => false))).to.equal(late);
    const refusal = new StoreError(ErrorCode.STORE_LIMIT, 'too many');
    answers = [refusal];
    expect(await failureOf(filters.load(() => true))).to.equal(refusal);
    commits.failure = new StoreError(ErrorCode.STORE_FENCED, 'dead');
    answers = [late];
    expect(await failureOf(filters.load(() => true))).to.equal(late);
  });

  it('are told to the store at the first and last use that is not durable, and at each that is', () => {
    filters.acquire('a/#', false);
    filters.acquire('a/#', false);
    filters.acquire('a/#', true);
    filters.release('a/#', false);
    expect(touched).to.equal(1);
    filters.release('a/#', false);
    filters.release('a/#', true);
    expect(written).to.deep.equal([
      { acquireFilter: { filter: 'a/#', durable: false } },
      { acquireFilter: { filter: 'a/#', durable: true } },
      { releaseFilter: { filter: 'a/#', durable: false } },
      { releaseFilter: { filter: 'a/#', durable: true } },
    ]);
    expect(filters.list()).to.deep.equal([]);
  });

  it('stay while they are pinned; those without wildcards are none', () => {
    filters.pin('a/#');
    filters.acquire('a', true);
    filters.pin('a');
    expect(filters.list()).to.deep.equal([{ filter: 'a/#', pinned: true, uses: 0 }]);
    filters.unpin('a/#');
    expect(filters.list()).to.deep.equal([]);
    expect(written).to.deep.equal([{ pinFilter: 'a/#' }, { unpinFilter: 'a/#' }]);
  });
});
