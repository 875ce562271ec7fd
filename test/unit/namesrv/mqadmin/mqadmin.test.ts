import { expect } from 'chai';
import { systemClock } from '../../../../src/common/clock.ts';
import { runMqadmin } from '../../../../src/namesrv/mqadmin/mqadmin.ts';

/** Nothing listens on the discard port of a loopback address. */
const NOBODY = '127.0.0.1:9';

interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function mqadmin(args: readonly string[], defaultNamesrvAddr?: string): Promise<Outcome> {
  let stdout = '';
  let stderr = '';
  const exitCode = await runMqadmin(args, {
    defaultNamesrvAddr,
    stdout: (text) => (stdout += text),
    stderr: (text) => (stderr += text),
    clock: systemClock,
  });
  return { exitCode, stdout, stderr };
}

describe('runMqadmin', () => {
  for (const [what, args, message] of [
    ['a missing namespace', ['getKvConfig', '-k', 'k', '-n', NOBODY], '--namespace'],
    ['a missing key', ['deleteKvConfig', '-s', 'LMQ', '-n', NOBODY], '--key'],
    ['a missing value', ['updateKvConfig', '-s', 'LMQ', '-k', 'k', '-n', NOBODY], '--value'],
    ['no name server', ['listKvConfig', '-s', 'LMQ'], 'NAMESRV_ADDR'],
    ['a bad address', ['listKvConfig', '-s', 'LMQ', '-n', 'here'], '"here"'],
    ['an unknown option', ['listKvConfig', '-s', 'LMQ', '-x'], '-x'],
    ['too many arguments', ['listKvConfig', '-s', 'LMQ', 'k'], 'too many arguments'],
    ['an unknown command', ['updateTopics'], 'updateTopics'],
    ['no command', [], 'Usage: mqadmin'],
  ] as const) {
    it(`exits with 2 for ${what}`, async () => {
      const outcome = await mqadmin(args);
      expect(outcome).to.deep.include({ exitCode: 2, stdout: '' });
      expect(outcome.stderr).to.contain(message);
    });
  }

  it('fails with 1 and a line for each name server that cannot be reached', async () => {
    const outcome = await mqadmin(['LISTKVCONFIG', '-s', 'LMQ'], `${NOBODY};localhost:9`);
    expect(outcome).to.deep.include({ exitCode: 1, stdout: '' });
    const lines = outcome.stderr.trimEnd().split('\n');
    expect(lines).to.have.length(2);
    expect(lines[0]).to.match(/^name server 127\.0\.0\.1:9: cannot reach /);
    expect(lines[1]).to.match(/^name server localhost:9: cannot reach .*ECONNREFUSED/);
  });

  it('prints the help of a command found without regard to case', async () => {
    const outcome = await mqadmin(['help', 'GETkvconfig']);
    expect(outcome.exitCode).to.equal(0);
    expect(outcome.stdout).to.contain('Usage: mqadmin getKvConfig');
  });

  it('prints its help and exits with 0', async () => {
    const [all, one] = [await mqadmin(['-h']), await mqadmin(['updateKvConfig', '-h'])];
    expect(all).to.deep.include({ exitCode: 0, stderr: '' });
    expect(all.stdout).to.contain('deleteKvConfig');
    expect(one.stdout).to.contain('-v, --value <value>');
  });
});
