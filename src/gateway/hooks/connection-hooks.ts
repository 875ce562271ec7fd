import type { ConnectPacket } from '../codec/connect-packet.ts';
import { MqttProtocolError } from '../codec/protocol-error.ts';
import { ReasonCode } from '../codec/reason-code.ts';
import type { ConnectRequest, DisconnectCause } from './gateway-hooks.ts';
import type { HookClient } from './hook-client.ts';
import type { HookFaults } from './hook-faults.ts';
import type { HooksWith } from './named-hook.ts';
import { CONNECT_FAILURES, failureCode, Refusal } from './verdict.ts';

/** The hooks of beginning and end of connections, each in order. */
export interface ConnectionHookLists {
  readonly connect: readonly HooksWith<'onConnect'>[];
  readonly connected: readonly HooksWith<'onConnected'>[];
  readonly disconnect: readonly HooksWith<'onDisconnect'>[];
}

/** Asks and tells the hooks about connections. */
export class ConnectionHooks {
  readonly #lists: ConnectionHookLists;
  readonly #faults: HookFaults;

  constructor(lists: ConnectionHookLists, faults: HookFaults) {
    this.#lists = lists;
    this.#faults = faults;
  }

  /** @throws MqttProtocolError when one refuses (its code) or fails (SERVER_UNAVAILABLE) */
  async admit(client: HookClient, packet: ConnectPacket): Promise<void> {
    for (const { name, hooks } of this.#lists.connect) {
      let verdict: unknown;
      try {
        verdict = await hooks.onConnect(client, requestOf(packet));
      } catch (error) {
        this.#faults.report(name, 'onConnect', error);
        throw failed();
      }
      if (verdict === undefined) continue;
      if (!(verdict instanceof Refusal)) {
        this.#faults.reportVerdict(name, 'onConnect', verdict);
        throw failed();
      }
      const { reason } = verdict;
      throw new MqttProtocolError(
        failureCode(verdict, CONNECT_FAILURES),
        reason === '' ? 'refused by a hook' : reason,
      );
    }
  }

  /** Tells all of them. */
  connected(client: HookClient): void {
    for (const { name, hooks } of this.#lists.connected) {
      this.#faults.guard(name, 'onConnected', () => hooks.onConnected(client));
    }
  }

  /** Tells all of them. */
  disconnected(client: HookClient, cause: DisconnectCause): void {
    for (const { name, hooks } of this.#lists.disconnect) {
      this.#faults.guard(name, 'onDisconnect', () => hooks.onDisconnect(client, cause));
    }
  }
}

function requestOf(packet: ConnectPacket): ConnectRequest {
  const { cleanStart, keepAliveSeconds, sessionExpirySeconds, will, userProperties } = packet;
  return { cleanStart, keepAliveSeconds, sessionExpirySeconds, will, userProperties };
}

function failed(): MqttProtocolError {
  return new MqttProtocolError(ReasonCode.SERVER_UNAVAILABLE, 'a hook failed');
}
