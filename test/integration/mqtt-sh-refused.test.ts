import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { build, MqttSh, START_TIMEOUT_MS } from './mqtt-sh.ts';

describe('bin/mqtt.sh that cannot start', function () {
  this.timeout(START_TIMEOUT_MS);
  let sh: MqttSh;

  before('build what is not built', build);
  beforeEach(async () => {
    sh = await MqttSh.create();
  });
  afterEach(() => sh.dispose());

  describe('a start that cannot be', () => {
    it('names an unknown key, its file and line, and what was meant', async () => {
      sh.configure('connect.conf', '# a\nmaxCon = 5\n');
      await sh.expectFailure(
        `${join(sh.home, 'conf/connect.conf')}:2: unknown key 'maxCon', did you mean 'maxConn'?`,
      );
    });

    it('names an ill-typed key and what it accepts', async () => {
      sh.configure('namesrv.conf', 'listenPort = high\n');
      await sh.expectFailure("namesrv.conf:1: listenPort = 'high': expected a whole number");
    });

    it('names an unknown variable', async () => {
      await sh.expectFailure("LMQTT_CONNECT_PORT, did you mean 'LMQTT_CONNECT_MQTT_PORT'?", {
        LMQTT_CONNECT_PORT: '1',
      });
    });

    it('names the keys that an address other than loopback needs', async () => {
      await sh.expectFailure(/0\.0\.0\.0 is not loopback.*username and secretKey.*allowAnonymous/, {
        LMQTT_CONNECT_MQTT_HOST: '0.0.0.0',
      });
    });

    for (const variable of ['LMQTT_CONNECT_MQTT_PORT', 'LMQTT_NAMESRV_LISTEN_PORT']) {
      it(`names the address when ${variable} is taken`, async () => {
        const server = createServer().listen(0, '127.0.0.1');
        await once(server, 'listening');
        const { port } = server.address() as AddressInfo;
        try {
          await sh.expectFailure(`127.0.0.1:${port}`, { [variable]: String(port) });
        } finally {
          server.close();
        }
        await sh.expectSuccess('start');
      });
    }

    it('gives the reason of a worker that cannot listen, with the keys', async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      try {
        await sh.expectFailure(
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
      await sh.expectSuccess('start');
      const other = await MqttSh.create({ LMQTT_DATA_DIR: join(sh.home, 'data') });
      try {
        const outcome = await other.run(['start']);
        expect(outcome.code).to.equal(1);
        expect(outcome.stderr).to.match(/^lmqtt: [^\n]+\n$/);
        expect(outcome.stderr).to.include(join(sh.home, 'data/lmq'));
        expect(await sh.answersMqtt()).to.equal(true);
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
        await sh.expectFailure(`${purpose} ${file} cannot be created`, { [variable]: file });
      });
    }

    it('names a data directory that can never be', async () => {
      await sh.expectFailure('data directory /proc/lmqtt cannot be created', {
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
      await sh.expectFailure('Node.js 20.18.3 is too old: 20.19 or newer is needed', {
        PATH: `${bin}:${process.env['PATH'] ?? ''}`,
      });
    });
  });

  describe('check', () => {
    it('says that the configuration is valid, and starts nothing', async () => {
      const { stdout } = await sh.expectSuccess('check', 'gateway');
      expect(stdout).to.equal(
        `the configuration in ${join(sh.home, 'conf')} is valid for gateway\n`,
      );
      expect(existsSync(join(sh.home, 'data')), 'data directory').to.equal(false);
    });

    it('names what is wrong', async () => {
      sh.configure('connect.conf', 'maxConn = many\n');
      const outcome = await sh.run(['check']);
      expect(outcome).to.include({ code: 1, stdout: '' });
      expect(outcome.stderr).to.match(/^lmqtt: .*connect\.conf:1: maxConn = 'many'[^\n]+\n$/);
    });

    for (const role of ['standalone', 'gateway']) {
      it(`names a file that is missing, of ${role}`, async () => {
        sh.configure('service.conf', 'aclFile = no.acl\n');
        const outcome = await sh.run(['check', role]);
        expect(outcome).to.include({ code: 1, stdout: '' });
        expect(outcome.stderr).to.match(/^lmqtt: aclFile .*no\.acl: cannot be read[^\n]+\n$/);
      });
    }

    it('warns of a file that nobody reads, as a start does, and does not mind', async () => {
      sh.configure('connnect.conf', 'maxConn = many\n');
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
      await sh.expectSuccess('start');
      const { pid } = sh;
      sh.configure('connect.conf', 'maxCon = 1\n');
      const outcome = await sh.run(['restart']);
      expect(outcome).to.include({ code: 1, stdout: '' });
      expect(outcome.stderr).to.include("unknown key 'maxCon'");
      expect(sh.pid).to.equal(pid);
      expect(await sh.answersMqtt()).to.equal(true);
    });
  });
});
