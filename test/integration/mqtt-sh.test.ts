import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { eventually } from '../helpers/eventually.ts';
import { build, MqttSh, ROOT, START_TIMEOUT_MS } from './mqtt-sh.ts';

/** Whether a process runs; one that has ended counts as gone though its parent has not noticed. */
function isAlive(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

describe('bin/mqtt.sh', function () {
  this.timeout(START_TIMEOUT_MS);
  let sh: MqttSh;

  before('build what is not built', build);
  beforeEach(async () => {
    sh = await MqttSh.create();
  });
  afterEach(() => sh.dispose());

  describe('a life', () => {
    it('starts, says where, answers MQTT, and stops', async () => {
      const { stdout } = await sh.expectSuccess('start');
      const pid = sh.pid ?? 0;
      expect(stdout).to.match(new RegExp(`^lmqtt is running \\(pid ${pid}\\)$`, 'm'));
      expect(stdout).to.match(/^ {2}mqtt +127\.0\.0\.1:\d+$/m);
      expect(stdout).to.match(/^ {2}name server +127\.0\.0\.1:\d+$/m);
      expect(stdout).to.include(join(sh.home, 'data'));
      expect(stdout).to.include(join(sh.home, 'logs/lmqtt.log'));
      expect(await sh.answersMqtt()).to.equal(true);

      expect((await sh.expectSuccess('status')).stdout).to.include(`running (pid ${pid})`);

      expect((await sh.expectSuccess('stop')).stdout).to.include(`stopped (pid ${pid})`);
      expect(isAlive(pid)).to.equal(false);
      expect(existsSync(sh.pidFile), 'pid file').to.equal(false);
      expect(existsSync(sh.readyFile), 'ready file').to.equal(false);
      expect(await sh.run(['status'])).to.include({ code: 3, stdout: 'lmqtt is not running\n' });
      expect((await sh.expectSuccess('stop')).stdout).to.equal('lmqtt is not running\n');
      const log = readFileSync(join(sh.home, 'logs/lmqtt.log'), 'utf8');
      expect(log.trim().split('\n').at(-1)).to.include('"msg":"stopped"');
    });

    it('says that it is already running', async () => {
      await sh.expectSuccess('start');
      const { pid } = sh;
      const { stdout } = await sh.expectSuccess('start');
      expect(stdout).to.include(`lmqtt is already running (pid ${String(pid)})`);
      expect(stdout).to.match(/mqtt +127\.0\.0\.1:\d+/);
      expect(sh.pid).to.equal(pid);
    });

    it('restarts into a new process on the same data', async () => {
      await sh.expectSuccess('start');
      const before = sh.pid;
      await sh.expectSuccess('restart');
      expect(sh.pid).not.to.equal(before);
      expect(isAlive(before ?? 0)).to.equal(false);
      expect(await sh.answersMqtt()).to.equal(true);
    });

    it('starts again after kill -9', async () => {
      await sh.expectSuccess('start');
      const killed = sh.pid ?? 0;
      process.kill(killed, 'SIGKILL');
      await eventually('the process is gone', () => !isAlive(killed));
      expect((await sh.run(['status'])).code).to.equal(3);
      await sh.expectSuccess('start');
      expect(await sh.answersMqtt()).to.equal(true);
    });

    it('leaves a stranger with a reused pid alone', async () => {
      const stranger = spawn('sleep', ['60'], { stdio: 'ignore' });
      try {
        mkdirSync(join(sh.home, 'run'));
        writeFileSync(sh.pidFile, `${String(stranger.pid)} 1\n`);
        expect((await sh.run(['status'])).code).to.equal(3);
        expect((await sh.expectSuccess('stop')).stdout).to.equal('lmqtt is not running\n');
        writeFileSync(sh.pidFile, `${String(stranger.pid)} 1\n`);
        await sh.expectSuccess('start');
        expect(sh.pid).not.to.equal(stranger.pid);
        expect(stranger.exitCode ?? stranger.signalCode).to.equal(null);
      } finally {
        stranger.kill();
      }
    });

    it('takes a pid file without sense for none', async () => {
      mkdirSync(join(sh.home, 'run'));
      for (const content of ['', '\n', 'x y\n', '1\n']) {
        writeFileSync(sh.pidFile, content);
        expect((await sh.run(['status'])).code, JSON.stringify(content)).to.equal(3);
      }
      await sh.expectSuccess('start');
    });

    it('kills a process that does not stop, and says so', async () => {
      await sh.run(['start'], { LMQTT_CONNECT_STOP_TIMEOUT_MS: '100' });
      const pid = sh.pid ?? 0;
      process.kill(pid, 'SIGSTOP');
      const outcome = await sh.run(['stop']);
      expect(outcome.code).to.equal(1);
      expect(outcome.stderr).to.equal(`lmqtt: pid ${pid} did not stop in 5 s and was killed\n`);
      await eventually('the process is gone', () => !isAlive(pid));
    });
  });

  it('does not stop what another user runs, and says whose it is', async function () {
    // Only root can be two users.
    if (process.getuid?.() !== 0) this.skip();
    await sh.expectSuccess('start');
    const { pid } = sh;
    chmodSync(sh.home, 0o755);
    const asNobody = spawn('sh', [join(ROOT, 'bin/mqtt.sh'), 'stop'], {
      env: sh.environment(),
      uid: 65_534,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const [stderr] = await Promise.all([text(asNobody.stderr), once(asNobody, 'exit')]);
    expect(stderr).to.equal(
      `lmqtt: no permission to stop pid ${String(pid)}: it is a process of root\n`,
    );
    expect(asNobody.exitCode).to.equal(1);
    expect(sh.pid, 'pid file').to.equal(pid);
  });

  describe('run', () => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      it(`stays in the foreground until ${signal}, and logs to the console`, async () => {
        const child = spawn('sh', [join(ROOT, 'bin/mqtt.sh'), 'run'], {
          env: sh.environment(),
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        let output = '';
        child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
        await eventually('ready', () => output.includes('"msg":"ready"'), START_TIMEOUT_MS);
        expect(sh.pid).to.equal(child.pid);
        const second = await sh.run(['run']);
        expect(second.stderr).to.equal(`lmqtt: already running (pid ${String(child.pid)})\n`);
        expect(second.code).to.equal(1);
        expect((await sh.run(['status'])).code).to.equal(0);
        const exited = once(child, 'exit') as Promise<[number | null, string | null]>;
        child.kill(signal);
        expect(await exited).to.deep.equal([0, null]);
        expect(output).to.include('"msg":"stopped"');
      });
    }
  });

  describe('words', () => {
    for (const args of [[], ['begin'], ['start', 'everything'], ['start', 'standalone', 'now']]) {
      it(`shows its usage for '${args.join(' ')}'`, async () => {
        const outcome = await sh.run(args);
        expect(outcome).to.include({ code: 2, stdout: '' });
        expect(outcome.stderr).to.match(/^(lmqtt: [^\n]+\n)?usage: /);
        expect(outcome.stderr).to.include(args.at(-1) ?? 'usage');
      });
    }

    for (const word of ['help', '--help', '-h']) {
      it(`shows its usage, and succeeds, for '${word}'`, async () => {
        expect((await sh.expectSuccess(word)).stdout).to.match(/^usage: /);
      });
    }
  });
});
