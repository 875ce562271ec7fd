import type { RpcStatus } from '../../rpc/rpc-status.ts';

/** A hello that is not welcome, and why. */
export class Refusal extends Error {
  readonly status: RpcStatus;

  constructor(status: RpcStatus, message: string) {
    super(message);
    this.name = new.target.name;
    this.status = status;
  }
}
