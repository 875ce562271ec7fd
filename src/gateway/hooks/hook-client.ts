import type { Principal } from '../../auth/types.ts';
import type { ProtocolVersion } from '../codec/protocol-version.ts';

/**
 * A client as hooks see it: the same object in all calls for one connection, so that it can be the key of a
 * `WeakMap`. Of the client of a will only the identifier is known.
 */
export interface HookClient {
  readonly clientId: string;
  /** Who it is after authentication: the user name, or the common name of its certificate. */
  readonly username: string | undefined;
  /** IP address; undefined for a will. */
  readonly remoteAddress: string | undefined;
  /** 3 is MQTT 3.1, 4 is 3.1.1, 5 is 5.0; undefined for a will. */
  readonly version: ProtocolVersion | undefined;
}

/** A connection that a client is made of. */
export interface HookedConnection {
  readonly principal: Principal;
  readonly remoteAddress: string;
  readonly version: ProtocolVersion;
}

class ConnectedClient implements HookClient {
  readonly clientId: string;
  readonly remoteAddress: string;
  readonly version: ProtocolVersion;
  readonly #connection: HookedConnection;

  constructor(connection: HookedConnection) {
    this.clientId = connection.principal.clientId;
    // Kept: it is asked for when the socket has gone, too.
    this.remoteAddress = connection.remoteAddress;
    this.version = connection.version;
    this.#connection = connection;
  }

  /** Current: a client may authenticate again. */
  get username(): string | undefined {
    return this.#connection.principal.username;
  }
}

/** The clients of the connections that are there. */
export class HookClients {
  readonly #clients = new WeakMap<object, HookClient>();

  /** The client of an authenticated connection. */
  of(connection: HookedConnection): HookClient {
    const known = this.#clients.get(connection);
    if (known !== undefined) return known;
    const client = new ConnectedClient(connection);
    this.#clients.set(connection, client);
    return client;
  }

  /** The client at the end of a link, as delivery knows it. */
  at(link: object): HookClient {
    return this.#clients.get(link) ?? absentClient('');
  }
}

/** A client of which nothing but the identifier is known. */
export function absentClient(clientId: string): HookClient {
  return { clientId, username: undefined, remoteAddress: undefined, version: undefined };
}
