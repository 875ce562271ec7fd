import {
  chmodSync,
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { eventually } from '../helpers/eventually.ts';
import { build, MqttSh, type Outcome, START_TIMEOUT_MS, type Variables } from './mqtt-sh.ts';

/** What a script says of the process that it has started, or found. */
function pidsOf(outcomes: readonly Outcome[]): unknown[] {
  return outcomes.map(({ code, stdout, stderr }) => [
    code,
    stderr,
    /is (?:already )?running \(pid (\d+)\)/.exec(stdout)?.[1],
  ]);
}

/** Removes files as `rm` does; the pid file when another process serves, or after a while. */
const SLOW_RM = `#!/bin/sh
case " $* " in
  *" $PID_FILE "*)
    : >"$AT_RM"
    n=0
    while [ ! -e "$READY_FILE" ] && [ "$n" -lt 40 ]; do n=$((n + 1)); sleep 0.1; done
    ;;
esac
PATH=\${PATH#*:}
exec rm "$@"
`;

describe('bin/mqtt.sh, several at once', function () {
  this.timeout(START_TIMEOUT_MS);
  let sh: MqttSh;

  before('build what is not built', build);
  beforeEach(async () => {
    sh = await MqttSh.create();
  });
  afterEach(() => sh.dispose());

  const atRm = (): string => join(sh.home, 'at-rm');

  /** For a script that is held up when it is about to remove the pid file. */
  function slowRm(): Variables {
    const bin = join(sh.home, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'rm'), SLOW_RM);
    chmodSync(join(bin, 'rm'), 0o755);
    const { pidFile: PID_FILE, readyFile: READY_FILE } = sh;
    const PATH = `${bin}:${process.env['PATH'] ?? ''}`;
    return { PATH, PID_FILE, READY_FILE, AT_RM: atRm() };
  }

  it('starts one process when asked twice', async () => {
    const outcomes = await Promise.all([sh.run(['start']), sh.run(['start'])]);
    const expected = [0, '', String(sh.pid)];
    expect(pidsOf(outcomes)).to.deep.equal([expected, expected]);
  });

  it('never writes into the pid file that others read', async () => {
    const starting = sh.run(['start']);
    await eventually('a start is under way', () => existsSync(sh.pidFile), START_TIMEOUT_MS, 1);
    const claim = openSync(sh.pidFile, 'r');
    try {
      const first = String(sh.pid);
      await starting;
      expect(String(sh.pid), 'the pid, of the process now').not.to.equal(first);
      expect(fstatSync(claim).ino, 'the file').not.to.equal(statSync(sh.pidFile).ino);
      expect(readFileSync(claim, 'utf8').split(' ')[0]).to.equal(first);
    } finally {
      closeSync(claim);
    }
  });

  it('starts one process where a killed one has left its file', async () => {
    mkdirSync(join(sh.home, 'run'));
    writeFileSync(sh.pidFile, '4194303 1\n');
    const slow = sh.run(['start'], slowRm());
    await eventually('it has seen the file', () => existsSync(atRm()), START_TIMEOUT_MS);
    const outcomes = await Promise.all([slow, sh.run(['start'])]);
    const expected = [0, '', String(sh.pid)];
    expect(pidsOf(outcomes)).to.deep.equal([expected, expected]);
    expect(await sh.answersMqtt()).to.equal(true);
  });

  it('keeps the file of what is started while a stop comes to its end', async () => {
    await sh.expectSuccess('start');
    const { pid } = sh;
    const slow = sh.run(['stop'], slowRm());
    await eventually('it has stopped', () => existsSync(atRm()), START_TIMEOUT_MS);
    const [stopped, started] = await Promise.all([slow, sh.run(['start'])]);
    expect(stopped).to.include({ code: 0, stdout: `lmqtt has stopped (pid ${String(pid)})\n` });
    expect(pidsOf([started])).to.deep.equal([[0, '', String(sh.pid)]]);
    expect((await sh.run(['status'])).code).to.equal(0);
  });

  it('takes the place of one that was killed while it removed a file', async () => {
    mkdirSync(join(sh.home, 'run'));
    writeFileSync(sh.pidFile, '4194303 1\n');
    writeFileSync(`${sh.pidFile}.4194303-1`, '4194302 1\n');
    await sh.expectSuccess('start');
    expect(existsSync(`${sh.pidFile}.4194303-1`), 'its lock').to.equal(false);
    expect(await sh.answersMqtt()).to.equal(true);
  });

  it('ends what it was about to start when it is stopped', async () => {
    const starting = sh.run(['start']);
    await eventually('a start is under way', () => existsSync(sh.pidFile), START_TIMEOUT_MS, 1);
    const { stdout } = await sh.expectSuccess('stop');
    await starting;
    expect(stdout).to.match(/^lmqtt has stopped/);
    expect((await sh.run(['status'])).code).to.equal(3);
    expect(existsSync(sh.pidFile), 'pid file').to.equal(false);
  });
});
