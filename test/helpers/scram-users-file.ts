import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** User `user`, password `pencil`: what PostgreSQL would store for the example of RFC 7677. */
const USER =
  'user:SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=';

/** A users file for servers of the tests, made when the suites are loaded. */
export class ScramUsersFile {
  readonly #directory: string = mkdtempSync(join(tmpdir(), 'lmqtt-test-'));
  readonly path: string = join(this.#directory, 'users');

  constructor() {
    this.write(USER);
    process.once('exit', () => {
      rmSync(this.#directory, { recursive: true, force: true });
    });
  }

  /** Adds a user of the same password. */
  add(username: string): void {
    this.write(`${USER}\n${username}${USER.slice(USER.indexOf(':'))}`);
  }

  write(text: string): void {
    writeFileSync(`${this.path}.new`, `${text}\n`);
    renameSync(`${this.path}.new`, this.path);
  }
}
