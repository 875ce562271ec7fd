import { expect } from 'chai';
import { silentLogger } from '../../../../src/common/logger.ts';
import { CLIENT_EVENTS } from '../../../../src/gateway/events/client-event.ts';
import { EventInterest } from '../../../../src/gateway/routing/event-interest.ts';
import { createMemoryStore } from '../../../../src/lmq/memory/memory-store.ts';
import { FakeKv } from './topic-metadata-fixtures.ts';

function started(kv: FakeKv, filters = createMemoryStore()): EventInterest {
  const interest = new EventInterest(kv, silentLogger);
  interest.start(filters);
  return interest;
}

const wanted = (interest: EventInterest): string[] =>
  CLIENT_EVENTS.filter((event) => interest.has(event));

describe('gateway: EventInterest', () => {
  it('is in what a filter of events matches, and in nothing else', () => {
    for (const [filter, events] of [
      ['$events/client_connected', ['client_connected']],
      ['$events/+', CLIENT_EVENTS],
      ['$events/#', CLIENT_EVENTS],
      ['$events/client_connected/#', ['client_connected']],
      ['$events/nothing', []],
      ['$events', []],
      ['$SYS/#', []],
      ['#', []],
      ['+/client_connected', []],
      ['a/b', []],
    ] as const) {
      const interest = started(new FakeKv());
      void interest.want(filter);
      expect(wanted(interest), filter).to.deep.equal(events);
    }
  });

  it('is kept for the next start, and written once', async () => {
    const kv = new FakeKv();
    await started(kv).want('$events/session_expired');
    expect(wanted(started(kv))).to.deep.equal(['session_expired']);
    expect(started(kv).want('$events/session_expired')).to.equal(undefined);
    expect(kv.writes).to.have.lengthOf(1);
  });

  it('comes from other gateways and goes when an operator takes it away', async () => {
    const kv = new FakeKv();
    const interest = started(kv);
    await started(kv).want('$events/client_connected');
    expect(wanted(interest)).to.deep.equal(['client_connected']);
    await kv.delete('LMQ_EVENTS', 'client_connected');
    expect(wanted(interest)).to.deep.equal([]);
    interest.stop();
    await kv.put('LMQ_EVENTS', 'client_connected', 'on');
    expect(wanted(interest)).to.deep.equal([]);
  });

  it('is found again in the filters of sessions when the name server has lost it', async () => {
    const store = createMemoryStore();
    await store.acquireFilter('$events/#', true);
    expect(wanted(started(new FakeKv(), store))).to.deep.equal([...CLIENT_EVENTS]);
  });

  it('counts here when it cannot be written', async () => {
    const kv = new FakeKv();
    kv.refusal = new Error('no');
    const interest = started(kv);
    await interest.want('$events/client_connected');
    expect(wanted(interest)).to.deep.equal(['client_connected']);
  });
});
