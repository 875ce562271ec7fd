/** What a CONNECT presents. */
export interface Credentials {
  readonly clientId: string;
  readonly username: string | undefined;
  readonly password: Buffer | undefined;
  /** Address of the peer, for rules and logs. */
  readonly remoteAddress: string;
  /**
   * Common name of the client certificate, verified in the TLS handshake, where the listener is set to
   * take it as the user name: then `username` is the same, whatever the CONNECT says.
   */
  readonly certificateCommonName?: string | undefined;
}

/** Who a connection acts as, once authenticated. */
export interface Principal {
  readonly clientId: string;
  readonly username: string | undefined;
}

export const AuthDecision = {
  ALLOW: 'ALLOW',
  /** The user name or password is wrong: CONNACK 4 in MQTT 3.1.1, 0x86 in 5.0. */
  BAD_CREDENTIALS: 'BAD_CREDENTIALS',
  /** The credentials are not enough for this client: CONNACK 5 in MQTT 3.1.1, 0x87 in 5.0. */
  NOT_AUTHORIZED: 'NOT_AUTHORIZED',
} as const;
export type AuthDecision = (typeof AuthDecision)[keyof typeof AuthDecision];

/** Decides who may connect. A thrown error answers CONNACK 3 (server unavailable). */
export interface Authenticator {
  authenticate(credentials: Credentials): AuthDecision | Promise<AuthDecision>;
}

export const Action = { PUBLISH: 'PUBLISH', SUBSCRIBE: 'SUBSCRIBE' } as const;
export type Action = (typeof Action)[keyof typeof Action];

/**
 * Decides what a principal may do. Called once per topic and connection (PUBLISH) and once per filter
 * (SUBSCRIBE), so it must not depend on the message.
 */
export interface Authorizer {
  authorize(principal: Principal, action: Action, topic: string): boolean;
}
