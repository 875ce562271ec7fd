// Serves the page and the two libraries that it loads, on loopback.
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

const modules = createRequire(import.meta.url);
const HERE = import.meta.dirname;
const SCRIPT = 'text/javascript; charset=utf-8';

/** What is served: path, file, type. Nothing else is. */
const FILES = new Map([
  ['/', { file: join(HERE, 'index.html'), type: 'text/html; charset=utf-8' }],
  ['/client.js', { file: join(HERE, 'client.js'), type: SCRIPT }],
  ['/mqtt.min.js', { file: modules.resolve('mqtt/dist/mqtt.min'), type: SCRIPT }],
  ['/crypto-js.js', { file: modules.resolve('crypto-js/crypto-js.js'), type: SCRIPT }],
]);

export interface PageServer {
  /** Where the page is. */
  readonly url: string;
  close(): Promise<void>;
}

/** @param port 0 takes a free one */
export async function startPageServer(port: number): Promise<PageServer> {
  const server = createServer((request, response) => {
    const known = FILES.get(request.url ?? '');
    if (known === undefined) {
      response.writeHead(404).end();
      return;
    }
    readFile(known.file).then(
      (body) => response.writeHead(200, { 'Content-Type': known.type }).end(body),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(taken)}/`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
