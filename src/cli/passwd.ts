import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { parseArgs } from 'node:util';
import { saslprep } from '../auth/scram/saslprep.ts';
import {
  DEFAULT_ITERATIONS,
  deriveVerifier,
  KEY_BYTES,
  MAX_ITERATIONS,
  MIN_ITERATIONS,
  SALT_BYTES,
  type ScramVerifier,
} from '../auth/scram/scram-verifier.ts';
import { formatUsers, parseUsers, type ScramUsersFile } from '../auth/scram/users-text.ts';
import { ConfigError, messageOf } from '../common/errors.ts';

export const PASSWD_USAGE = `usage: mqtt.sh passwd [-i ITERATIONS] USER   add USER, or give it another password
       mqtt.sh passwd -d USER                remove USER
The password is the first line of the input. The file is scramUsersFile of service.conf.
`;

const PRIVATE = 0o600;
const PERMISSIONS = 0o777;

/** What a command line asks for. */
export interface PasswdRequest {
  readonly username: string;
  readonly isDeletion: boolean;
  readonly iterations: number;
}

/** @throws ConfigError for a command line that is wrong */
export function passwdRequest(args: readonly string[]): PasswdRequest {
  const { values, positionals } = parsed(args);
  const [name, ...rest] = positionals;
  if (name === undefined || rest.length > 0) throw new ConfigError(PASSWD_USAGE.trimEnd());
  const username = saslprep(name);
  // A name of a comment would be one.
  if (username === undefined || username.startsWith('#')) {
    throw new ConfigError(`'${name}' cannot be a user name`);
  }
  const iterations = Number(values.iterations ?? DEFAULT_ITERATIONS);
  if (!Number.isInteger(iterations) || iterations < MIN_ITERATIONS || iterations > MAX_ITERATIONS) {
    throw new ConfigError(
      `-i ${String(values.iterations)}: expected a whole number from ${String(MIN_ITERATIONS)} to ${String(MAX_ITERATIONS)}`,
    );
  }
  return { username, isDeletion: values.delete ?? false, iterations };
}

/**
 * Changes the users file; a running gateway takes it up within seconds.
 * @param password undefined when a user is removed
 * @returns what was done, in words
 * @throws ConfigError when the file is wrong or another change is under way, or the password is not allowed
 */
export function changeUsers(
  path: string,
  { username, isDeletion, iterations }: PasswdRequest,
  password: string | undefined,
): string {
  const draft = `${path}.new`;
  claim(draft);
  try {
    const file = readUsers(path);
    const users = new Map(file.users);
    const isKnown = users.has(username);
    if (isDeletion) {
      if (!users.delete(username)) throw new ConfigError(`${path}: there is no user '${username}'`);
    } else {
      users.set(username, verifierFor(password ?? '', iterations));
    }
    const decoyKey = file.decoyKey ?? randomBytes(KEY_BYTES);
    writeFileSync(draft, formatUsers(users, decoyKey));
    keepOwnerAndMode(draft, path);
    renameSync(draft, path);
    if (isDeletion) return `user '${username}' is removed`;
    return isKnown ? `user '${username}' has another password` : `user '${username}' is added`;
  } catch (error) {
    rmSync(draft, { force: true });
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(`${path} cannot be changed: ${messageOf(error)}`, { cause: error });
  }
}

/** Of the file that the draft replaces: root may change the users of a service that runs as somebody else. */
function keepOwnerAndMode(draft: string, path: string): void {
  const former = statSync(path, { throwIfNoEntry: false });
  if (former !== undefined && process.getuid?.() === 0) chownSync(draft, former.uid, former.gid);
  chmodSync(draft, (former?.mode ?? PRIVATE) & PERMISSIONS);
}

function verifierFor(password: string, iterations: number): ScramVerifier {
  const prepared = saslprep(password);
  if (prepared === undefined) {
    throw new ConfigError('the password is empty, or has characters that no password may have');
  }
  return deriveVerifier(prepared, randomBytes(SALT_BYTES), iterations);
}

function parsed(args: readonly string[]): {
  readonly values: { readonly delete?: boolean; readonly iterations?: string };
  readonly positionals: readonly string[];
} {
  const options = {
    delete: { type: 'boolean', short: 'd' },
    iterations: { type: 'string', short: 'i' },
  } as const;
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    return { values, positionals };
  } catch (error) {
    throw new ConfigError(`${messageOf(error)}\n${PASSWD_USAGE.trimEnd()}`, { cause: error });
  }
}

/** Of two changes at a time, one is refused. */
function claim(draft: string): void {
  try {
    writeFileSync(draft, '', { flag: 'wx', mode: PRIVATE });
  } catch (error) {
    throw new ConfigError(
      `${draft} cannot be made (is another change under way?): ${messageOf(error)}`,
      { cause: error },
    );
  }
}

function readUsers(path: string): ScramUsersFile {
  if (statSync(path, { throwIfNoEntry: false }) === undefined) {
    return { users: new Map(), decoyKey: undefined };
  }
  return parseUsers(readFileSync(path, 'utf8'), path);
}
