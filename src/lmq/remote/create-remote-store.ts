import type { RpcCredentials } from '../../rpc/credentials.ts';
import { grpcDialer } from './grpc-dialer.ts';
import {
  DEFAULT_REMOTE_OPTIONS,
  MAX_FRAME_BYTES,
  type RemoteStoreOptions,
} from './remote-options.ts';
import type { RemoteStore } from './remote-store.ts';
import { StoreClient } from './store-client.ts';
import type { StoreDialer } from './store-link.ts';

/** Bytes under way unread: several frames, so that neither side waits for the other's event loop. */
const WINDOW_BYTES = 8 << 20;

type NamedOptions = Partial<RemoteStoreOptions> & Pick<RemoteStoreOptions, 'nodeName'>;

export interface StoreAddress {
  /** Where the store may be now, `host:port` each; they are tried in turn. */
  readonly addresses: () => readonly string[];
  readonly credentials: RpcCredentials;
}

/** The store behind a gRPC server; `start` attaches to it. */
export function createRemoteStore(options: NamedOptions & StoreAddress): RemoteStore {
  const { addresses, credentials, clock = DEFAULT_REMOTE_OPTIONS.clock } = options;
  return createLinkedStore(
    options,
    grpcDialer({
      addresses,
      credentials,
      clock,
      maxMessageBytes: MAX_FRAME_BYTES,
      windowBytes: WINDOW_BYTES,
    }),
  );
}

/** The same over links of any kind. */
export function createLinkedStore(options: NamedOptions, dial: StoreDialer): RemoteStore {
  return new StoreClient({ ...DEFAULT_REMOTE_OPTIONS, ...options }, dial);
}
