import { expect } from 'chai';
import { silentLogger } from '../../../../src/common/logger.ts';
import { GatewayStats } from '../../../../src/gateway/gateway-stats.ts';
import {
  RetainedMessages,
  type PublishedTopic,
} from '../../../../src/gateway/retained/retained-messages.ts';
import { RETAINED_RECORD_AT } from '../../../../src/gateway/retained/retained-record.ts';
import { createMemoryStore } from '../../../../src/lmq/memory/memory-store.ts';
import {
  NO_EXPIRY,
  recordPayload,
  recordPublisher,
  recordQos,
} from '../../../../src/lmq/spi/record.ts';
import { StateSpace } from '../../../../src/lmq/spi/types.ts';
import { FakeClock } from '../fake-clock.ts';
import { publishedTopic } from './published-topic.ts';

describe('gateway: RetainedMessages', () => {
  const clock = new FakeClock();
  const limits = { maxRetainedMessages: 3, maxRetainedBytes: 1000 };
  let store = createMemoryStore({ clock });
  let stats = new GatewayStats();
  let retained = make();

  function make(): RetainedMessages {
    return new RetainedMessages(store, limits, stats, clock, silentLogger);
  }

  beforeEach(() => {
    store = createMemoryStore({ clock });
    stats = new GatewayStats();
    retained = make();
  });

  afterEach(() => {
    retained.stop();
  });

  function put(
    topic: string,
    text: string,
    expirySeconds: number = NO_EXPIRY,
    published: PublishedTopic = publishedTopic(topic),
  ): void {
    const payload = Buffer.from(text);
    const publisher = Buffer.from('someone');
    const head = { flags: 2, publisher, properties: Buffer.alloc(0), expirySeconds };
    retained.put(published, head, payload, 0, payload.length);
  }

  async function read(topic: string): Promise<string | undefined> {
    const [value] = await retained.read([topic]);
    return value && recordPayload(value, RETAINED_RECORD_AT).toString();
  }

  function topics(): string[] {
    return [...retained.match('#')].flatMap((hit) => (hit === undefined ? [] : [hit.topic])).sort();
  }

  it('keeps the last message with its QoS and publisher', async () => {
    put('a', 'one');
    put('a', 'two');
    const [value] = await retained.read(['a']);
    expect(recordPayload(value!, RETAINED_RECORD_AT).toString()).to.equal('two');
    expect(recordQos(value!, RETAINED_RECORD_AT)).to.equal(2);
    expect(recordPublisher(value!, RETAINED_RECORD_AT)).to.equal('someone');
    expect([retained.size, stats.retainedCurrent]).to.deep.equal([1, 1]);
    expect(stats.retainedBytes).to.equal(value!.length);
  });

  it('is told of a topic by whoever publishes to it, also after a deletion by another', async () => {
    const slot = publishedTopic('a');
    put('a', 'one', NO_EXPIRY, slot);
    put('a', 'longer', 10, slot);
    expect([retained.size, retained.bytes]).to.deep.equal([1, slot.retained?.bytes]);
    put('a', '');
    expect([retained.size, retained.bytes]).to.deep.equal([0, 0]);
    put('a', 'two', NO_EXPIRY, slot);
    expect(topics()).to.deep.equal(['a']);
    expect([retained.size, retained.bytes]).to.deep.equal([1, slot.retained?.bytes]);
    clock.advance(20_000);
    expect(await read('a')).to.equal('two');
  });

  it('reads the message that there is, whatever was read before', async () => {
    put('a', 'one');
    expect(await read('a')).to.equal('one');
    put('a', 'two');
    expect(await read('a')).to.equal('two');
    const reading = read('a');
    put('a', 'three');
    expect(['two', 'three']).to.include(await reading);
    put('a', '');
    expect(await read('a')).to.equal(undefined);
  });

  it('at the limit takes no new topic, counts it, and goes on to update those that are there', async () => {
    for (const topic of ['a', 'b', 'c', 'd']) put(topic, 'x');
    expect(topics()).to.deep.equal(['a', 'b', 'c']);
    expect(stats.retainedRefused).to.equal(1);
    put('b', 'y');
    expect(await read('b')).to.equal('y');
    put('a', '');
    put('d', 'z');
    expect(topics()).to.deep.equal(['b', 'c', 'd']);
    expect(stats.retainedRefused).to.equal(1);
  });

  it('keeps within its bytes, and leaves no stale message where the new one does not fit', async () => {
    put('a', 'x'.repeat(800));
    put('b', 'x'.repeat(200));
    expect(topics()).to.deep.equal(['a']);
    put('a', 'y'.repeat(800));
    expect(await read('a')).to.equal('y'.repeat(800));
    put('a', 'z'.repeat(1000));
    expect(await read('a')).to.equal(undefined);
    expect([retained.size, retained.bytes, stats.retainedRefused]).to.deep.equal([0, 0, 2]);
  });

  it('keeps nothing of what is for one client', () => {
    put('a', 'x', NO_EXPIRY, { ...publishedTopic('a'), peer: 'someone' });
    expect([topics(), retained.bytes, store.backlogBytes]).to.deep.equal([[], 0, 0]);
  });

  it('is there again after a restart', async () => {
    put('a', 'x');
    put('b/c', 'y', 60);
    put('gone', 'z');
    put('gone', '');
    await store.committed(store.openCommit);
    const { bytes } = retained;
    retained = make();
    await retained.start();
    expect(topics()).to.deep.equal(['a', 'b/c']);
    expect(retained.bytes).to.equal(bytes);
    expect(await read('b/c')).to.equal('y');
  });

  it('skips what it cannot read at a restart', async () => {
    put('a', 'x');
    store.putState(StateSpace.RETAINED, 'bad', Buffer.from([9]));
    store.putState(StateSpace.RETAINED, 'cut', Buffer.from([1, 0, 0, 0, 40, 1]));
    await store.committed(store.openCommit);
    retained = make();
    await retained.start();
    expect(topics()).to.deep.equal(['a']);
  });

  it('forgets an expired message when it is asked for', async () => {
    put('a', 'x', 10);
    clock.advance(9_999);
    expect(await read('a')).to.equal('x');
    clock.advance(1);
    expect(await read('a')).to.equal(undefined);
    expect([retained.size, stats.messagesExpired]).to.deep.equal([0, 1]);
  });

  it('forgets expired messages that nobody asks for, and no others', async () => {
    await retained.start();
    put('a', 'x', 10);
    put('b', 'x', 10);
    put('b', 'x');
    put('c', 'x', 100);
    clock.advance(15_000);
    expect(topics()).to.deep.equal(['b', 'c']);
    await store.committed(store.openCommit);
    expect(await store.getState(StateSpace.RETAINED, 'a')).to.equal(undefined);
    clock.advance(100_000);
    expect(topics()).to.deep.equal(['b']);
  });
});
