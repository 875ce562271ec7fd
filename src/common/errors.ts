/**
 * Errors of lmqtt. Every error that crosses a module boundary is a {@link LmqttError} with a stable
 * `code`; the one place that owns a peer (the channel for MQTT, the request processor for Remoting)
 * translates it to that peer's protocol.
 */

/** Stable error codes. A code is never reused for another meaning. */
export const ErrorCode = {
  CONFIG_INVALID: 'LMQTT_CONFIG_INVALID',
  LISTEN_FAILED: 'LMQTT_LISTEN_FAILED',
  MQTT_PROTOCOL: 'LMQTT_MQTT_PROTOCOL',
  REMOTING_PROTOCOL: 'LMQTT_REMOTING_PROTOCOL',
  REMOTING_UNAVAILABLE: 'LMQTT_REMOTING_UNAVAILABLE',
  REMOTING_RESPONSE: 'LMQTT_REMOTING_RESPONSE',
  STORE_CORRUPT: 'LMQTT_STORE_CORRUPT',
  STORE_LOCKED: 'LMQTT_STORE_LOCKED',
  STORE_UNAVAILABLE: 'LMQTT_STORE_UNAVAILABLE',
  STORE_CLOSED: 'LMQTT_STORE_CLOSED',
  STORE_LIMIT: 'LMQTT_STORE_LIMIT',
  STORE_FENCED: 'LMQTT_STORE_FENCED',
  KV_CONFIG: 'LMQTT_KV_CONFIG',
  RPC: 'LMQTT_RPC',
} as const;
export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];

export interface LmqttErrorOptions extends ErrorOptions {
  /** True when the same call may succeed later without a change by the caller. */
  retryable?: boolean;
}

export class LmqttError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;

  constructor(code: ErrorCode, message: string, options: LmqttErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.retryable = options.retryable ?? false;
  }
}

/** A configuration key that is unknown, ill-typed or contradicts another. The message names the key. */
export class ConfigError extends LmqttError {
  constructor(message: string, options?: LmqttErrorOptions) {
    super(ErrorCode.CONFIG_INVALID, message, options);
  }
}

/** An address that cannot be bound. The message names the address. */
export class ListenError extends LmqttError {
  /** The one that was asked for, where it is known. */
  readonly port: number | undefined;

  constructor(message: string, { port, ...options }: LmqttErrorOptions & { port?: number } = {}) {
    super(ErrorCode.LISTEN_FAILED, message, options);
    this.port = port;
  }
}

/** What the store refuses or cannot do. */
export class StoreError extends LmqttError {}

/** Whether what was thrown says that the same call may succeed later. */
export function isRetryable(thrown: unknown): boolean {
  return thrown instanceof LmqttError && thrown.retryable;
}

/** The message of whatever was thrown, for log lines and error texts. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/**
 * What was thrown, as a StoreError: itself, or one of an unavailable store.
 * @param failed what went wrong, for the text
 */
export function toStoreError(thrown: unknown, failed?: string): StoreError {
  if (thrown instanceof StoreError) return thrown;
  const text = messageOf(thrown);
  const message = failed === undefined ? text : `${failed}: ${text}`;
  return new StoreError(ErrorCode.STORE_UNAVAILABLE, message, { cause: thrown });
}
