import { expect } from 'chai';
import { createEmbeddedStore } from '../../../../src/lmq/embedded/embedded-store.ts';
import { Keyspace } from '../../../../src/lmq/embedded/layout/v1/keyspace.ts';
import type { LmqStore } from '../../../../src/lmq/spi/lmq-store.ts';
import { topicQueueName } from '../../../../src/lmq/spi/queue-name.ts';
import { payloads, publish } from '../../../conformance/lmq-store/harness.ts';
import { Random } from '../../../helpers/random.ts';
import { makeTempDir, removeTempDir } from '../../../helpers/temp-dir.ts';
import { ManualClock } from '../manual-clock.ts';
import { RememberingEngine, type Content } from './remembering-engine.ts';

const TOPICS = Array.from({ length: 12 }, (_, i) => `t/${String(i)}`);
const FEW = 4;

const keysOf = (content: Content, keyspace: Keyspace): number =>
  [...content.keys()].filter((key) => key.charCodeAt(0) === keyspace).length;

/** Records of a queue say which one of it they are, so what is lost, doubled or out of order shows. */
class Life {
  readonly engine: RememberingEngine;
  readonly store: LmqStore;
  readonly #clock = new ManualClock();
  readonly #counts = new Map<string, number>();

  constructor(directory: string, content: Content, recentIndexBytes: number) {
    this.engine = new RememberingEngine(directory, content);
    const options = { directory, clock: this.#clock, tailBytes: 0, maxIdleQueues: 2 };
    this.store = createEmbeddedStore(
      { ...options, recentIndexQueues: FEW, recentIndexBytes },
      this.engine,
    );
  }

  /** Starts, and checks that each queue is as it was after some commit. */
  async start(context: string): Promise<void> {
    await this.store.start();
    await this.check(context);
  }

  async check(context: string): Promise<void> {
    for (const topic of TOPICS) {
      const found = await payloads(this.store, topicQueueName(topic));
      expect(found, `${context} ${topic}`).to.deep.equal(found.map((_, i) => String(i)));
      const known = this.#counts.get(topic);
      if (known !== undefined) expect(found.length, `${context} ${topic}`).to.equal(known);
      this.#counts.set(topic, found.length);
    }
  }

  async commit(topics: readonly string[]): Promise<void> {
    for (const topic of topics) {
      const count = this.#counts.get(topic) ?? 0;
      publish(this.store, topic, String(count));
      this.#counts.set(topic, count + 1);
    }
    await this.store.committed(this.store.openCommit);
  }

  /** Age asks for a join, and time for one slice of it. */
  async slice(ms: number): Promise<void> {
    this.#clock.advance(ms);
    await this.store.committed(this.store.openCommit);
  }
}

describe('index entries to be joined, after the death of the machine', function () {
  this.timeout(120_000);
  let directory: string;

  beforeEach(async () => {
    directory = await makeTempDir();
  });

  afterEach(async () => {
    await removeTempDir(directory);
  });

  async function liveSome(life: Life, random: Random): Promise<void> {
    for (let i = 5 + random.below(20); i > 0; i--) {
      const from = random.below(TOPICS.length);
      const topics = [...TOPICS.slice(from), ...TOPICS.slice(0, from)];
      await life.commit(topics.slice(0, random.below(3) === 0 ? FEW - 1 : FEW + random.below(9)));
      if (random.below(6) === 0) await life.slice(10_000);
      if (random.below(3) === 0) await life.slice(10);
    }
  }

  it('is whole whenever it dies, also again and again, and whatever is joined then', async () => {
    const random = Random.fromEnvironment();
    let content: Content = new Map();
    let halfJoined = 0;
    for (let round = 0; round < 60; round++) {
      const context = `seed ${String(random.seed)} round ${String(round)}`;
      const life = new Life(directory, content, [150, 400, 100_000][random.below(3)] as number);
      await life.start(context);
      await liveSome(life, random);
      await life.check(context);
      await life.store.stop();
      const { history } = life.engine;
      content = history[random.below(history.length)] as Content;
      const index = history.map((state) => keysOf(state, Keyspace.INDEX));
      const recent = history.map((state) => keysOf(state, Keyspace.RECENT_INDEX));
      // entries of a join are there, and what they come from, too
      for (const [i, count] of index.entries()) {
        if (i > 0 && count > (index[i - 1] ?? 0) + FEW && recent[i] !== 0) halfJoined++;
      }
      if (content.size > 1_000) content = new Map();
    }
    expect(halfJoined).to.be.above(10);
  });

  it('is whole at every moment of a join', async () => {
    const random = Random.fromEnvironment();
    const life = new Life(directory, new Map(), 600);
    await life.start('');
    for (let i = 0; i < 6; i++) await liveSome(life, random);
    await life.store.stop();
    for (const [moment, content] of life.engine.history.entries()) {
      const context = `seed ${String(random.seed)} moment ${String(moment)}`;
      const next = new Life(directory, content, 600);
      await next.start(context);
      await next.slice(10_000);
      for (let i = 0; i < 8; i++) await next.slice(10);
      await next.commit(TOPICS);
      await next.check(context);
      await next.store.stop();
      expect(keysOf(next.engine.content, Keyspace.RECENT_INDEX), context).to.be.at.most(1);
    }
  });
});
