import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { useTransportBroker } from '../helpers/transport-broker.ts';
import { TRANSPORTS } from '../helpers/transport.ts';
import { expectPahoReport, PAHO_VERSIONS } from './paho-report.ts';

/** Debian's: another python3 in the PATH does not have Debian's packages. */
const PYTHON = '/usr/bin/python3';
const SCRIPT = join(import.meta.dirname, 'paho_client.py');
const TIMEOUT_MS = 30_000;

const run = promisify(execFile);

describe('interop: Eclipse Paho for Python', () => {
  const broker = useTransportBroker();

  before('find python3-paho-mqtt', async () => {
    try {
      await run(PYTHON, ['-c', 'import paho.mqtt.client']);
    } catch (error) {
      throw new Error('paho is missing: apt-get install python3-paho-mqtt', { cause: error });
    }
  });

  for (const transport of TRANSPORTS) {
    for (const { name, version } of PAHO_VERSIONS) {
      it(`on ${name} over ${transport}://: each QoS, a large message, a session that comes back`, async function () {
        this.timeout(TIMEOUT_MS + 5_000);
        const prefix = `paho-py-${transport}-${String(version)}`;
        const { host, port } = broker().address(transport);
        const ca = transport === 'mqtts' || transport === 'wss' ? [broker().authority.caFile] : [];
        const args = [SCRIPT, transport, host, String(port), String(version), prefix, ...ca];
        const { stdout } = await run(PYTHON, args, { timeout: TIMEOUT_MS });
        // CONNACK of MQTT 3.1 has no session present flag.
        const sessionPresent = version === 3 ? ([0, 0] as const) : ([0, 1] as const);
        expectPahoReport(stdout, { version, prefix, large: 300_000, sessionPresent });
      });
    }
  }
});
