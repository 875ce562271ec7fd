import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { didYouMean } from '../../common/config/suggestion.ts';
import { messageOf } from '../../common/errors.ts';
import { isMissing } from '../../common/is-missing.ts';
import { confFiles } from './conf-files.ts';
import type { Config } from './load-all.ts';

/** What configuration files end in, here and elsewhere. */
const CONF_NAME = /\.(?:conf|config|cnf|cfg|ini)$/i;

/**
 * Warnings of files in the configuration directory that look like configuration and that nobody reads: a missing file
 * means defaults, so that what a misspelt one says would be ignored without a word.
 * Another says that the directory cannot be looked through: its files can be read all the same, so that this stops nobody.
 */
export function warningsOfUnreadFiles(directory: string, config: Config): readonly string[] {
  const known = confFiles.map(({ name }) => `${name}.conf`);
  const read = new Set(known.map((name) => resolve(directory, name)));
  for (const value of textsOf(config)) read.add(resolve(directory, value));
  const names = namesIn(directory);
  if (typeof names === 'string') return [names];
  return names
    .filter((name) => CONF_NAME.test(name) && !read.has(resolve(directory, name)))
    .map((name) => {
      const hint = didYouMean(name, known);
      return `${resolve(directory, name)}: nobody reads this file, and no key names it${hint}`;
    });
}

/** The values that may be names of files, as `aclFile` is. */
function textsOf(config: Config): string[] {
  const { listeners, ...files } = config;
  const parts: object[] = [...Object.values(files), ...listeners.map(({ values }) => values)];
  return parts
    .flatMap((part) => Object.values(part) as unknown[])
    .filter((value) => typeof value === 'string');
}

/** The names of the files, or why they are not known. */
function namesIn(directory: string): string[] | string {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map(({ name }) => name)
      .sort();
  } catch (error) {
    if (isMissing(error)) return [];
    return `${directory}: cannot be looked through for files that nobody reads: ${messageOf(error)}`;
  }
}
