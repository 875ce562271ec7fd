import { expect } from 'chai';
import sinon from 'sinon';
import { type NamedService, ServiceGroup } from '../../../src/cli/service-group.ts';
import type { Clock } from '../../../src/common/clock.ts';
import { silentLogger } from '../../../src/common/logger.ts';

const TIMEOUT_MS = 1000;

describe('ServiceGroup', () => {
  let calls: string[];
  let deadline: (() => void) | undefined;
  let clock: Clock;
  let warn: sinon.SinonSpy;

  beforeEach(() => {
    calls = [];
    deadline = undefined;
    warn = sinon.spy();
    clock = {
      now: () => 0,
      monotonic: () => 0,
      every: () => ({ cancel: () => undefined }),
      after: (delayMs, callback) => {
        expect(delayMs).to.equal(TIMEOUT_MS);
        deadline = callback;
        return { cancel: () => (deadline = undefined) };
      },
    };
  });

  function service(name: string, overrides: Partial<NamedService['service']> = {}): NamedService {
    const record = (what: string) => (): Promise<void> => {
      calls.push(`${what} ${name}`);
      return Promise.resolve();
    };
    return { name, service: { start: record('start'), stop: record('stop'), ...overrides } };
  }

  function group(...services: NamedService[]): ServiceGroup {
    return new ServiceGroup(services, { clock, logger: { ...silentLogger, warn } }, TIMEOUT_MS);
  }

  async function rejection(promise: Promise<void>): Promise<Error> {
    try {
      await promise;
    } catch (error) {
      return error as Error;
    }
    throw new Error('expected a rejection');
  }

  it('starts in order and stops in reverse', async () => {
    const services = group(service('a'), service('b'));
    await services.start();
    await services.stop();
    expect(calls).to.deep.equal(['start a', 'start b', 'stop b', 'stop a']);
    expect(deadline).to.equal(undefined);
  });

  it('starts and stops once, however often it is asked', async () => {
    const services = group(service('a'));
    await Promise.all([services.start(), services.start()]);
    await Promise.all([services.stop(), services.stop()]);
    expect(calls).to.deep.equal(['start a', 'stop a']);
  });

  it('stops what it had started when one fails, and throws the reason', async () => {
    const error = new Error('port taken');
    const failing = service('b', { start: () => Promise.reject(error) });
    const services = group(service('a'), failing, service('c'));
    expect(await rejection(services.start())).to.equal(error);
    expect(calls).to.deep.equal(['start a', 'stop a']);
  });

  it('throws the reason of the failed start, and logs that the clean-up has failed too', async () => {
    const error = new Error('port taken');
    const stuck = service('a', { stop: () => Promise.reject(new Error('stuck')) });
    const failing = service('b', { start: () => Promise.reject(error) });
    expect(await rejection(group(stuck, failing).start())).to.equal(error);
    expect(warn.args[0]?.[1]).to.equal('not everything stopped after a failed start');
    expect(warn.args[0]?.[0]).to.have.nested.property('error.message', 'a failed to stop: stuck');
  });

  it('starts no further service once it is stopped, and stops those that have started', async () => {
    let finishStart: () => void = () => undefined;
    const slow = service('a', {
      start: () =>
        new Promise((resolve) => {
          finishStart = resolve;
        }),
    });
    const services = group(slow, service('b'));
    const started = services.start();
    const stopped = services.stop();
    finishStart();
    await Promise.all([started, stopped]);
    expect(calls).to.deep.equal(['stop a']);
  });

  it('has a service give its start up when it is stopped, and stops those before it', async () => {
    let fail: (error: Error) => void = () => undefined;
    const slow = service('b', {
      start: () =>
        new Promise((_resolve, reject) => {
          fail = reject;
        }),
      giveUp: () => {
        calls.push('give b up');
        fail(new Error('given up'));
      },
    });
    const ready = service('a', {
      giveUp: () => {
        calls.push('give a up');
      },
    });
    const services = group(ready, slow, service('c'));
    const started = rejection(services.start());
    await Promise.resolve();
    await services.stop();
    expect((await started).message).to.equal('given up');
    expect(calls).to.deep.equal(['start a', 'give b up', 'stop a']);
  });

  it('stops the others when one fails to stop, and names the one', async () => {
    const cause = new Error('disk full');
    const services = group(service('a'), service('b', { stop: () => Promise.reject(cause) }));
    await services.start();
    const error = await rejection(services.stop());
    expect(error).to.include({ message: 'b failed to stop: disk full', cause });
    expect(calls).to.deep.equal(['start a', 'start b', 'stop a']);
  });

  it('gives up at the deadline', async () => {
    const stop = sinon.stub().returns(new Promise(() => undefined));
    const services = group(service('a', { stop }));
    await services.start();
    const stopped = rejection(services.stop());
    await Promise.resolve();
    deadline?.();
    expect((await stopped).message).to.equal('not stopped after 1000 ms');
    sinon.assert.calledOnce(stop);
  });
});
