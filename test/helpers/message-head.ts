import type { MessageHead } from '../../src/lmq/spi/message-head.ts';
import { NO_EXPIRY } from '../../src/lmq/spi/record.ts';

const NOTHING = Buffer.alloc(0);

/** That of a message at QoS 1 of nobody, without properties and expiry, but for what is given. */
export function messageHead(given: Partial<MessageHead> = {}): MessageHead {
  return { flags: 1, publisher: NOTHING, properties: NOTHING, expirySeconds: NO_EXPIRY, ...given };
}
