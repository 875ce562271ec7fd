import type { Need, StartedPeer } from './peer.ts';

const LACKS: ReadonlyMap<Need, string> = new Map([
  ['TLS', 'a broker given with --peer listens on TCP only'],
  ['WebSocket', 'a broker given with --peer listens on TCP only'],
]);

/** A broker given on the command line; `{port}` and `{dir}` are replaced. */
export function commandPeer(name: string, commandLine: string): StartedPeer {
  return {
    name,
    note: `started by: ${commandLine}`,
    lacks: LACKS,
    missing: () => undefined,
    prepare: ({ port }, dir) => ({
      command: [
        'sh',
        '-c',
        `exec ${commandLine.replaceAll('{port}', String(port)).replaceAll('{dir}', dir)}`,
      ],
      env: {},
    }),
  };
}
