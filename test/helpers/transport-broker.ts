import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TestAuthority } from './certificates.ts';
import type { Broker } from './broker.ts';
import { disposeBroker, isMosquitto, startBroker } from './start-broker.ts';
import { makeTempDir, removeTempDir } from './temp-dir.ts';
import type { DialOptions, TransportName } from './transport.ts';

const START_TIMEOUT_MS = 60_000;

/** A gateway of its own that listens on all four transports, with a certificate of a test authority. */
export class TransportBroker {
  readonly authority: TestAuthority;
  readonly #directory: string;
  readonly #broker: Broker;

  private constructor(directory: string, authority: TestAuthority, broker: Broker) {
    this.#directory = directory;
    this.authority = authority;
    this.#broker = broker;
  }

  /** @param environment further variables of the gateway */
  static async start(environment: Readonly<Record<string, string>> = {}): Promise<TransportBroker> {
    const directory = await makeTempDir();
    const authority = new TestAuthority(directory);
    const { cert, key } = authority.server();
    const broker = await startBroker({
      environment: {
        LMQTT_CONNECT_ENABLE_TLS: 'true',
        LMQTT_CONNECT_MQTT_TLS_PORT: '0',
        LMQTT_CONNECT_ENABLE_WEB_SOCKET: 'true',
        LMQTT_CONNECT_MQTT_WS_PORT: '0',
        LMQTT_CONNECT_ENABLE_WEB_SOCKET_TLS: 'true',
        LMQTT_CONNECT_MQTT_WSS_PORT: '0',
        LMQTT_CONNECT_SSL_SERVER_CERT_FILE: cert,
        LMQTT_CONNECT_SSL_SERVER_KEY_FILE: key,
        LMQTT_CONNECT_SSL_CA_CERT_FILE: authority.caFile,
        ...environment,
      },
    });
    return new TransportBroker(directory, authority, broker);
  }

  /** Where a transport is served. */
  address(transport: TransportName): DialOptions {
    const ready = readFileSync(join(this.#broker.dataDir, 'run', 'standalone.ready'), 'utf8');
    const address = new RegExp(`^${transport}=(.*):(\\d+)`, 'm').exec(ready);
    if (address?.[1] === undefined) throw new Error(`${transport} is not served`);
    const ca = readFileSync(this.authority.caFile);
    return { host: address[1], port: Number(address[2]), tls: { ca } };
  }

  async dispose(): Promise<void> {
    await disposeBroker(this.#broker);
    await removeTempDir(this.#directory);
  }
}

/** Inside a `describe`: starts the gateway before its tests and ends it after them. */
export function useTransportBroker(
  environment: Readonly<Record<string, string>> = {},
): () => TransportBroker {
  let broker: TransportBroker | undefined;
  before('start the gateway', async function (this: Mocha.Context) {
    if (isMosquitto) this.skip();
    this.timeout(START_TIMEOUT_MS);
    broker = await TransportBroker.start(environment);
  });
  after('end the gateway', async () => {
    await broker?.dispose();
  });
  return () => {
    if (broker === undefined) throw new Error('the gateway is not started yet');
    return broker;
  };
}
