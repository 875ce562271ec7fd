/** How a connection came to its end. */
export interface ConnectionEnd {
  /** The client has sent DISCONNECT. */
  readonly isByClient: boolean;
  /** Of the client's DISCONNECT, or of ours (which only MQTT 5 clients get); undefined when there is none that fits. */
  readonly reasonCode: number | undefined;
  /** For logs and people. */
  readonly reason: string;
}

/** Of a connection that has gone without a word. */
export const CONNECTION_LOST: ConnectionEnd = {
  isByClient: false,
  reasonCode: undefined,
  reason: 'connection lost',
};
