// Runs an example: exit code 0 when all that it expects happens, else 1 and the reason.
import { readSettings } from './settings.ts';
import type { Settings } from './settings.ts';

/** `messages` is the default of `--messages`. */
export async function runExample(
  messages: number,
  example: (settings: Settings) => Promise<void>,
): Promise<void> {
  try {
    await example(readSettings(messages));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
}
