import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { GatewaySettings } from '../gateway-run.ts';

/** One stall of the event loop, as `stall-watch.mjs` saw it; all in ms. */
interface Stall {
  readonly from: number;
  readonly to: number;
  /** Time that the main thread ran. */
  readonly ran: number;
  /** Time that it waited for a core. */
  readonly waited: number;
  /** Length of the collections that fell into it. */
  readonly gc: number;
}

/** A stall is lmqtt's own when the main thread ran for this long, ms; else it had no core. */
const OWN_MS = 20;

const WATCH = fileURLToPath(new URL('stall-watch.mjs', import.meta.url));

/** The settings with a watch that writes each stall into `file`. */
export function watchStalls(settings: GatewaySettings, file: string): GatewaySettings {
  return {
    env: { ...settings.env, STALL_WATCH_FILE: file },
    nodeFlags: [...(settings.nodeFlags ?? []), `--import=${WATCH}`],
  };
}

/**
 * What the stalls of a run were, in lines of text.
 * @param after age of the process from which on they count, ms
 */
export function describeStalls(file: string, after: number): string[] {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const stalls = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Stall)
    .filter(({ from }) => from > after);
  const own = stalls.filter(({ ran }) => ran >= OWN_MS);
  const word = own.length === 0 ? 'absent' : 'PRESENT';
  const collecting = own.filter(({ ran, gc }) => gc > ran / 2);
  const longest = own.toSorted((a, b) => b.ran - a.ran).slice(0, 10);
  return [
    `- of them lmqtt's own, where the main thread ran for ${OWN_MS} ms or more: ${own.length}, ${word}; garbage collection was most of it in ${collecting.length}`,
    ...longest.map(
      ({ from, to, ran, waited, gc }) =>
        `  - at ${(from / 1000).toFixed(1)} s, ${(to - from).toFixed(0)} ms: ran ${ran.toFixed(0)}, waited for a core ${waited.toFixed(0)}, garbage collection ${gc.toFixed(0)}`,
    ),
  ];
}
