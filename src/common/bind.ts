import { addressText } from './address-text.ts';
import { ListenError, messageOf } from './errors.ts';

export interface BindOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Connections that the system holds before they are accepted; its own limit unless given. */
  readonly backlog?: number;
}

/** What listens: a server of `node:net` or `node:http`, which only the edges import. */
export interface Bindable {
  once(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'error', listener: (error: Error) => void): unknown;
  listen(options: BindOptions, listening: () => void): unknown;
}

/**
 * Resolves when the server listens.
 * @param action what it is to do there, for the message
 * @throws ListenError (rejection) as `listenError` makes it
 */
export function bind(server: Bindable, options: BindOptions, action = 'listen'): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void => {
      reject(listenError(options, error, action));
    };
    server.once('error', failed);
    server.listen(options, () => {
      server.off('error', failed);
      resolve();
    });
  });
}

/** The error of an address that could not be bound: names the address, and the reason in words where it is known. */
export function listenError(
  { host, port }: Pick<BindOptions, 'host' | 'port'>,
  cause: Error,
  action = 'listen',
): ListenError {
  const message = `cannot ${action} on ${addressText(host, port)}: ${reasonOf(cause)}`;
  return new ListenError(message, { cause, port });
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ['EADDRINUSE', 'the port is in use: stop what uses it, or choose another'],
  ['EACCES', 'no permission to use the port; below 1024 that takes root or CAP_NET_BIND_SERVICE'],
  ['EADDRNOTAVAIL', 'the address does not belong to this machine'],
  ['ENOTFOUND', 'there is no host of that name'],
]);

function reasonOf(error: Error): string {
  // gRPC has the code in the text alone.
  const code = (error as NodeJS.ErrnoException).code ?? /\bE[A-Z]{3,}\b/.exec(error.message)?.[0];
  return REASONS.get(String(code)) ?? messageOf(error);
}
