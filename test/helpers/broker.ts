import type { Address } from './raw-client.ts';

/** What a test may want to differ from the defaults of the tests. */
export interface BrokerOptions {
  readonly maxPacketBytes?: number;
  /** Unacknowledged messages on the way to one client. */
  readonly maxInflight?: number;
  /** With it clients must sign in: password = Base64(HMAC-SHA1(secretKey, clientId)). */
  readonly login?: { readonly username: string; readonly secretKey: string };
  /** Unknown first levels are refused when false; true unless given. */
  readonly autoCreateTopic?: boolean;
  /** Time from accept to CONNECT. */
  readonly connectTimeoutMs?: number;
  /** Further variables of the gateway; mosquitto does not know them. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Text of `conf/connect.conf`: for what the environment cannot say. */
  readonly connectConf?: string;
  /** A server apart from that of the other suites: what they retain would be in the way. */
  readonly apart?: string;
  /** Start the compiled program instead of the sources, for faster restarts. */
  readonly compiled?: boolean;
}

export type FullBrokerOptions = BrokerOptions &
  Required<Pick<BrokerOptions, 'maxPacketBytes' | 'maxInflight'>>;

/** The server under test, a process of its own. */
export interface Broker extends Address {
  readonly options: FullBrokerOptions;
  readonly dataDir: string;
  readonly alive: boolean;
  /** Resident memory, bytes. */
  readonly rssBytes: number;
  /** The last of what the process wrote. */
  readonly output: string;
  /** SIGKILL; resolves when the process has gone. */
  crash(): Promise<void>;
  /** SIGTERM; resolves when the process has gone. */
  stop(): Promise<void>;
  /** Starts it (again) on its port and data; resolves when it is ready. */
  restart(): Promise<void>;
}
