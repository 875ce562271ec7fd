import {
  type AuthenticationExchange,
  AuthenticationOutcome,
  type AuthenticationStep,
  type Credentials,
  type EnhancedAuthenticator,
} from '../../auth/types.ts';
import type { ConnectPacket } from '../codec/connect-packet.ts';
import { MqttProtocolError } from '../codec/protocol-error.ts';
import { ReasonCode } from '../codec/reason-code.ts';

/** Authentication Data of one packet, bytes: it is from someone who is not known yet. */
const MAX_DATA_BYTES = 16 * 1024;
/** AUTH packets of one exchange; the methods in use need two. */
const MAX_ROUNDS = 16;

/**
 * Enhanced authentication of one connection (MQTT 5 §4.12): its method, which never changes, and the
 * exchange that is under way, at CONNECT or later. The client and we take turns.
 */
export class EnhancedAuthentication {
  /** The CONNECT whose answer waits; undefined once it is given. */
  waiting: ConnectPacket | undefined;
  readonly #authenticator: EnhancedAuthenticator;
  readonly #credentials: Credentials;
  #exchange: AuthenticationExchange | undefined;
  #rounds = 0;
  /** What the client said last is not answered. */
  #busy = false;

  constructor(
    authenticator: EnhancedAuthenticator,
    credentials: Credentials,
    connect: ConnectPacket,
  ) {
    this.waiting = connect;
    this.#authenticator = authenticator;
    this.#credentials = credentials;
  }

  get method(): string {
    return this.#authenticator.method;
  }

  /**
   * Begins an exchange with the data of CONNECT, or of AUTH 0x19.
   * @throws MqttProtocolError when one is under way
   */
  async begin(data: Buffer | undefined): Promise<AuthenticationStep> {
    if (this.#exchange !== undefined) throw outOfTurn('authentication is under way already');
    this.#rounds = 0;
    this.#exchange = this.#authenticator.begin(this.#credentials);
    return this.#next(this.#exchange, data);
  }

  /**
   * Goes on with the data of AUTH 0x18 [MQTT-4.12.0-3].
   * @throws MqttProtocolError when the client is not asked, or goes on for ever
   */
  async proceed(data: Buffer | undefined): Promise<AuthenticationStep> {
    if (this.#exchange === undefined || this.#busy) throw outOfTurn('AUTH out of turn');
    if (++this.#rounds > MAX_ROUNDS) {
      throw new MqttProtocolError(
        ReasonCode.NOT_AUTHORIZED,
        'authentication takes too many rounds',
      );
    }
    return this.#next(this.#exchange, data);
  }

  async #next(
    exchange: AuthenticationExchange,
    data: Buffer | undefined,
  ): Promise<AuthenticationStep> {
    if (data !== undefined && data.length > MAX_DATA_BYTES) {
      throw new MqttProtocolError(
        ReasonCode.PACKET_TOO_LARGE,
        `authentication data of more than ${String(MAX_DATA_BYTES)} bytes`,
      );
    }
    this.#busy = true;
    const step = await exchange.next(data);
    this.#busy = false;
    if (step.outcome !== AuthenticationOutcome.CONTINUE) this.#exchange = undefined;
    return step;
  }
}

function outOfTurn(message: string): MqttProtocolError {
  return new MqttProtocolError(ReasonCode.PROTOCOL_ERROR, message);
}
