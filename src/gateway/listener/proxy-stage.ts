import type { Socket } from 'node:net';
import { messageOf } from '../../common/errors.ts';
import type { Peer } from '../connection/byte-stream.ts';
import { parseProxyHeader, type ProxyHeader } from './proxy-header.ts';

/** What becomes of a socket: one of these is called, or none when it closes before. */
export interface ProxyStageOutcome {
  /** The header has been taken off; the socket is paused. */
  readonly onPeer: (socket: Socket, peer: Peer | undefined) => void;
  readonly onMalformed: (socket: Socket, reason: string) => void;
}

/** Takes the header of the PROXY protocol off the beginning of a connection. The caller limits the time. */
export function readProxyHeader(socket: Socket, outcome: ProxyStageOutcome): void {
  let received: Buffer = Buffer.alloc(0);
  const onData = (chunk: Buffer): void => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    let header: ProxyHeader | undefined;
    try {
      header = parseProxyHeader(received);
    } catch (error) {
      leave();
      outcome.onMalformed(socket, messageOf(error));
      return;
    }
    if (header === undefined) return;
    leave();
    socket.pause();
    if (header.bytes < received.length) socket.unshift(received.subarray(header.bytes));
    outcome.onPeer(socket, peerOf(header));
  };
  // A peer that ends before its header is complete has nothing to say.
  const onEnd = (): void => {
    socket.destroy();
  };
  const leave = (): void => {
    socket.off('data', onData);
    socket.off('end', onEnd);
  };
  socket.on('data', onData);
  socket.on('end', onEnd);
}

function peerOf({ source }: ProxyHeader): Peer | undefined {
  return source === undefined ? undefined : { ...source, certificateCommonName: undefined };
}
