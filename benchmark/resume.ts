import { connect } from 'node:net';
import { once } from 'node:events';
import { HOST } from './ready.ts';

const CONNACK_ACCEPTED = '20020100';
const LIMIT_MS = 60_000;

/** CONNECT, MQTT 3.1.1, clean session 0, keep-alive 60 s. */
function connectPacket(clientId: string): Buffer {
  const id = Buffer.from(clientId);
  const header = Buffer.from('0004 4d515454 04 00 003c'.replaceAll(' ', ''), 'hex');
  const length = Buffer.of(0, id.length);
  const bytes = header.length + length.length + id.length;
  if (bytes > 127) throw new RangeError(`client identifier too long: ${clientId}`);
  return Buffer.concat([Buffer.of(0x10, bytes), header, length, id]);
}

/**
 * Signs in to a stored session and out again.
 * @returns time from CONNECT to CONNACK, ms
 * @throws when the broker does not know the session
 */
export async function resumeSession(port: number, clientId: string): Promise<number> {
  const signal = AbortSignal.timeout(LIMIT_MS);
  const socket = connect(port, HOST);
  try {
    await once(socket, 'connect', { signal });
    const begin = performance.now();
    socket.write(connectPacket(clientId));
    const [reply] = (await once(socket, 'data', { signal })) as [Buffer];
    const milliseconds = performance.now() - begin;
    const found = reply.toString('hex', 0, 4);
    if (found !== CONNACK_ACCEPTED) throw new Error(`${clientId}: CONNACK ${found}`);
    socket.end(Buffer.from('e000', 'hex'));
    return milliseconds;
  } finally {
    socket.destroySoon();
  }
}
