import { stripVTControlCharacters } from 'node:util';
import { outcomeOf } from './closing-line.ts';

const FAILING = /^ *\d+ failing$/;
/** What is shown of a run that broke off: how it came to that stands there, if anywhere. */
const LAST_LINES = 40;

export interface NamedOutput {
  readonly name: string;
  readonly output: string;
}

/**
 * Mocha's list of what has failed in a run: titles, messages and stacks, without colours. Empty when nothing has;
 * of a run that did not come to its end the last lines that it printed.
 */
export function failureList(output: string): string {
  const text = stripVTControlCharacters(output).trimEnd();
  const lines = text.split('\n');
  if (outcomeOf(text) === undefined) return lines.slice(-LAST_LINES).join('\n');
  // The last one: a test may have printed such a line before.
  const heading = lines.findLastIndex((line) => FAILING.test(line));
  if (heading === -1) return '';
  const list = lines.slice(heading + 1, -1).join('\n');
  return list.replace(/^\n+/, '').trimEnd();
}

/** What has failed in all runs, to be read at the end of their output; empty when nothing has. */
export function failureSection(runs: readonly NamedOutput[]): string {
  return runs
    .map(({ name, output }) => ({ name, list: failureList(output) }))
    .filter(({ list }) => list !== '')
    .map(({ name, list }) => `Failed in ${name}:\n\n${list}\n\n`)
    .join('');
}
