import { Connection, type ConnectionOwner } from '../../../../src/gateway/connection/connection.ts';
import { FlushQueue } from '../../../../src/gateway/connection/flush-queue.ts';
import { LingeringStreams } from '../../../../src/gateway/connection/lingering-streams.ts';
import { GatewayStats } from '../../../../src/gateway/gateway-stats.ts';
import { FakeClock } from '../fake-clock.ts';
import { FakeSocket } from '../fake-socket.ts';

/** Takes packets of one length byte and so many bytes. */
export class LineOwner implements ConnectionOwner {
  readonly packets: string[] = [];
  calls = 0;
  drains = 0;
  closes = 0;
  connection: Connection | undefined;
  onPacket: (text: string) => void = () => undefined;
  pausedAfter: string | undefined;
  /** Pauses after each. */
  isSlow = false;

  onBytes(chunk: Buffer): number {
    this.calls++;
    let at = 0;
    while (at < chunk.length) {
      const end = at + 1 + chunk[at]!;
      if (end > chunk.length) {
        this.connection?.need(end - at);
        break;
      }
      const text = chunk.toString('latin1', at + 1, end);
      this.packets.push(text);
      at = end;
      this.onPacket(text);
      if (this.isSlow) this.connection?.pause();
      if (this.isSlow || text === this.pausedAfter) break;
    }
    return at;
  }

  onDrain(): void {
    this.drains++;
  }

  onClose(): void {
    this.closes++;
  }
}

export function packet(text: string): Buffer {
  return Buffer.concat([Buffer.from([text.length]), Buffer.from(text, 'latin1')]);
}

/** A connection with all that belongs to it. */
export interface MadeConnection {
  readonly socket: FakeSocket;
  readonly stats: GatewayStats;
  readonly connection: Connection;
  readonly owner: LineOwner;
  readonly clock: FakeClock;
  readonly lingering: LingeringStreams;
}

export function make(highWater: number = 64 * 1024): MadeConnection {
  const socket = new FakeSocket();
  const stats = new GatewayStats();
  const clock = new FakeClock();
  const lingering = new LingeringStreams(clock);
  const connection = new Connection(socket.socket, new FlushQueue(), lingering, stats, highWater);
  const owner = new LineOwner();
  owner.connection = connection;
  connection.open(owner);
  return { socket, stats, connection, owner, clock, lingering };
}

export function write(connection: Connection, bytes: Buffer): void {
  connection.out.append(bytes, 0, bytes.length);
  connection.wantFlush();
}
