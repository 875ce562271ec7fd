import { status } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import { ErrorCode, LmqttError } from '../common/errors.ts';

/** The gRPC status codes in use between the nodes. */
export const RpcStatus = {
  OK: status.OK,
  CANCELLED: status.CANCELLED,
  UNKNOWN: status.UNKNOWN,
  INVALID_ARGUMENT: status.INVALID_ARGUMENT,
  DEADLINE_EXCEEDED: status.DEADLINE_EXCEEDED,
  NOT_FOUND: status.NOT_FOUND,
  ALREADY_EXISTS: status.ALREADY_EXISTS,
  PERMISSION_DENIED: status.PERMISSION_DENIED,
  RESOURCE_EXHAUSTED: status.RESOURCE_EXHAUSTED,
  FAILED_PRECONDITION: status.FAILED_PRECONDITION,
  ABORTED: status.ABORTED,
  OUT_OF_RANGE: status.OUT_OF_RANGE,
  UNIMPLEMENTED: status.UNIMPLEMENTED,
  INTERNAL: status.INTERNAL,
  UNAVAILABLE: status.UNAVAILABLE,
  DATA_LOSS: status.DATA_LOSS,
  UNAUTHENTICATED: status.UNAUTHENTICATED,
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
