import { createServer, connect } from 'node:net';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../src/common/errors.ts';

export const HOST = '127.0.0.1';

/** CONNECT, MQTT 3.1.1, clean session, keep-alive 10 s, client id "ready". */
const CONNECT = Buffer.from(
  '1011 0004 4d515454 04 02 000a 0005 7265616479'.replaceAll(' ', ''),
  'hex',
);
const DISCONNECT = Buffer.from('e000', 'hex');

/** A TCP port that nothing listened on a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, HOST);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Signs in once. Rejects unless the broker accepts the connection within `timeoutMs`. */
async function signIn(port: number, timeoutMs: number): Promise<void> {
  const signal = AbortSignal.timeout(timeoutMs);
  const socket = connect(port, HOST);
  try {
    await once(socket, 'connect', { signal });
    socket.write(CONNECT);
    const [reply] = (await once(socket, 'data', { signal })) as [Buffer];
    if (reply[0] !== 0x20 || reply[3] !== 0) throw new Error(`CONNACK ${reply.toString('hex')}`);
    socket.end(DISCONNECT);
  } finally {
    socket.destroySoon();
  }
}

/** Waits until an MQTT client can sign in, trying every `pollMs`. Rejects when the broker dies or `timeoutMs` has passed. */
export async function waitUntilReady(
  port: number,
  isAlive: () => boolean,
  timeoutMs: number,
  pollMs = 50,
): Promise<void> {
  const end = performance.now() + timeoutMs;
  let last = 'no attempt';
  while (performance.now() < end) {
    if (!isAlive()) throw new Error('the broker exited before it was ready');
    try {
      await signIn(port, 2000);
      return;
    } catch (error) {
      last = messageOf(error);
    }
    await sleep(pollMs);
  }
  throw new Error(`the broker was not ready in ${String(timeoutMs)} ms: ${last}`);
}
