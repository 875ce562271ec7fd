import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import mqtt from 'mqtt';
import { eventually } from '../helpers/eventually.ts';
import { MqttSh, ROOT, type Outcome, type Variables } from './mqtt-sh.ts';

/** A build may be needed first. */
const START_TIMEOUT_MS = 120_000;

/** Whether a process runs; one that has ended counts as gone though its parent has not noticed. */
function isAlive(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

async function answersMqtt(port: number): Promise<boolean> {
  const client = await mqtt.connectAsync({ host: '127.0.0.1', port, reconnectPeriod: 0 });
  await client.endAsync();
  return true;
}

describe('bin/mqtt.sh', function () {
  this.timeout(START_TIMEOUT_MS);
  let sh: MqttSh;

  before('build what is not built', async () => {
    const built = spawn('sh', [join(ROOT, 'bin/build.sh')], { stdio: 'ignore' });
    const [code] = (await once(built, 'exit')) as [number];
    expect(code).to.equal(0);
  });
  beforeEach(async () => {
    sh = await MqttSh.create();
  });
  afterEach(() => sh.dispose());

  async function expectSuccess(...args: string[]): Promise<Outcome> {
    const outcome = await sh.run(args);
    expect(outcome, JSON.stringify(outcome)).to.include({ code: 0, stderr: '' });
    return outcome;
  }

  async function expectFailure(message: string | RegExp, variables: Variables = {}): Promise<void> {
    const outcome = await sh.run(['start'], variables);
    expect(outcome.code, JSON.stringify(outcome)).to.equal(1);
    expect(outcome.stderr).to.match(/^lmqtt: [^\n]+\n$/, 'one line');
    expect(outcome.stderr).to.match(
      typeof message === 'string'
        ? new RegExp(message.replaceAll(/[.+?()[\]|]/g, '\\$&'))
        : message,
    );
    expect(existsSync(sh.readyFile), 'ready file').to.equal(false);
    expect((await sh.run(['status'])).code, 'status').to.equal(3);
  }

  function configure(file: string, content: string): void {
    mkdirSync(join(sh.home, 'conf'), { recursive: true });
    writeFileSync(join(sh.home, 'conf', file), content);
  }

  describe('a life', () => {
    it('starts, says where, answers MQTT, and stops', async () => {
      const { stdout } = await expectSuccess('start');
      const pid = sh.pid ?? 0;
      expect(stdout).to.match(new RegExp(`^lmqtt is running \\(pid ${pid}\\)$`, 'm'));
      expect(stdout).to.match(/^ {2}mqtt +127\.0\.0\.1:\d+$/m);
      expect(stdout).to.match(/^ {2}name server +127\.0\.0\.1:\d+$/m);
      expect(stdout).to.include(join(sh.home, 'data'));
      expect(stdout).to.include(join(sh.home, 'logs/lmqtt.log'));
      expect(await answersMqtt(sh.mqttPort)).to.equal(true);

      expect((await expectSuccess('status')).stdout).to.include(`running (pid ${pid})`);

      expect((await expectSuccess('stop')).stdout).to.include(`stopped (pid ${pid})`);
      expect(isAlive(pid)).to.equal(false);
      expect(existsSync(sh.pidFile), 'pid file').to.equal(false);
      expect(existsSync(sh.readyFile), 'ready file').to.equal(false);
      expect(await sh.run(['status'])).to.include({ code: 3, stdout: 'lmqtt is not running\n' });
      expect((await expectSuccess('stop')).stdout).to.equal('lmqtt is not running\n');
      const log = readFileSync(join(sh.home, 'logs/lmqtt.log'), 'utf8');
      expect(log.trim().split('\n').at(-1)).to.include('"msg":"stopped"');
    });

    it('says that it is already running', async () => {
      await expectSuccess('start');
      const { pid } = sh;
      const { stdout } = await expectSuccess('start');
      expect(stdout).to.include(`lmqtt is already running (pid ${String(pid)})`);
      expect(stdout).to.match(/mqtt +127\.0\.0\.1:\d+/);
      expect(sh.pid).to.equal(pid);
    });

    it('starts one process when asked twice at once', async () => {
      const [first, second] = await Promise.all([sh.run(['start']), sh.run(['start'])]);
      expect([first.code, second.code], JSON.stringify([first, second])).to.deep.equal([0, 0]);
      const pids = [first, second].map(({ stdout }) => /\(pid (\d+)\)/.exec(stdout)?.[1]);
      expect(pids).to.deep.equal([String(sh.pid), String(sh.pid)]);
    });

    it('restarts into a new process on the same data', async () => {
      await expectSuccess('start');
      const before = sh.pid;
      await expectSuccess('restart');
      expect(sh.pid).not.to.equal(before);
      expect(isAlive(before ?? 0)).to.equal(false);
      expect(await answersMqtt(sh.mqttPort)).to.equal(true);
    });

    it('starts again after kill -9', async () => {
      await expectSuccess('start');
      const killed = sh.pid ?? 0;
      process.kill(killed, 'SIGKILL');
      await eventually('the process is gone', () => !isAlive(killed));
      expect((await sh.run(['status'])).code).to.equal(3);
      await expectSuccess('start');
      expect(await answersMqtt(sh.mqttPort)).to.equal(true);
    });

    it('leaves a stranger with a reused pid alone', async () => {
      const stranger = spawn('sleep', ['60'], { stdio: 'ignore' });
      try {
        mkdirSync(join(sh.home, 'run'));
        writeFileSync(sh.pidFile, `${String(stranger.pid)} 1\n`);
        expect((await sh.run(['status'])).code).to.equal(3);
        expect((await expectSuccess('stop')).stdout).to.equal('lmqtt is not running\n');
        writeFileSync(sh.pidFile, `${String(stranger.pid)} 1\n`);
        await expectSuccess('start');
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
      await expectSuccess('start');
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
    await expectSuccess('start');
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

  describe('a start that cannot be', () => {
    it('names an unknown key, its file and line, and what was meant', async () => {
      configure('connect.conf', '# a\nmaxCon = 5\n');
      await expectFailure(
        `${join(sh.home, 'conf/connect.conf')}:2: unknown key 'maxCon', did you mean 'maxConn'?`,
      );
    });

    it('names an ill-typed key and what it accepts', async () => {
      configure('namesrv.conf', 'listenPort = high\n');
      await expectFailure("namesrv.conf:1: listenPort = 'high': expected a whole number");
    });

    it('names an unknown variable', async () => {
      await expectFailure("LMQTT_CONNECT_PORT, did you mean 'LMQTT_CONNECT_MQTT_PORT'?", {
        LMQTT_CONNECT_PORT: '1',
      });
    });

    it('names the keys that an address other than loopback needs', async () => {
      await expectFailure(/0\.0\.0\.0 is not loopback.*username and secretKey.*allowAnonymous/, {
        LMQTT_CONNECT_MQTT_HOST: '0.0.0.0',
      });
    });

    for (const variable of ['LMQTT_CONNECT_MQTT_PORT', 'LMQTT_NAMESRV_LISTEN_PORT']) {
      it(`names the address when ${variable} is taken`, async () => {
        const server = createServer().listen(0, '127.0.0.1');
        await once(server, 'listening');
        const { port } = server.address() as AddressInfo;
        try {
          await expectFailure(`127.0.0.1:${port}`, { [variable]: String(port) });
        } finally {
          server.close();
        }
        await expectSuccess('start');
      });
    }

    it('gives the reason of a worker that cannot listen, with the keys', async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      try {
        await expectFailure(
          `127.0.0.1:${port}: the port is in use: stop what uses it, or choose another (mqttHost, mqttPort in connect.conf)`,
          {
            LMQTT_CONNECT_MQTT_PORT: String(port),
            LMQTT_CONNECT_WORKERS: '2',
            LMQTT_CONNECT_WORKERS_BEYOND_CORES: 'true',
          },
        );
      } finally {
        server.close();
      }
    });

    it('names a data directory that is in use', async () => {
      await expectSuccess('start');
      const other = await MqttSh.create({ LMQTT_DATA_DIR: join(sh.home, 'data') });
      try {
        const outcome = await other.run(['start']);
        expect(outcome.code).to.equal(1);
        expect(outcome.stderr).to.match(/^lmqtt: [^\n]+\n$/);
        expect(outcome.stderr).to.include(join(sh.home, 'data/lmq'));
        expect(await answersMqtt(sh.mqttPort)).to.equal(true);
      } finally {
        await other.dispose();
      }
    });

    for (const [variable, purpose] of [
      ['LMQTT_DATA_DIR', 'data directory'],
      ['LMQTT_LOG_DIR', 'directory'],
      ['LMQTT_RUN_DIR', 'directory'],
    ] as const) {
      it(`names the directory when ${variable} is a file`, async () => {
        const file = join(sh.home, 'file');
        writeFileSync(file, '');
        await expectFailure(`${purpose} ${file} cannot be created`, { [variable]: file });
      });
    }

    it('names a data directory that can never be', async () => {
      await expectFailure('data directory /proc/lmqtt cannot be created', {
        LMQTT_DATA_DIR: '/proc/lmqtt',
      });
    });

    it('says what a gateway was waiting for when it gives up', async () => {
      const outcome = await sh.run(['start', 'gateway'], {
        LMQTT_CLUSTER_NAMESRV_ADDR: '127.0.0.1:1',
        LMQTT_TEST_START_SECONDS: '2',
      });
      expect(outcome).to.include({
        code: 1,
        stderr: `lmqtt: not ready after 2 s, killed: it was waiting for a name server (127.0.0.1:1); its log is in ${join(sh.home, 'logs')}\n`,
      });
    });

    it('asks for a newer Node.js', async () => {
      const bin = join(sh.home, 'bin');
      mkdirSync(bin);
      writeFileSync(join(bin, 'node'), '#!/bin/sh\necho 20.18.3\n');
      chmodSync(join(bin, 'node'), 0o755);
      await expectFailure('Node.js 20.18.3 is too old: 20.19 or newer is needed', {
        PATH: `${bin}:${process.env['PATH'] ?? ''}`,
      });
    });
  });

  describe('check', () => {
    it('says that the configuration is valid, and starts nothing', async () => {
      const { stdout } = await expectSuccess('check', 'gateway');
      expect(stdout).to.equal(
        `the configuration in ${join(sh.home, 'conf')} is valid for gateway\n`,
      );
      expect(existsSync(join(sh.home, 'data')), 'data directory').to.equal(false);
    });

    it('names what is wrong', async () => {
      configure('connect.conf', 'maxConn = many\n');
      const outcome = await sh.run(['check']);
      expect(outcome).to.include({ code: 1, stdout: '' });
      expect(outcome.stderr).to.match(/^lmqtt: .*connect\.conf:1: maxConn = 'many'[^\n]+\n$/);
    });

    for (const role of ['standalone', 'gateway']) {
      it(`names a file that is missing, of ${role}`, async () => {
        configure('service.conf', 'aclFile = no.acl\n');
        const outcome = await sh.run(['check', role]);
        expect(outcome).to.include({ code: 1, stdout: '' });
        expect(outcome.stderr).to.match(/^lmqtt: aclFile .*no\.acl: cannot be read[^\n]+\n$/);
      });
    }

    it('warns of a file that nobody reads, as a start does, and does not mind', async () => {
      configure('connnect.conf', 'maxConn = many\n');
      const path = join(sh.home, 'conf', 'connnect.conf');
      const warning = `lmqtt warns: ${path}: nobody reads this file, and no key names it, did you mean 'connect.conf'?\n`;
      expect(await sh.run(['check'])).to.include({ code: 0, stderr: warning });
      expect(await sh.run(['start'])).to.include({ code: 0, stderr: warning });
      expect(readFileSync(join(sh.home, 'logs', 'lmqtt.log'), 'utf8')).to.include(
        'connnect.conf: nobody reads this file',
      );
      expect(await sh.run(['restart']), 'once').to.include({ code: 0, stderr: warning });
    });

    it('leaves what runs alone when a restart could not start it again', async () => {
      await expectSuccess('start');
      const { pid } = sh;
      configure('connect.conf', 'maxCon = 1\n');
      const outcome = await sh.run(['restart']);
      expect(outcome).to.include({ code: 1, stdout: '' });
      expect(outcome.stderr).to.include("unknown key 'maxCon'");
      expect(sh.pid).to.equal(pid);
      expect(await answersMqtt(sh.mqttPort)).to.equal(true);
    });
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
        expect((await expectSuccess(word)).stdout).to.match(/^usage: /);
      });
    }
  });
});
