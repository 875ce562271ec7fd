import { ConfigError } from '../../common/errors.ts';
import { saslprep } from './saslprep.ts';
import { formatVerifier, parseVerifier, type ScramVerifier } from './scram-verifier.ts';

/** What a users file holds. */
export interface ScramUsersFile {
  readonly users: ReadonlyMap<string, ScramVerifier>;
  /** Makes the salts of users that do not exist, the same after a restart; undefined in a file without. */
  readonly decoyKey: Buffer | undefined;
}

const DECOY_KEY = /^# decoy-key: ([A-Za-z0-9+/]+=*)$/;
const HEAD = '# Users of SCRAM-SHA-256: change it with bin/mqtt.sh passwd';
const VERIFIER = ':SCRAM-SHA-256$';

/**
 * Reads a users file: `name:SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey` lines, `#` comments.
 * @param origin path of the file, for messages
 * @throws ConfigError naming the line
 */
export function parseUsers(text: string, origin: string): ScramUsersFile {
  const users = new Map<string, ScramVerifier>();
  let decoyKey: Buffer | undefined;
  for (const [index, line] of text.split(/\r\n|\n/).entries()) {
    const where = `${origin}:${String(index + 1)}`;
    const decoy = DECOY_KEY.exec(line)?.[1];
    if (decoy !== undefined) decoyKey = Buffer.from(decoy, 'base64');
    if (line.trim() === '' || line.startsWith('#')) continue;
    const colon = line.lastIndexOf(VERIFIER);
    const verifier = colon < 1 ? undefined : parseVerifier(line.slice(colon + 1));
    if (verifier === undefined) {
      throw new ConfigError(
        `${where}: the line is not 'name:SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey'`,
      );
    }
    const name = line.slice(0, colon);
    if (saslprep(name) !== name) {
      throw new ConfigError(`${where}: '${name}' is not a user name in the form of SASLprep`);
    }
    if (users.has(name)) throw new ConfigError(`${where}: user '${name}' is there twice`);
    users.set(name, verifier);
  }
  return { users, decoyKey };
}

/** The text of a users file. */
export function formatUsers(users: ReadonlyMap<string, ScramVerifier>, decoyKey: Buffer): string {
  const lines = [...users].map(([name, verifier]) => `${name}:${formatVerifier(verifier)}`);
  return [HEAD, `# decoy-key: ${decoyKey.toString('base64')}`, ...lines, ''].join('\n');
}
