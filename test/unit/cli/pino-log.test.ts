import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import sinon from 'sinon';
import { openLog } from '../../../src/cli/pino-log.ts';
import { ConfigError } from '../../../src/common/errors.ts';

describe('openLog', () => {
  let directory: string;
  let file: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'lmqtt-'));
    file = join(directory, 'logs', 'lmqtt.log');
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  function lines(path: string): Record<string, unknown>[] {
    const text = readFileSync(path, 'utf8').trim();
    return text === ''
      ? []
      : text.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  it('writes JSON lines from its level on, with the fields of children, by the flush at the latest', () => {
    const log = openLog({ level: 'info', file, console: false });
    const { logger } = log;
    logger.debug({}, 'hidden');
    logger.info({ port: 1 }, 'first');
    logger.child({ part: 'store' }).warn({}, 'second');
    logger.error({ error: new Error('bad') }, 'third');
    log.flush();
    const [first, second, third] = lines(file);
    expect(first).to.include({ level: 'info', port: 1, msg: 'first' });
    expect(first?.['time']).to.match(/^\d{4}-\d\d-\d\dT/);
    expect(second).to.include({ level: 'warn', part: 'store', msg: 'second' });
    expect(third?.['error']).to.include({ message: 'bad' });
    expect(lines(file)).to.have.length(3);
  });

  it('never writes a password, a secret key or a payload', () => {
    const log = openLog({ level: 'debug', file, console: false });
    const secrets = { password: 'hush', secretKey: 'hush', payload: 'hush' };
    log.logger.info({ ...secrets, nested: secrets }, 'x');
    log.logger.child(secrets).info({}, 'y');
    log.flush();
    const text = readFileSync(file, 'utf8');
    expect(text).to.include('<redacted>');
    expect(text).not.to.include('hush');
  });

  it('goes on in a new file after reopen', () => {
    const log = openLog({ level: 'info', file, console: false });
    log.logger.info({}, 'before');
    log.flush();
    const moved = `${file}.1`;
    renameSync(file, moved);
    log.reopen();
    log.logger.info({}, 'after');
    log.flush();
    expect(lines(moved).map((line) => line['msg'])).to.deep.equal(['before']);
    expect(lines(file).map((line) => line['msg'])).to.deep.equal(['after']);
  });

  it('goes on when the disk is full, and does not wait for room at the end', function () {
    // Every write to it ends with ENOSPC.
    if (!existsSync('/dev/full')) this.skip();
    const log = openLog({ level: 'info', file: '/dev/full', console: false });
    const told = sinon.stub(process.stderr, 'write').returns(true);
    try {
      for (let i = 0; i < 3; i++) log.logger.info({ i }, 'lost');
      log.flush();
    } finally {
      told.restore();
    }
    expect(told.args.map(([text]) => String(text))).to.deep.equal([
      'lmqtt: the log cannot be written: ENOSPC: no space left on device, write\n',
    ]);
  });

  it('needs no file', () => {
    const log = openLog({ level: 'info', file: undefined, console: false });
    log.logger.info({}, 'nowhere');
    log.reopen();
    log.flush();
  });

  it('names the file when it cannot be opened', () => {
    mkdirSync(file, { recursive: true });
    expect(() => openLog({ level: 'info', file, console: false })).to.throw(ConfigError, file);
  });
});
