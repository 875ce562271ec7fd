import { credentials, Metadata, ServerCredentials } from '@grpc/grpc-js';
import type { ChannelCredentials } from '@grpc/grpc-js';
import { createHash, timingSafeEqual } from 'node:crypto';

/** Mutual TLS: PEM texts. Both ends show a certificate that `ca` has signed. */
export interface RpcTls {
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** How nodes know each other; without either, whoever reaches the port may call. */
export interface RpcCredentials {
  readonly tls?: RpcTls | undefined;
  /** Shared secret, sent with each call. Without TLS it crosses the network readable. */
  readonly token?: string | undefined;
}

const AUTHORIZATION = 'authorization';

/** For calls of a client; without TLS what it sends can be read and changed on the way. */
export function channelCredentials({ tls }: RpcCredentials): ChannelCredentials {
  if (tls === undefined) return credentials.createInsecure();
  return credentials.createSsl(tls.ca, tls.key, tls.cert);
}

/** For a server: with TLS every client has to show a certificate that `ca` has signed. */
export function serverCredentials({ tls }: RpcCredentials): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure();
  const { ca, cert, key } = tls;
  return ServerCredentials.createSsl(ca, [{ private_key: key, cert_chain: cert }], true);
}

/** What a client sends with a call. gRPC allows its own call credentials only over TLS. */
export function callMetadata({ token }: RpcCredentials): Metadata {
  const metadata = new Metadata();
  if (token !== undefined) metadata.set(AUTHORIZATION, `Bearer ${token}`);
  return metadata;
}

/** Whether the metadata of a call show the token, when one is asked for. Takes the same time for each wrong one. */
export function isAuthorized({ token }: RpcCredentials, metadata: Metadata): boolean {
  if (token === undefined) return true;
  const [shown] = metadata.get(AUTHORIZATION);
  if (typeof shown !== 'string') return false;
  return timingSafeEqual(digest(shown), digest(`Bearer ${token}`));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
