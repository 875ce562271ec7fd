import type { ServiceError } from '@grpc/grpc-js';
import { ErrorCode, LmqttError } from '../common/errors.ts';

/** The status codes of gRPC. */
export const RpcStatus = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;
export type RpcStatus = (typeof RpcStatus)[keyof typeof RpcStatus];

/** The same call may succeed when it is made again. */
const RETRYABLE: ReadonlySet<number> = new Set([
  RpcStatus.CANCELLED,
  RpcStatus.DEADLINE_EXCEEDED,
  RpcStatus.RESOURCE_EXHAUSTED,
  RpcStatus.ABORTED,
  RpcStatus.UNAVAILABLE,
]);

/** A call between two nodes that failed. A handler throws it to answer with a status of its choice. */
export class RpcError extends LmqttError {
  readonly status: RpcStatus;

  constructor(code: RpcStatus, message: string, options: ErrorOptions = {}) {
    super(ErrorCode.RPC, message, { ...options, retryable: RETRYABLE.has(code) });
    this.status = code;
  }
}

/** What a call failed with, with the address in its message. */
export function rpcErrorOf(error: ServiceError, address: string): RpcError {
  const code: number = error.code;
  const known = Object.values(RpcStatus).find((value) => value === code) ?? RpcStatus.UNKNOWN;
  return new RpcError(known, `${address}: ${error.details || error.message}`, { cause: error });
}
