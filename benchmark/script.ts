import { messageOf } from '../src/common/errors.ts';

/** The entries named on the command line, separated by commas; all without a name. Throws for an unknown one. */
export function selectNamed<T extends { readonly name: string }>(
  entries: readonly T[],
  only: string,
): readonly T[] {
  const names = only.split(',').filter((name) => name !== '');
  const unknown = names.filter((name) => !entries.some((entry) => entry.name === name));
  if (unknown.length > 0) {
    const known = entries.map(({ name }) => name).join(', ');
    throw new Error(`unknown: ${unknown.join(', ')}; known: ${known}`);
  }
  return entries.filter(({ name }) => names.length === 0 || names.includes(name));
}

/** Runs a script to its end; an error is its last line. */
export async function runScript(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
    process.exitCode = 2;
  }
}
