import type { Worker } from 'node:cluster';

/** What `node:cluster` sends to hand a connection to a worker, and what the worker answers (`lib/internal/cluster`). */
interface ClusterMessage {
  readonly cmd?: unknown;
  readonly act?: unknown;
  readonly seq?: unknown;
  readonly ack?: unknown;
}

interface Closable {
  close(): void;
}

/**
 * Closes the connections that were on their way to a worker when it died. The first process accepts all
 * connections and keeps its descriptor of each until the worker has said that it has it; Node.js (20.20) forgets those
 * that a dead worker never answered for, so that nobody ever reads from them or closes them.
 */
export function closeHandedConnections(worker: Worker): void {
  const { process: child } = worker;
  const unanswered = new Map<unknown, Closable>();
  const send = child.send.bind(child) as (...args: unknown[]) => boolean;
  child.send = (...args: unknown[]): boolean => {
    const [message, handle] = args;
    const { act, seq } = asClusterMessage(message);
    if (act === 'newconn' && isClosable(handle)) unanswered.set(seq, handle);
    return send(...args);
  };
  child.on('internalMessage', (message: unknown) => {
    // Taken, and closed here by Node.js, or refused and given to another worker.
    unanswered.delete(asClusterMessage(message).ack);
  });
  // Not 'exit': answers may still be in the channel then. Nor 'disconnect': there is none with a connection on its way.
  child.once('close', () => {
    // Without that 'disconnect' Node.js might go on dealing connections to it.
    worker.disconnect();
    for (const handle of unanswered.values()) handle.close();
    unanswered.clear();
  });
}

function asClusterMessage(message: unknown): ClusterMessage {
  const isObject = typeof message === 'object' && message !== null;
  const { cmd }: ClusterMessage = isObject ? message : {};
  return isObject && cmd === 'NODE_CLUSTER' ? message : {};
}

function isClosable(handle: unknown): handle is Closable {
  return (
    typeof handle === 'object' &&
    handle !== null &&
    'close' in handle &&
    typeof handle.close === 'function'
  );
}
