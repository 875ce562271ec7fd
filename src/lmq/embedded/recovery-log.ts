import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { unlessMissing } from '../../common/is-missing.ts';

/** RocksDB writes it anew with each opening, and keeps the one of before under a longer name. */
const FILE_NAME = 'LOG';
const OLD_FILE = /^LOG\.old\./;
/** What RocksDB left out of its write-ahead log: `… 000004.log: dropping 5253 bytes; Corruption: checksum mismatch`. */
const DROPPED = /(\d+\.log): dropping \d+ bytes; (.*)/;
/** A write that the end of the process or of the machine has cut off: it was not acknowledged, or not with a sync. */
const CUT_OFF = /truncated|trailing data/;

/**
 * What damage RocksDB has met in its write-ahead log while it was opened: it leaves such records out and takes those behind them,
 * and answers as if nothing had been wrong (ADR 1011). Logs of earlier openings are removed.
 *
 * @param directory of a database that is open
 * @throws the error of the file system
 */
export async function damageOfRecovery(directory: string): Promise<readonly string[]> {
  const text = (await unlessMissing(readFile(join(directory, FILE_NAME), 'utf8'))) ?? '';
  const old = (await readdir(directory)).filter((name) => OLD_FILE.test(name));
  await Promise.all(old.map((name) => rm(join(directory, name), { force: true })));
  const damage: string[] = [];
  for (const line of text.split('\n')) {
    const [, file = '', what = ''] = DROPPED.exec(line) ?? [];
    if (file !== '' && !CUT_OFF.test(what)) damage.push(`${file}: ${what}`);
  }
  return damage;
}
