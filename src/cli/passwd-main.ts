/** Entry of `bin/mqtt.sh passwd`. */
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { ConfigError } from '../common/errors.ts';
import { loadConfig } from './config/load-all.ts';
import { directoriesFrom } from './directories.ts';
import { changeUsers, PASSWD_USAGE, passwdRequest } from './passwd.ts';

async function main(args: readonly string[]): Promise<void> {
  if (args.includes('-h') || args.includes('--help')) {
    process.stdout.write(PASSWD_USAGE);
    return;
  }
  const request = passwdRequest(args);
  const directories = directoriesFrom(process.env, join(import.meta.dirname, '..', '..'));
  const { scramUsersFile } = loadConfig(directories.conf, process.env).service;
  if (scramUsersFile === '') {
    throw new ConfigError('scramUsersFile is not set in service.conf: there is no file to change');
  }
  const input = request.isDeletion ? undefined : await text(process.stdin);
  const password = input?.split(/\r?\n/, 1)[0];
  const path = resolve(directories.conf, scramUsersFile);
  process.stdout.write(`lmqtt: ${changeUsers(path, request, password)} in ${path}\n`);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`lmqtt: ${error.message}\n`);
  process.exitCode = 1;
}
