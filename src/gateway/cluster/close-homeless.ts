import { ReasonCode } from '../codec/reason-code.ts';
import type { SilentStores } from './silent-stores.ts';

/** A connection whose client may have to go elsewhere. */
export interface HomedConnection {
  /** Undefined while there is no client. */
  readonly session: { readonly clientId: string } | undefined;
  close(reason: string, reasonCode: number, serverReference?: string): void;
}

const REASON = 'the store of this session does not answer';

/**
 * Closes the connections of clients that are at home in a silent store, all at once: others may have their sessions
 * soon, and a client has one connection at most [MQTT-3.1.4-2]. Returns how many.
 * @param connections loses those that have closed
 * @param serverReference where clients of MQTT 5 are to go for now; empty: nowhere
 */
export function closeHomeless(
  connections: ReadonlySet<HomedConnection>,
  silent: SilentStores,
  serverReference: string,
): number {
  const homeless = [...connections].filter(
    ({ session }) => session !== undefined && silent.hasHomeOf(session.clientId),
  );
  for (const connection of homeless) {
    if (serverReference === '') connection.close(REASON, ReasonCode.SERVER_BUSY);
    else connection.close(REASON, ReasonCode.USE_ANOTHER_SERVER, serverReference);
  }
  return homeless.length;
}
