import { once } from 'node:events';
import { createConnection } from 'node:net';
import type { Socket } from 'node:net';
import { FrameDecoder } from '../../../src/remoting/frame-decoder.ts';
import { encodeFrame } from '../../../src/remoting/frame.ts';
import type { RemotingCommand } from '../../../src/remoting/remoting-command.ts';
import { eventually } from '../../helpers/eventually.ts';

/** A peer that sends exactly what it is told and keeps what comes back. */
export class RawRemotingPeer {
  readonly socket: Socket;
  readonly received: RemotingCommand[] = [];
  readonly #decoder = new FrameDecoder();

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#decoder.push(chunk);
      for (let next = this.#decoder.next(); next !== undefined; next = this.#decoder.next()) {
        this.received.push(next);
      }
    });
    socket.on('error', () => undefined);
  }

  static async connect(port: number): Promise<RawRemotingPeer> {
    const socket = createConnection({ host: '127.0.0.1', port, allowHalfOpen: true });
    await once(socket, 'connect');
    return new RawRemotingPeer(socket);
  }

  send(...commands: RemotingCommand[]): void {
    this.socket.write(Buffer.concat(commands.map((command) => encodeFrame(command))));
  }

  async responses(count: number): Promise<RemotingCommand[]> {
    await eventually(`${String(count)} responses`, () => this.received.length >= count);
    return this.received;
  }

  /** Resolves when the server has ended or cut the connection. */
  async gone(): Promise<void> {
    await eventually('end of connection', () => this.socket.closed || this.socket.readableEnded);
  }
}
