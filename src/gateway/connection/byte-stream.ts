/**
 * What a connection needs of its transport. `net.Socket` and `tls.TLSSocket` are one as they are, so a
 * plain connection has no object more; a WebSocket gets an adapter.
 */
export interface ByteStream {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  /** Bytes written and not yet taken by the system. */
  readonly writableLength: number;
  /** Output waits and 'drain' will come. */
  readonly writableNeedDrain: boolean;
  on(event: 'data', listener: (chunk: Buffer) => void): unknown;
  on(event: 'drain' | 'close' | 'end', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  /** `written` is called when `chunk` is no longer needed, whether it could be sent or not. */
  write(chunk: Buffer, written: () => void): boolean;
  cork(): void;
  uncork(): void;
  pause(): unknown;
  resume(): unknown;
  /** Ends the output behind everything written; the stream closes when the peer has ended too. */
  end(): unknown;
  destroy(): unknown;
}

/** Who is at the other end, where that is not what the stream itself says. */
export interface Peer {
  readonly address: string;
  readonly port: number;
  /** Common name of the verified client certificate, when it is to be the user name. */
  readonly certificateCommonName: string | undefined;
}
