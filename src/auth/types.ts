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

export const AuthenticationOutcome = {
  /** The client has to say more. */
  CONTINUE: 'CONTINUE',
  SUCCESS: 'SUCCESS',
  /** The client is not who it says: CONNACK or DISCONNECT 0x87. */
  FAILURE: 'FAILURE',
} as const;
export type AuthenticationOutcome =
  (typeof AuthenticationOutcome)[keyof typeof AuthenticationOutcome];

/** What an exchange makes of what the client has said; `data` goes to the client, in AUTH or in CONNACK. */
export type AuthenticationStep =
  | { readonly outcome: 'CONTINUE'; readonly data?: Buffer | undefined }
  | {
      readonly outcome: 'SUCCESS';
      /** Who the client is. */
      readonly username: string | undefined;
      readonly data?: Buffer | undefined;
    }
  | { readonly outcome: 'FAILURE' };

/** One client on its way through an authentication method, from CONNECT or AUTH 0x19 to its end. */
export interface AuthenticationExchange {
  /**
   * Takes what the client has said. Called again, with what it answers, after each CONTINUE, and never
   * while a call is under way.
   * @param data Authentication Data of CONNECT or AUTH; undefined when the packet has none
   */
  next(data: Buffer | undefined): AuthenticationStep | Promise<AuthenticationStep>;
}

/**
 * A method of enhanced authentication (MQTT 5 §4.12). A thrown error answers CONNACK 0x88 (server
 * unavailable).
 */
export interface EnhancedAuthenticator {
  /** Authentication Method of CONNECT, compared as it is. */
  readonly method: string;
  /** Begins an exchange: at CONNECT, and anew when the client authenticates again. */
  begin(credentials: Credentials): AuthenticationExchange;
}

export const Action = { PUBLISH: 'PUBLISH', SUBSCRIBE: 'SUBSCRIBE' } as const;
export type Action = (typeof Action)[keyof typeof Action];

/**
 * Decides what a principal may do. Called once per topic and connection (PUBLISH) and once per filter
 * (SUBSCRIBE), so it must not depend on the message.
 */
export interface Authorizer {
  /**
   * @param topic topic name, or topic filter; of a shared subscription the filter behind the share name
   * @param isShared a shared subscription: what its member may not have goes to another member, so it is
   *   allowed as a whole or not at all
   */
  authorize(principal: Principal, action: Action, topic: string, isShared?: boolean): boolean;
  /**
   * Whether a message of the topic may be sent to a principal, whatever the subscription; without it,
   * everything that a subscription matches. Called per message: it has to be fast.
   */
  mayReceive?(principal: Principal, topic: string): boolean;
  /** Calls the listener whenever decisions may have changed. */
  onChange?(listener: () => void): void;
}
