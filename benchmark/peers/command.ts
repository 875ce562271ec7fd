import type { Peer } from './peer.ts';

/** A broker given on the command line; `{port}` and `{dir}` are replaced. */
export function commandPeer(name: string, commandLine: string): Peer {
  return {
    name,
    note: `started by: ${commandLine}`,
    prepare: (port, dir) => ({
      command: [
        'sh',
        '-c',
        `exec ${commandLine.replaceAll('{port}', String(port)).replaceAll('{dir}', dir)}`,
      ],
      env: {},
    }),
  };
}
