import { messageOf } from '../common/errors.ts';
import type { RemotingAnswer, RemotingCommand } from './remoting-command.ts';
import { ResponseCode } from './response-code.ts';

/** Where a request has come in. */
export interface RequestContext {
  /** `host:port` by which the peer has reached this server. */
  readonly localAddress: string;
}

/** Answers one request. What it throws becomes SYSTEM_ERROR with the message as remark. */
export type RequestProcessor = (
  request: RemotingCommand,
  context: RequestContext,
) => RemotingAnswer | Promise<RemotingAnswer>;

/** Hands a request to the processor of its code; a failure is an answer too, so this never throws or rejects. */
export function dispatchRequest(
  processors: ReadonlyMap<number, RequestProcessor>,
  request: RemotingCommand,
  context: RequestContext,
): RemotingAnswer | Promise<RemotingAnswer> {
  const processor = processors.get(request.code);
  if (processor === undefined) {
    return {
      code: ResponseCode.REQUEST_CODE_NOT_SUPPORTED,
      remark: ` request type ${String(request.code)} not supported`,
    };
  }
  try {
    const answer = processor(request, context);
    return answer instanceof Promise ? answer.catch(systemError) : answer;
  } catch (error) {
    return systemError(error);
  }
}

export function systemError(thrown: unknown): RemotingAnswer {
  return { code: ResponseCode.SYSTEM_ERROR, remark: messageOf(thrown) };
}
