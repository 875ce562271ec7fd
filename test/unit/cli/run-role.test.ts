import { expect } from 'chai';
import { logFileOf } from '../../../src/cli/run-role.ts';

describe('logFileOf', () => {
  const directories = { logs: '/logs' };
  const of = (logFile: string, role: string) =>
    logFileOf({ service: { logFile } as never }, directories, role);

  it('is the configured file for standalone', () => {
    expect(of('lmqtt.log', 'standalone')).to.equal('/logs/lmqtt.log');
    expect(of('/elsewhere/x', 'standalone')).to.equal('/elsewhere/x');
  });

  it('is a file of its own for each role', () => {
    expect(of('lmqtt.log', 'gateway')).to.equal('/logs/lmqtt-gateway.log');
    expect(of('/elsewhere/x', 'lmq')).to.equal('/elsewhere/x-lmq');
  });

  it('is none when none is configured', () => {
    expect(of('', 'gateway')).to.equal(undefined);
    expect(of('', 'standalone')).to.equal(undefined);
  });
});
