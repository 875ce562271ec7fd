import type { Socket } from 'node:net';

/**
 * Collects what a connection begins with. The caller limits the time, and `isEnough` the size.
 * @param onEnough told all that has come, maybe more than enough; the socket is paused. Not called when it closes before
 */
export function awaitFirstBytes(
  socket: Socket,
  isEnough: (received: Buffer) => boolean,
  onEnough: (received: Buffer) => void,
): void {
  let received: Buffer = Buffer.alloc(0);
  const onData = (chunk: Buffer): void => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    if (!isEnough(received)) return;
    socket.off('data', onData);
    socket.off('end', onEnd);
    socket.pause();
    onEnough(received);
  };
  // A peer that ends before has nothing to say.
  const onEnd = (): void => {
    socket.destroy();
  };
  socket.on('data', onData);
  socket.on('end', onEnd);
  // It may be paused behind a PROXY header.
  socket.resume();
}
