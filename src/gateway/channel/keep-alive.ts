import { NOT_IN_WHEEL, type WheelItem } from '../../common/timer-wheel.ts';
import { ProtocolVersion } from '../codec/protocol-version.ts';
import { ReasonCode } from '../codec/reason-code.ts';
import type { Connection } from '../connection/connection.ts';
import type { KeepAliveRules } from '../options.ts';
import type { ChannelContext } from './channel-context.ts';
import { ChannelState } from './protocol-channel.ts';

/** The connection whose silence is watched. */
export interface WatchedChannel {
  readonly context: ChannelContext;
  readonly connection: Connection;
  readonly state: ChannelState;
  /** The client's packets are not read for now: a handler is at work, or its publish rate is exceeded. */
  readonly isBusy: boolean;
  close(reason: string, reasonCode?: number): void;
}

/** How long a connection may be silent: until CONNACK the time to CONNECT, then its keep-alive. */
export class KeepAlive implements WheelItem {
  wheelNext: WheelItem | undefined = undefined;
  wheelPrev: WheelItem | undefined = undefined;
  wheelSlot: number = NOT_IN_WHEEL;
  /** When something came last, in seconds of the wheel: the only thing that a packet costs. */
  lastPacketAt = 0;
  #idleLimitSeconds = 0;
  readonly #channel: WatchedChannel;

  /** Counts the time to CONNECT, which covers all of its authentication. */
  constructor(channel: WatchedChannel) {
    this.#channel = channel;
    const { wheel, limits } = channel.context;
    wheel.add(this, Math.ceil(limits.connectTimeoutMs / 1000) + 1);
  }

  /** Counts idle time from now on; 0 = none. */
  start(keepAliveSeconds: number): void {
    const { wheel } = this.#channel.context;
    wheel.remove(this);
    // [MQTT-3.1.2-24] of 3.1.1, [MQTT5-3.1.2-22] of 5.0: one and a half times the keep-alive.
    // One more, because the wheel's time is up to a second old when a packet is stamped with it.
    this.#idleLimitSeconds = keepAliveSeconds === 0 ? 0 : keepAliveSeconds * 1.5 + 1;
    if (this.#idleLimitSeconds > 0) wheel.add(this, Math.ceil(this.#idleLimitSeconds));
    this.lastPacketAt = wheel.nowSeconds;
  }

  stop(): void {
    this.#channel.context.wheel.remove(this);
  }

  onDeadline(now: number): number {
    const channel = this.#channel;
    const { gate, stats } = channel.context;
    if (channel.state !== ChannelState.CONNECTED) {
      stats.connectTimeouts++;
      channel.close('no CONNECT in time');
      return 0;
    }
    const limit = this.#idleLimitSeconds;
    if (limit === 0) return 0;
    if (channel.isBusy || gate.holds(channel.connection)) {
      // Not reading, for the store's sake or that of a limit: the silence is ours, and counts from when it reads again.
      this.lastPacketAt = now;
      return 1;
    }
    const idle = now - this.lastPacketAt;
    if (idle < limit) return Math.max(1, Math.ceil(limit - idle));
    stats.keepAliveTimeouts++;
    channel.close('keep-alive timeout', ReasonCode.KEEP_ALIVE_TIMEOUT);
    return 0;
  }
}

/**
 * The keep-alive that holds for a client, seconds; 0 = none. A client of MQTT 5 is told where it is not
 * its own [MQTT-3.2.2-21] [MQTT-3.2.2-22]. Older ones cannot be told: their own holds, up to the maximum.
 */
export function keepAliveFor(
  requestedSeconds: number,
  version: ProtocolVersion,
  { serverKeepAliveSeconds, maxKeepAliveSeconds }: KeepAliveRules,
): number {
  if (serverKeepAliveSeconds > 0 && version === ProtocolVersion.MQTT_5) {
    return serverKeepAliveSeconds;
  }
  if (maxKeepAliveSeconds === 0) return requestedSeconds;
  return requestedSeconds === 0
    ? maxKeepAliveSeconds
    : Math.min(requestedSeconds, maxKeepAliveSeconds);
}
