import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { createEmbeddedStore } from '../../../../src/lmq/embedded/embedded-store.ts';
import { isBackupSource, type BackupSource } from '../../../../src/lmq/spi/store-backup.ts';
import { topicQueueName } from '../../../../src/lmq/spi/queue-name.ts';
import { StateSpace } from '../../../../src/lmq/spi/types.ts';
import type { LmqStore } from '../../../../src/lmq/spi/lmq-store.ts';
import { failureOf } from '../../../helpers/failure-of.ts';
import { makeTempDir, removeTempDir } from '../../../helpers/temp-dir.ts';
import { messageHead } from '../../../helpers/message-head.ts';
import { EmbeddedWorld } from './embedded-world.ts';

const NOTHING = Buffer.alloc(0);
const SPACE = StateSpace.SESSION;
const NEVER = new AbortController().signal;

describe('backup of an embedded store', function () {
  this.timeout(60_000);
  const world = new EmbeddedWorld();
  let target: string;
  let store: LmqStore & BackupSource;

  before(async () => {
    target = await makeTempDir();
    const started = await world.start();
    if (!isBackupSource(started)) throw new Error('it cannot be backed up');
    store = started;
  });
  after(async () => {
    await world.dispose();
    await removeTempDir(target);
  });

  function publish(text: string): number {
    const payload = Buffer.from(text);
    const topic = store.topic('a/b');
    return store.append(topic, messageHead({ flags: 0 }), payload, 0, payload.length);
  }

  it('has all that was durable before it, as of one moment, while the store goes on', async () => {
    for (let i = 0; i < 500; i++) publish(`message ${String(i)}`.padEnd(1000, '.'));
    await store.committed(store.openCommit);
    // What is in one commit is in the copy as a whole, or not at all.
    let round = 0;
    const load = { isOver: false };
    const writing = (async () => {
      while (!load.isOver) {
        round++;
        publish(`later ${String(round)}`);
        for (const key of ['one', 'two']) store.putState(SPACE, key, Buffer.from(String(round)));
        await store.committed(store.openCommit);
      }
    })();
    const directory = join(target, 'copies', 'first');
    const { entries, bytes } = await store.backUp(directory, () => undefined, NEVER);
    const after = round;
    load.isOver = true;
    await writing;
    expect(entries).to.be.greaterThan(0);
    expect(bytes).to.be.greaterThan(500_000);
    expect(existsSync(`${directory}.part`)).to.equal(false);

    const copy = createEmbeddedStore({ directory });
    await copy.start();
    try {
      const queue = await copy.openQueue(topicQueueName('a/b'));
      expect(queue.minOffset).to.equal(0);
      expect(queue.maxOffset).to.be.within(500, 500 + after);
      const { segments } = await copy.pull(queue, 0, 500, 1 << 24);
      expect(segments.reduce((sum, { count }) => sum + count, 0)).to.equal(500);
      const states = await Promise.all(['one', 'two'].map((key) => copy.getState(SPACE, key)));
      expect(states[0]?.toString()).to.equal(states[1]?.toString());
      const stored = Number(states[0]?.toString() ?? 0);
      expect(queue.maxOffset, 'messages and state of the same commits').to.equal(500 + stored);
      // It is a store like any other.
      copy.putState(SPACE, 'three', NOTHING);
      await copy.committed(copy.openCommit);
    } finally {
      await copy.stop();
    }
  });

  it('leaves nothing when it is given up, and begins anew over what another one has left', async () => {
    const directory = join(target, 'second');
    for (let i = 0; i < 2000; i++) publish(`message ${String(i)}`.padEnd(1000, '.'));
    await store.committed(store.openCommit);
    const aborted = AbortSignal.abort(new Error('given up'));
    const backup = () => store.backUp(directory, () => undefined, aborted);
    expect(await failureOf(backup())).to.have.property('message', 'given up');
    expect(existsSync(directory) || existsSync(`${directory}.part`)).to.equal(false);
    mkdirSync(`${directory}.part`);
    writeFileSync(join(`${directory}.part`, 'CURRENT'), 'nonsense');
    await store.backUp(directory, () => undefined, NEVER);
    expect(existsSync(directory)).to.equal(true);
  });
});
