import type { ConnectionEnd } from '../channel/connection-end.ts';
import { ReasonCode } from '../codec/reason-code.ts';

/** Where EMQX has a word of its own for it. */
const WORDS: readonly (readonly [number, string])[] = [
  [ReasonCode.NORMAL_DISCONNECTION, 'normal'],
  [ReasonCode.KEEP_ALIVE_TIMEOUT, 'keepalive_timeout'],
  [ReasonCode.SESSION_TAKEN_OVER, 'takenover'],
];

const names = new Map<number, string>(
  Object.entries(ReasonCode)
    .map(([name, code]): [number, string] => [code, name.toLowerCase()])
    .concat(WORDS.map(([code, word]) => [code, word])),
);

/**
 * `reason` of a client_disconnected event: `normal`, `tcp_closed` (the connection broke, or was closed
 * without DISCONNECT), `keepalive_timeout`, `takenover`; otherwise the name of the reason code, in the
 * manner of `protocol_error`.
 */
export function disconnectReason({ reasonCode, isByClient }: ConnectionEnd): string {
  if (reasonCode === undefined) return 'tcp_closed';
  if (reasonCode === ReasonCode.UNSPECIFIED_ERROR && !isByClient) return 'internal_error';
  return names.get(reasonCode) ?? `reason_code_${reasonCode}`;
}
