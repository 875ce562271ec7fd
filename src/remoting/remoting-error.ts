import { ErrorCode, LmqttError } from '../common/errors.ts';
import type { LmqttErrorOptions } from '../common/errors.ts';

/** Anything that goes wrong in talking RocketMQ Remoting. */
export class RemotingError extends LmqttError {}

/** The peer sent, or the caller wanted to send, what is no valid frame. The connection is of no more use. */
export class RemotingProtocolError extends RemotingError {
  constructor(message: string, options?: LmqttErrorOptions) {
    super(ErrorCode.REMOTING_PROTOCOL, message, options);
  }
}

/** No connection, or no answer in time. The message names the address. */
export class RemotingUnavailableError extends RemotingError {
  constructor(message: string, options: LmqttErrorOptions = {}) {
    super(ErrorCode.REMOTING_UNAVAILABLE, message, { retryable: true, ...options });
  }
}

/** The peer answered with another code than SUCCESS. */
export class RemotingResponseError extends RemotingError {
  /** A `ResponseCode`. */
  readonly responseCode: number;
  readonly remark: string | undefined;

  constructor(responseCode: number, remark: string | undefined, message: string) {
    super(ErrorCode.REMOTING_RESPONSE, message);
    this.responseCode = responseCode;
    this.remark = remark;
  }
}
