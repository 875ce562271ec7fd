import type { Broker, BrokerOptions } from './broker.ts';
import { GatewayProcess } from './gateway-process.ts';
import { MosquittoProcess } from './mosquitto-process.ts';
import { removeTempDir } from './temp-dir.ts';

/** The suites are checked against another broker with `LMQTT_TEST_BROKER=mosquitto`. */
export const isMosquitto: boolean = process.env['LMQTT_TEST_BROKER'] === 'mosquitto';

const DEFAULT_MAX_PACKET_BYTES = 1024 * 1024;
const DEFAULT_MAX_INFLIGHT = 20;

/** Starts a server of its own with an empty data directory. {@link disposeBroker} ends it. */
export async function startBroker(options: BrokerOptions = {}): Promise<Broker> {
  const full = {
    maxPacketBytes: DEFAULT_MAX_PACKET_BYTES,
    maxInflight: DEFAULT_MAX_INFLIGHT,
    ...options,
  };
  const broker = isMosquitto
    ? await MosquittoProcess.create(full)
    : await GatewayProcess.create(full);
  try {
    await broker.restart();
  } catch (error) {
    await disposeBroker(broker);
    throw error;
  }
  return broker;
}

/** Ends the server and removes its data. */
export async function disposeBroker(broker: Broker): Promise<void> {
  await broker.crash();
  await removeTempDir(broker.dataDir);
}

/**
 * Has a suite start a server of its own before its tests and end it after them.
 * @param use called with the server once it runs
 */
export function brokerOfSuite(options: BrokerOptions, use: (broker: Broker) => void): void {
  let broker: Broker | undefined;
  before('start the server', async function (this: Mocha.Context) {
    this.timeout(60_000);
    broker = await startBroker(options);
    use(broker);
  });

  after('stop the server', async function (this: Mocha.Context) {
    this.timeout(30_000);
    // Undefined when it did not start, which has failed the suite.
    if (broker !== undefined) await disposeBroker(broker);
  });
}

const shared = new Map<string, Promise<Broker>>();

/** One server for all suites that ask for the same options; ended after the last test of the run. */
export async function sharedBroker(options: BrokerOptions = {}): Promise<Broker> {
  const key = JSON.stringify(options);
  const known = shared.get(key);
  if (known !== undefined) return known;
  const started = startBroker(options);
  shared.set(key, started);
  return started;
}

after('stop the shared servers', async function (this: Mocha.Context) {
  this.timeout(30_000);
  const brokers = await Promise.allSettled(shared.values());
  shared.clear();
  for (const broker of brokers) {
    // One that never started has cleaned up after itself and failed its suite already.
    if (broker.status === 'fulfilled') await disposeBroker(broker.value);
  }
});
