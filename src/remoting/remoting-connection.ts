import type { Socket } from 'node:net';
import type { Clock } from '../common/clock.ts';
import { messageOf } from '../common/errors.ts';
import type { Logger } from '../common/logger.ts';
import type { FewWarnings } from './few-warnings.ts';
import type { TimedTurns } from '../common/timed-turns.ts';
import { FrameDecoder } from './frame-decoder.ts';
import { encodeFrame } from './frame.ts';
import { isOneway, isResponse, responseCommand } from './remoting-command.ts';
import type { RemotingAnswer, RemotingCommand } from './remoting-command.ts';
import { RemotingProtocolError } from './remoting-error.ts';
import { dispatchRequest, systemError } from './request-dispatcher.ts';
import type { RequestProcessor } from './request-dispatcher.ts';

/** What a server's connections have in common. */
export interface ConnectionContext {
  readonly processors: ReadonlyMap<number, RequestProcessor>;
  readonly maxFrameBytes: number;
  readonly maxInFlight: number;
  /** Takes `delta` more received bytes into account; false when that makes the server hold too many. */
  readonly reserve: (delta: number) => boolean;
  /** For the requests of all of them: one read brings thousands. */
  readonly turns: TimedTurns;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly warnings: FewWarnings;
}

/**
 * The server's end of one connection. It takes the next request only while fewer than `maxInFlight`
 * are being processed, the peer reads its responses and the turn of the event loop has time; meanwhile the socket is paused.
 */
export class RemotingConnection {
  readonly #socket: Socket;
  readonly #context: ConnectionContext;
  readonly #decoder: FrameDecoder;
  readonly #peer: string;
  #reservedBytes = 0;
  #inFlight = 0;
  #lastTrafficMs: number;
  /** No more requests are taken; the socket ends when the last response is written. */
  #draining = false;
  /** The peer has ended its side; what it sent before is still answered. */
  #peerEnded = false;
  #taking = false;
  /** For a turn of the event loop with time for the next request. */
  #isWaiting = false;

  constructor(socket: Socket, context: ConnectionContext) {
    this.#socket = socket;
    this.#context = context;
    this.#decoder = new FrameDecoder(context.maxFrameBytes);
    this.#peer = `${socket.remoteAddress ?? '?'}:${String(socket.remotePort ?? '?')}`;
    this.#lastTrafficMs = context.clock.monotonic();
    socket.on('data', (chunk: Buffer) => {
      this.#onData(chunk);
    });
    socket.on('drain', () => {
      this.#lastTrafficMs = context.clock.monotonic();
      this.#takeRequests();
    });
    socket.on('end', () => {
      this.#peerEnded = true;
      this.#takeRequests();
    });
    socket.on('error', (error) => {
      context.logger.debug(
        { peer: this.#peer, error: error.message },
        'remoting connection failed',
      );
    });
    socket.on('close', () => {
      this.destroy();
    });
  }

  /** `host:port` by which the peer has reached this server. */
  get localAddress(): string {
    const host = (this.#socket.localAddress ?? '').replace(/^::ffff:/, '');
    const { localPort = 0 } = this.#socket;
    return `${host.includes(':') ? `[${host}]` : host}:${String(localPort)}`;
  }

  /** Milliseconds since bytes last went either way. */
  get idleMs(): number {
    return this.#context.clock.monotonic() - this.#lastTrafficMs;
  }

  /** Answers what is being processed, then ends the connection. */
  drain(): void {
    this.#draining = true;
    this.#decoder.clear();
    this.#account();
    // A paused socket would never show that the peer has ended its side too.
    this.#socket.resume();
    this.#endWhenDone();
  }

  destroy(): void {
    this.#socket.destroy();
    this.#decoder.clear();
    this.#account();
  }

  #onData(chunk: Buffer): void {
    this.#lastTrafficMs = this.#context.clock.monotonic();
    if (this.#draining) return;
    this.#decoder.push(chunk);
    this.#takeRequests();
  }

  #takeRequests(): void {
    // A processor that answers at once must not take the next request inside this one.
    if (this.#taking || this.#draining || this.#socket.destroyed) return;
    this.#taking = true;
    try {
      while (this.#mayTake()) {
        if (this.#context.turns.isOver) {
          this.#waitForTurn();
          break;
        }
        const command = this.#decoder.next();
        if (command === undefined) break;
        this.#take(command);
      }
      if (!this.#account())
        throw new RemotingProtocolError('too many bytes received and not processed');
    } catch (error) {
      this.#context.warnings.warn(
        { peer: this.#peer, error: messageOf(error) },
        'remoting connection closed',
      );
      this.destroy();
      return;
    } finally {
      this.#taking = false;
    }
    if (this.#mayTake()) this.#socket.resume();
    else this.#socket.pause();
    this.#endWhenDone();
  }

  #waitForTurn(): void {
    this.#isWaiting = true;
    this.#context.turns.share(() => {
      this.#isWaiting = false;
      this.#takeRequests();
    });
  }

  #mayTake(): boolean {
    return (
      !this.#isWaiting &&
      this.#inFlight < this.#context.maxInFlight &&
      !this.#socket.writableNeedDrain &&
      !this.#socket.destroyed
    );
  }

  #take(command: RemotingCommand): void {
    // This side sends no requests, so there is nothing a response could belong to.
    if (isResponse(command)) return;
    const answer = dispatchRequest(this.#context.processors, command, this);
    if (!(answer instanceof Promise)) {
      this.#respond(command, answer);
      return;
    }
    this.#inFlight += 1;
    void answer.then((settled) => {
      this.#inFlight -= 1;
      this.#respond(command, settled);
      this.#takeRequests();
      this.#endWhenDone();
    });
  }

  #respond(request: RemotingCommand, answer: RemotingAnswer): void {
    if (isOneway(request) || !this.#socket.writable) return;
    this.#lastTrafficMs = this.#context.clock.monotonic();
    this.#socket.write(this.#encode(request, answer));
  }

  #encode(request: RemotingCommand, answer: RemotingAnswer): Buffer {
    const { maxFrameBytes } = this.#context;
    try {
      return encodeFrame(responseCommand(request, answer), maxFrameBytes);
    } catch (error) {
      return encodeFrame(responseCommand(request, systemError(error)), maxFrameBytes);
    }
  }

  #endWhenDone(): void {
    const done = this.#draining || (this.#peerEnded && this.#mayTake());
    if (done && this.#inFlight === 0 && !this.#socket.writableEnded) this.#socket.end();
  }

  #account(): boolean {
    const delta = this.#decoder.bufferedBytes - this.#reservedBytes;
    this.#reservedBytes += delta;
    return this.#context.reserve(delta);
  }
}
