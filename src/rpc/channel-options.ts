import type { ChannelOptions } from '@grpc/grpc-js';

/** Bounds and timing of one connection between two nodes. */
export interface RpcConnectionOptions {
  /** Largest message, received or sent. Default 8 MiB. */
  readonly maxMessageBytes?: number | undefined;
  /** A silent peer is asked for a sign of life after this long; default 2000. */
  readonly keepAliveMs?: number | undefined;
  /** A peer that does not answer that for this long is lost; default 3000. */
  readonly keepAliveTimeoutMs?: number | undefined;
  /** HTTP/2 window of the connection and of each stream: bytes under way unread. Default 1 MiB. */
  readonly windowBytes?: number | undefined;
}

const DEFAULT_MAX_MESSAGE_BYTES: number = 8 * 1024 * 1024;
const DEFAULT_KEEP_ALIVE_MS = 2_000;
const DEFAULT_KEEP_ALIVE_TIMEOUT_MS = 3_000;
const DEFAULT_WINDOW_BYTES = 1024 * 1024;

/** Options of gRPC for both ends. */
export function connectionOptions(options: RpcConnectionOptions): ChannelOptions {
  const maxMessageBytes = options.maxMessageBytes ?? DEFAULT_MAX_MESSAGE_BYTES;
  return {
    'grpc.keepalive_time_ms': options.keepAliveMs ?? DEFAULT_KEEP_ALIVE_MS,
    'grpc.keepalive_timeout_ms': options.keepAliveTimeoutMs ?? DEFAULT_KEEP_ALIVE_TIMEOUT_MS,
    'grpc.keepalive_permit_without_calls': 1,
    'grpc.max_receive_message_length': maxMessageBytes,
    'grpc.max_send_message_length': maxMessageBytes,
    'grpc-node.flow_control_window': options.windowBytes ?? DEFAULT_WINDOW_BYTES,
    'grpc.enable_channelz': 0,
  };
}

/** Of the client alone: one connection of its own, quick attempts, no detours, no hidden retries. */
export function clientOptions(options: RpcConnectionOptions): ChannelOptions {
  return {
    ...connectionOptions(options),
    'grpc.use_local_subchannel_pool': 1,
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 2_000,
    'grpc.dns_min_time_between_resolutions_ms': 1_000,
    'grpc.enable_http_proxy': 0,
    'grpc.enable_retries': 0,
    'grpc.service_config_disable_resolution': 1,
  };
}
