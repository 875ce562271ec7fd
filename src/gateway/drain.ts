import type { Clock } from '../common/clock.ts';
import { ReasonCode } from './codec/reason-code.ts';

/** How a gateway that stops says good-bye, when there are others that its clients can go to. */
export interface DrainOptions {
  /** Connections are closed spread over this time, ms; 0 = all at once. */
  readonly timeMs: number;
  /** Server Reference for clients of MQTT 5 (MQTT 5, 4.11): servers separated by spaces; empty = none. */
  readonly serverReference: string;
  /** They are to use it from now on, not only this time. */
  readonly isPermanent: boolean;
}

/** A connection as the drain sees it. */
export interface Drainable {
  /** Undefined while there is no client. */
  readonly session: object | undefined;
  close(reason: string, reasonCode: number, serverReference?: string): void;
}

const REASON = 'gateway is stopping';
const STEP_MS = 20;

/**
 * Closes every connection. Those without a client yet go first; the others are spread evenly, so that the
 * other gateways are not asked for everybody's session at once. Resolves when all are closed or closing.
 * @param connections loses those that have closed
 */
export async function drain(
  connections: ReadonlySet<Drainable>,
  { timeMs, serverReference, isPermanent }: DrainOptions,
  clock: Clock,
): Promise<void> {
  const close = (connection: Drainable): void => {
    if (serverReference === '') connection.close(REASON, ReasonCode.SERVER_SHUTTING_DOWN);
    else connection.close(REASON, reasonCode, serverReference);
  };
  const reasonCode = isPermanent ? ReasonCode.SERVER_MOVED : ReasonCode.USE_ANOTHER_SERVER;
  let remaining = [...connections].filter(({ session }) => session !== undefined);
  for (const connection of [...connections]) {
    if (connection.session === undefined) close(connection);
  }
  const end = clock.monotonic() + timeMs;
  while (remaining.length > 0) {
    const steps = Math.max(1, Math.floor((end - clock.monotonic()) / STEP_MS));
    for (const connection of remaining.slice(0, Math.ceil(remaining.length / steps))) {
      close(connection);
    }
    remaining = remaining.slice(Math.ceil(remaining.length / steps));
    if (remaining.length > 0) {
      await new Promise<void>((resolve) => {
        clock.after(STEP_MS, resolve, true);
      });
    }
    // Clients that leave by themselves are no work.
    remaining = remaining.filter((connection) => connections.has(connection));
  }
}

/** All connections are closed at once, and their clients are told of no other server. */
export const NO_DRAIN: DrainOptions = { timeMs: 0, serverReference: '', isPermanent: false };
