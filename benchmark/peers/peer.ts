/** How to start one broker for one run. */
export interface Launch {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** What a scenario asks of a broker beyond MQTT 3.1.1 over TCP. */
export type Need = 'MQTT 5' | 'shared subscriptions' | 'TLS' | 'WebSocket';

/** PEM files of a throw-away certificate. */
export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
}

/** Where one run's broker listens, on 127.0.0.1. */
export interface Listeners {
  /** MQTT over TCP. */
  readonly port: number;
  readonly tls: ({ readonly port: number } & Certificate) | undefined;
  /** MQTT over WebSocket, at the path /mqtt. */
  readonly webSocketPort: number | undefined;
}

/** A broker that is there before the benchmark and stays. */
export interface Running {
  /** MQTT over TCP, on 127.0.0.1. */
  readonly port: number;
  /** Processes whose CPU time and memory count, with their children; none: they are not reported. */
  readonly pids: readonly number[];
}

interface Described {
  readonly name: string;
  /** What was set, and where messages are kept: printed with the report. */
  readonly note: string;
  /** What it cannot do, with the reason: scenarios that need it are skipped. */
  readonly lacks: ReadonlyMap<Need, string>;
  /** Why it cannot be started on this machine; undefined when it can. */
  missing(): string | undefined;
}

/** A broker that each run starts on an empty directory. */
export interface StartedPeer extends Described {
  /** Writes what the broker needs into `dir` and says how to start it. */
  prepare(listeners: Listeners, dir: string): Launch;
}

/** A broker that no run starts or stops. */
export interface RunningPeer extends Described {
  readonly running: Running;
}

/** A broker that takes part in the comparison. */
export type Peer = StartedPeer | RunningPeer;

/** Nothing is missing. */
export const LACKS_NOTHING: ReadonlyMap<Need, string> = new Map();
