import { existsSync } from 'node:fs';
import type { Need, Running, RunningPeer } from './peer.ts';

const LACKS: ReadonlyMap<Need, string> = new Map([
  ['MQTT 5', 'it speaks MQTT 3.1.1 only'],
  ['shared subscriptions', 'it takes the subscription and delivers nothing'],
  ['TLS', 'its configuration cannot turn it on'],
  ['WebSocket', 'it is measured at the one port that was given'],
]);

/** Reads `PORT[,PID…]`. Throws when it is something else. */
function parseRunning(text: string): Running {
  const [port = 0, ...pids] = text.split(',').map(Number);
  const isPositive = (value: number): boolean => Number.isSafeInteger(value) && value > 0;
  if (port > 65_535 || ![port, ...pids].every(isPositive)) {
    throw new Error(`--rocketmq-mqtt must be PORT or PORT,PID,PID,…, not '${text}'`);
  }
  return { port, pids };
}

/**
 * Apache RocketMQ MQTT. It is four processes (name server, broker, meta, gateway) whose set-up takes
 * a minute, and needs load before the JVM is fast: it is measured where it already runs.
 * @param at `PORT[,PID…]`: the gateway's port and the processes whose CPU time and memory count
 */
export function rocketmqMqtt(at: string): RunningPeer {
  const running = parseRunning(at);
  return {
    name: 'rocketmq-mqtt',
    note: 'already running before the first run, on a log of the runs before; as whoever started it has set it up',
    lacks: LACKS,
    missing: () => {
      const gone = running.pids.find((pid) => !existsSync(`/proc/${String(pid)}`));
      return gone === undefined ? undefined : `there is no process ${String(gone)}`;
    },
    running,
  };
}
