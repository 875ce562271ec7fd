import { createConnection } from 'node:net';
import type { Socket } from 'node:net';
import type { Clock } from '../common/clock.ts';
import { messageOf } from '../common/errors.ts';
import { FrameDecoder } from './frame-decoder.ts';
import { encodeFrame } from './frame.ts';
import { isOneway, isResponse, responseCommand } from './remoting-command.ts';
import type { RemotingCommand } from './remoting-command.ts';
import { RemotingProtocolError, RemotingUnavailableError } from './remoting-error.ts';
import type { RemotingError } from './remoting-error.ts';
import { dispatchRequest } from './request-dispatcher.ts';

export interface ClientChannelOptions {
  readonly host: string;
  readonly port: number;
  readonly connectTimeoutMs: number;
  readonly maxFrameBytes: number;
  readonly clock: Clock;
  readonly onResponse: (response: RemotingCommand) => void;
  /** Called once, when the connection is gone or cannot be had. */
  readonly onLost: (error: RemotingError) => void;
}

const NO_PROCESSORS = new Map<number, never>();

/** One connection of a client, from the attempt to its end. */
export class ClientChannel {
  /** Resolves with this channel when connected; rejects with RemotingUnavailableError. */
  readonly connected: Promise<ClientChannel>;
  readonly #socket: Socket;
  readonly #address: string;
  readonly #options: ClientChannelOptions;
  readonly #decoder: FrameDecoder;
  #failure: RemotingError | undefined;

  constructor(options: ClientChannelOptions) {
    this.#options = options;
    this.#address = `${options.host}:${String(options.port)}`;
    this.#decoder = new FrameDecoder(options.maxFrameBytes);
    const socket = createConnection({ host: options.host, port: options.port, noDelay: true });
    this.#socket = socket;
    this.connected = this.#connect();
    socket.on('data', (chunk: Buffer) => {
      this.#onData(chunk);
    });
    socket.on('close', () => {
      this.#decoder.clear();
      options.onLost(this.#lost());
    });
  }

  /** False once the connection is gone or about to go. */
  get usable(): boolean {
    return this.#failure === undefined && !this.#socket.destroyed && !this.#socket.writableEnded;
  }

  write(frame: Buffer): void {
    this.#socket.write(frame);
  }

  /** Writes and resolves when the system has taken it. */
  flush(frame: Buffer): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.write(frame, (error) => {
        if (error === undefined || error === null) resolve();
        else reject(this.#lost(error));
      });
    });
  }

  /** Resolves when the socket is closed. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.closed) {
        resolve();
        return;
      }
      this.#socket.once('close', () => {
        resolve();
      });
      if (this.#socket.connecting) this.#socket.destroy();
      else this.#socket.destroySoon();
    });
  }

  #connect(): Promise<ClientChannel> {
    const { clock, connectTimeoutMs } = this.#options;
    return new Promise((resolve, reject) => {
      const timeout = clock.after(connectTimeoutMs, () => {
        this.#fail(
          new RemotingUnavailableError(
            `no connection to ${this.#address} within ${String(connectTimeoutMs)} ms`,
          ),
        );
      });
      this.#socket.once('connect', () => {
        timeout.cancel();
        resolve(this);
      });
      this.#socket.on('error', (error) => {
        this.#failure ??= new RemotingUnavailableError(
          `cannot reach ${this.#address}: ${reasonOf(error)}`,
          { cause: error },
        );
      });
      this.#socket.once('close', () => {
        timeout.cancel();
        reject(this.#lost());
      });
    });
  }

  #onData(chunk: Buffer): void {
    this.#decoder.push(chunk);
    try {
      let command = this.#decoder.next();
      while (command !== undefined) {
        this.#receive(command);
        command = this.#decoder.next();
      }
    } catch (error) {
      this.#fail(
        new RemotingProtocolError(`bad frame from ${this.#address}: ${messageOf(error)}`, {
          cause: error,
        }),
      );
    }
  }

  #receive(command: RemotingCommand): void {
    if (isResponse(command)) {
      this.#options.onResponse(command);
      return;
    }
    const answer = dispatchRequest(NO_PROCESSORS, command, { localAddress: '' });
    if (isOneway(command) || answer instanceof Promise) return;
    this.#socket.write(encodeFrame(responseCommand(command, answer)));
  }

  #fail(error: RemotingError): void {
    this.#failure ??= error;
    this.#socket.destroy();
  }

  #lost(cause?: Error): RemotingError {
    return (
      this.#failure ??
      new RemotingUnavailableError(`the connection to ${this.#address} was closed`, { cause })
    );
  }
}

/** An attempt on several addresses fails with an AggregateError, whose own message is empty. */
function reasonOf(error: Error): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ');
  return error.message;
}
