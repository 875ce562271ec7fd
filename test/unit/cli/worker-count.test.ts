import cluster from 'node:cluster';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import sinon from 'sinon';
import { createStandalone } from '../../../src/cli/standalone.ts';
import { usableCores, workersToStart } from '../../../src/cli/worker-count.ts';
import { ConfigError } from '../../../src/common/errors.ts';
import { silentLogger } from '../../../src/common/logger.ts';
import { compositionIn } from './composition-in.ts';

describe('number of workers', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'lmqtt-'));
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  interface Started {
    readonly started: number;
    /** Fields of the warnings. */
    readonly warned: readonly unknown[];
  }

  function started(workers: number, cores: number, more: Record<string, string> = {}): Started {
    const warn = sinon.fake();
    const composition = {
      ...compositionIn(directory, { LMQTT_CONNECT_WORKERS: String(workers), ...more }),
      logger: { ...silentLogger, warn },
    };
    const count = workersToStart(composition, cores);
    return { started: count, warned: warn.args.map(([fields]) => fields as unknown) };
  }

  it('is what was asked where each and the store have a core', () => {
    expect(started(2, 3)).to.deep.equal({ started: 2, warned: [] });
    expect(started(4, 64)).to.deep.equal({ started: 4, warned: [] });
  });

  it('leaves a core to the store, and the log says so', () => {
    const warned = [{ workers: 4, started: 3, cores: 4 }];
    expect(started(4, 4)).to.deep.equal({ started: 3, warned });
  });

  it('is one process for everything where two have no core each', () => {
    for (const cores of [1, 2]) {
      const warned = [{ workers: 2, started: 1, cores }];
      expect(started(2, cores)).to.deep.equal({ started: 1, warned });
    }
  });

  it('is what was asked with workersBeyondCores, and the log says what that means', () => {
    const beyond = { LMQTT_CONNECT_WORKERS_BEYOND_CORES: 'true' };
    expect(started(4, 2, beyond)).to.deep.equal({ started: 4, warned: [{ workers: 4, cores: 2 }] });
    expect(started(1, 1, beyond)).to.deep.equal({ started: 1, warned: [] });
  });

  it('one is nothing to talk about', () => {
    expect(started(1, 1)).to.deep.equal({ started: 1, warned: [] });
  });

  it('makes enableStoreAdmin an error on every machine', () => {
    for (const cores of [1, 64]) {
      const composition = compositionIn(directory, {
        LMQTT_CONNECT_WORKERS: '2',
        LMQTT_LMQ_ENABLE_STORE_ADMIN: 'true',
      });
      expect(() => createStandalone(composition, cores)).to.throw(ConfigError, 'enableStoreAdmin');
    }
  });

  it('of one serves in this process', async () => {
    const standalone = createStandalone(
      compositionIn(directory, {
        LMQTT_CONNECT_WORKERS: '2',
        LMQTT_CONNECT_MQTT_PORT: '0',
        LMQTT_NAMESRV_LISTEN_PORT: '0',
      }),
      2,
    );
    await standalone.start();
    try {
      expect(standalone.where().mqtt).to.have.length(1);
      expect(Object.keys(cluster.workers ?? {})).to.deep.equal([]);
    } finally {
      await standalone.stop();
    }
  });

  it('counts on one core at least', () => {
    expect(usableCores()).to.be.at.least(1);
  });
});
