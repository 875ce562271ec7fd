import type { Clock, Timer } from '../common/clock.ts';
import { DEFAULT_MAX_FRAME_BYTES, encodeFrame } from './frame.ts';
import { ClientChannel } from './client-channel.ts';
import { ONEWAY_FLAG, requestCommand, SerializeType } from './remoting-command.ts';
import type { RemotingCommand, RemotingRequest } from './remoting-command.ts';
import { RemotingUnavailableError } from './remoting-error.ts';

export interface RemotingClientOptions {
  readonly host: string;
  readonly port: number;
  readonly clock: Clock;
  /** Default 5000. */
  readonly connectTimeoutMs?: number;
  /** From the call to the response; default 5000, as in mqadmin. */
  readonly invokeTimeoutMs?: number;
  readonly maxFrameBytes?: number;
  /** Requests that may wait for their response; default 1024. */
  readonly maxInFlight?: number;
  /** How requests are written; responses are read in either type. Default JSON. */
  readonly serializeType?: SerializeType;
}

const DEFAULT_TIMEOUT_MS = 5_000;
const DEFAULT_MAX_IN_FLIGHT = 1024;
const MAX_OPAQUE = 0x7fff_ffff;

interface PendingInvocation {
  /** That it goes through; undefined once the client is closed. */
  readonly channel: ClientChannel | undefined;
  readonly timeout: Timer;
  readonly resolve: (response: RemotingCommand) => void;
  readonly reject: (error: Error) => void;
}

/** One peer's client: connects when first used, again after a lost connection, and correlates by opaque. */
export class RemotingClient {
  readonly #options: RemotingClientOptions;
  readonly #address: string;
  readonly #pending = new Map<number, PendingInvocation>();
  #channel: ClientChannel | undefined;
  #lastOpaque = 0;
  #closed = false;

  constructor(options: RemotingClientOptions) {
    this.#options = options;
    this.#address = `${options.host}:${String(options.port)}`;
  }

  /** Resolves when connected. @throws RemotingUnavailableError (rejection) naming the address */
  async connect(): Promise<void> {
    await this.#connected();
  }

  /**
   * Sends a request and resolves with its response, whatever its code.
   * @throws RemotingUnavailableError (rejection) without connection or response in time
   * @throws RemotingProtocolError (rejection) when the request does not fit a frame or the peer answers garbage
   */
  async invoke(request: RemotingRequest): Promise<RemotingCommand> {
    const maxInFlight = this.#options.maxInFlight ?? DEFAULT_MAX_IN_FLIGHT;
    if (this.#pending.size >= maxInFlight) {
      throw new RemotingUnavailableError(
        `${String(maxInFlight)} requests to ${this.#address} wait for their response already`,
      );
    }
    const opaque = this.#nextOpaque();
    const frame = this.#encode(request, opaque, 0);
    const connected = this.#connected();
    const channel = this.#channel;
    const response = new Promise<RemotingCommand>((resolve, reject) => {
      const timeoutMs = this.#options.invokeTimeoutMs ?? DEFAULT_TIMEOUT_MS;
      const timeout = this.#options.clock.after(timeoutMs, () => {
        const message = `no response from ${this.#address} within ${String(timeoutMs)} ms`;
        this.#settle(opaque)?.reject(new RemotingUnavailableError(message));
      });
      this.#pending.set(opaque, { channel, timeout, resolve, reject });
    });
    connected.then(
      (open) => {
        // After its timeout nobody waits for the response.
        if (this.#pending.has(opaque)) open.write(frame);
      },
      (error: unknown) => {
        this.#settle(opaque)?.reject(error as Error);
      },
    );
    return response;
  }

  /** Sends a request that gets no response; resolves when it is handed to the system. */
  async invokeOneway(request: RemotingRequest): Promise<void> {
    const frame = this.#encode(request, this.#nextOpaque(), ONEWAY_FLAG);
    const channel = await this.#connected();
    await channel.flush(frame);
  }

  /** Ends the connection; waiting invocations are rejected. Final. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#rejectAll(new RemotingUnavailableError(`the client of ${this.#address} was closed`));
    await this.#channel?.close();
  }

  #connected(): Promise<ClientChannel> {
    if (this.#closed) {
      return Promise.reject(
        new RemotingUnavailableError(`the client of ${this.#address} was closed`),
      );
    }
    if (this.#channel?.usable !== true) {
      const channel: ClientChannel = new ClientChannel({
        host: this.#options.host,
        port: this.#options.port,
        connectTimeoutMs: this.#options.connectTimeoutMs ?? DEFAULT_TIMEOUT_MS,
        maxFrameBytes: this.#options.maxFrameBytes ?? DEFAULT_MAX_FRAME_BYTES,
        clock: this.#options.clock,
        onResponse: (response) => {
          // A response that comes after its timeout finds nobody and is ignored.
          this.#settle(response.opaque)?.resolve(response);
        },
        onLost: (error) => {
          this.#rejectAll(error, channel);
        },
      });
      this.#channel = channel;
    }
    return this.#channel.connected;
  }

  #settle(opaque: number): PendingInvocation | undefined {
    const pending = this.#pending.get(opaque);
    this.#pending.delete(opaque);
    pending?.timeout.cancel();
    return pending;
  }

  /** @param channel those that go through it; undefined for all */
  #rejectAll(error: Error, channel?: ClientChannel): void {
    for (const [opaque, pending] of [...this.#pending]) {
      if (channel === undefined || pending.channel === channel) this.#settle(opaque)?.reject(error);
    }
  }

  #nextOpaque(): number {
    do {
      this.#lastOpaque = this.#lastOpaque === MAX_OPAQUE ? 1 : this.#lastOpaque + 1;
    } while (this.#pending.has(this.#lastOpaque));
    return this.#lastOpaque;
  }

  #encode(request: RemotingRequest, opaque: number, flag: number): Buffer {
    const serializeType = this.#options.serializeType ?? SerializeType.JSON;
    return encodeFrame(
      requestCommand(request, opaque, serializeType, flag),
      this.#options.maxFrameBytes,
    );
  }
}
