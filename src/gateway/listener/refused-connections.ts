import type { Clock, Timer } from '../../common/clock.ts';
import { LmqttError } from '../../common/errors.ts';
import { announcesVersion5 } from '../codec/connect-packet.ts';
import { encodeConnack } from '../codec/encode-rare.ts';
import { FrameReader } from '../codec/frame.ts';
import { ProtocolVersion } from '../codec/protocol-version.ts';
import type { ReasonCode } from '../codec/reason-code.ts';
import type { ByteStream, Peer } from '../connection/byte-stream.ts';
import { Connection, type ConnectionOwner } from '../connection/connection.ts';
import type { FlushQueue } from '../connection/flush-queue.ts';
import type { LingeringStreams } from '../connection/lingering-streams.ts';
import type { GatewayStats } from '../gateway-stats.ts';

/** Time for CONNECT of a connection that is refused, ms. */
const TIMEOUT_MS = 1000;
/** Of the CONNECT that is answered; a longer one is not. */
const MAX_CONNECT_BYTES = 16 * 1024;
const HIGH_WATER = 1024;
const CONNECT_BYTE = 0x10;

const frame = new FrameReader();

/**
 * Connections over a limit that are told so: CONNACK with the reason code to their CONNECT, whatever is in
 * it, then the close. Only a few at a time; beyond that the close is the answer, so that a flood costs little.
 */
export class RefusedConnections {
  readonly #clock: Clock;
  readonly #flushQueue: FlushQueue;
  readonly #lingering: LingeringStreams;
  readonly #stats: GatewayStats;
  readonly #capacity: number;
  #size = 0;

  constructor(
    clock: Clock,
    flushQueue: FlushQueue,
    lingering: LingeringStreams,
    stats: GatewayStats,
    capacity: number,
  ) {
    this.#clock = clock;
    this.#flushQueue = flushQueue;
    this.#lingering = lingering;
    this.#stats = stats;
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#size;
  }

  /** Takes a place; false when there is none. `leave` gives it back. */
  enter(): boolean {
    if (this.#size >= this.#capacity) return false;
    this.#size++;
    return true;
  }

  leave(): void {
    this.#size--;
  }

  /** Answers the CONNECT that comes on `stream`. */
  answer(stream: ByteStream, peer: Peer | undefined, reasonCode: ReasonCode): void {
    const connection = new Connection(
      stream,
      this.#flushQueue,
      this.#lingering,
      this.#stats,
      HIGH_WATER,
      peer,
    );
    connection.open(new Refusal(connection, reasonCode, this.#clock));
  }
}

class Refusal implements ConnectionOwner {
  readonly #connection: Connection;
  readonly #reasonCode: ReasonCode;
  readonly #timer: Timer;

  constructor(connection: Connection, reasonCode: ReasonCode, clock: Clock) {
    this.#connection = connection;
    this.#reasonCode = reasonCode;
    this.#timer = clock.after(TIMEOUT_MS, () => {
      connection.destroy();
    });
  }

  onBytes(chunk: Buffer): number {
    if (chunk[0] !== CONNECT_BYTE) {
      this.#connection.destroy();
      return chunk.length;
    }
    try {
      if (!frame.next(chunk, 0, chunk.length, MAX_CONNECT_BYTES)) return 0;
    } catch (error) {
      if (!(error instanceof LmqttError)) throw error;
      this.#connection.destroy();
      return chunk.length;
    }
    const version = announcesVersion5(chunk) ? ProtocolVersion.MQTT_5 : ProtocolVersion.MQTT_3_1_1;
    const connack = encodeConnack(false, this.#reasonCode, version);
    this.#connection.out.append(connack, 0, connack.length);
    this.#connection.end();
    return chunk.length;
  }

  onDrain(): void {
    // Nothing waits.
  }

  onClose(): void {
    this.#timer.cancel();
  }
}
