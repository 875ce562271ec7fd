import type { RemotingCommand } from '../../remoting/remoting-command.ts';
import { RemotingResponseError } from '../../remoting/remoting-error.ts';
import { ResponseCode } from '../../remoting/response-code.ts';

/** @throws RemotingResponseError with the name server's reason when it has refused */
export function requireSuccess(response: RemotingCommand): void {
  if (response.code === ResponseCode.SUCCESS) return;
  const { code, remark } = response;
  const reason = remark === undefined ? '' : `: ${remark.trim()}`;
  throw new RemotingResponseError(code, remark, `refused with code ${String(code)}${reason}`);
}
