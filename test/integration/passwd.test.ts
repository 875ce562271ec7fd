import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect } from 'chai';
import { MqttSh, type Outcome, ROOT } from './mqtt-sh.ts';

describe('mqtt.sh passwd', function () {
  this.timeout(120_000);
  let sh: MqttSh;
  let file: string;

  async function passwd(input: string, ...args: readonly string[]): Promise<Outcome> {
    const child = spawn('sh', [join(ROOT, 'bin/mqtt.sh'), 'passwd', ...args], {
      env: sh.environment({ LMQTT_SERVICE_SCRAM_USERS_FILE: 'users' }),
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    child.stdin.end(input);
    const closed = once(child, 'close') as Promise<[number | null]>;
    const [[code], stdout, stderr] = await Promise.all([
      closed,
      text(child.stdout),
      text(child.stderr),
    ]);
    return { code, stdout, stderr };
  }

  beforeEach(async () => {
    sh = await MqttSh.create();
    mkdirSync(join(sh.home, 'conf'));
    file = join(sh.home, 'conf', 'users');
  });
  afterEach(() => sh.dispose());

  it('adds, changes and removes users, with the password from its input', async () => {
    const added = await passwd('secret\n', 'alice');
    expect(added.code, added.stderr).to.equal(0);
    expect(added.stdout).to.equal(`lmqtt: user 'alice' is added in ${file}\n`);
    expect(readFileSync(file, 'utf8')).to.match(/^alice:SCRAM-SHA-256\$15000:/m);
    const changed = await passwd('other', '-i', '4096', 'alice');
    expect(changed.stdout).to.include('another password');
    expect(readFileSync(file, 'utf8')).to.match(/^alice:SCRAM-SHA-256\$4096:/m);
    expect(await passwd('', '-d', 'alice')).to.include({ code: 0 });
    expect(readFileSync(file, 'utf8')).to.not.include('alice');
  });

  it('says what is wrong and exits with 1', async () => {
    for (const [input, args, message] of [
      ['', ['alice'], 'the password is empty'],
      ['x', [], 'usage: mqtt.sh passwd'],
      ['x', ['alice', 'secret'], 'usage: mqtt.sh passwd'],
      ['', ['-d', 'alice'], "there is no user 'alice'"],
    ] as const) {
      const outcome = await passwd(input, ...args);
      expect(outcome.code, outcome.stderr).to.equal(1);
      expect(outcome.stderr).to.include(`lmqtt: `).and.include(message);
    }
  });
});
