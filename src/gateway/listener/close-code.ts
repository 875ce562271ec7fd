/** Why a WebSocket is closed (RFC 6455 §7.4.1). */
export const CloseCode = {
  NORMAL: 1000,
  PROTOCOL_ERROR: 1002,
  UNSUPPORTED_DATA: 1003,
  /** Stands for a close frame without a code; never sent. */
  NO_STATUS: 1005,
  INVALID_PAYLOAD: 1007,
  MESSAGE_TOO_BIG: 1009,
} as const;
export type CloseCode = (typeof CloseCode)[keyof typeof CloseCode];

const LAST_OF_PROTOCOL = 1014;
/** Codes that stand for something and are in no frame, and one that is reserved. */
const NEVER_SENT: ReadonlySet<number> = new Set([1004, 1005, 1006]);

/** Whether a peer may send `code` (RFC 6455 §7.4.2). */
export function isCloseCode(code: number): boolean {
  if (code >= CloseCode.NORMAL && code <= LAST_OF_PROTOCOL) return !NEVER_SENT.has(code);
  return code >= 3000 && code <= 4999;
}
