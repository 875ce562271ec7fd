/** Record type of a handshake (RFC 8446 §5.1). */
const HANDSHAKE = 22;
const RECORD_HEADER_BYTES = 5;
/** Longest record that any version allows: OpenSSL refuses longer ones itself. */
const MAX_RECORD_BYTES = 16 * 1024 + 2048;

/**
 * Whether the first record of a TLS connection is there as a whole, and with it the ClientHello, which costs a server the
 * most; true for what cannot be one.
 */
export function hasClientHello(received: Buffer): boolean {
  if (received[0] !== HANDSHAKE) return received.length > 0;
  if (received.length < RECORD_HEADER_BYTES) return false;
  const bytes = received.readUInt16BE(3);
  return bytes > MAX_RECORD_BYTES || received.length >= RECORD_HEADER_BYTES + bytes;
}
