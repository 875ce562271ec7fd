import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeTempDir, removeTempDir } from '../helpers/temp-dir.ts';
import { useTransportBroker } from '../helpers/transport-broker.ts';
import { TRANSPORTS } from '../helpers/transport.ts';
import { expectPahoReport, PAHO_VERSIONS } from './paho-report.ts';

const SOURCE = join(import.meta.dirname, 'paho_client.c');
const BUILD_TIMEOUT_MS = 60_000;
const TIMEOUT_MS = 30_000;
/** As Paho for C calls them. Its library checks names in certificates, not addresses. */
const SCHEMES = { mqtt: 'tcp', mqtts: 'ssl', ws: 'ws', wss: 'wss' } as const;

const run = promisify(execFile);

describe('interop: Eclipse Paho for C', () => {
  const broker = useTransportBroker();
  let directory = '';
  let program = '';

  before('compile the client', async function () {
    this.timeout(BUILD_TIMEOUT_MS);
    directory = await makeTempDir();
    program = join(directory, 'paho_client');
    try {
      await run('gcc', ['-Wall', '-Wextra', '-o', program, SOURCE, '-lpaho-mqtt3cs']);
    } catch (error) {
      throw new Error('no client: apt-get install gcc libc6-dev libpaho-mqtt-dev', {
        cause: error,
      });
    }
  });
  after(async () => {
    await removeTempDir(directory);
  });

  for (const transport of TRANSPORTS) {
    for (const { name, version } of PAHO_VERSIONS) {
      it(`on ${name} over ${transport}://: each QoS, a large message, a session that comes back`, async function () {
        this.timeout(TIMEOUT_MS + 5_000);
        const prefix = `paho-c-${transport}-${String(version)}`;
        const path = transport === 'ws' || transport === 'wss' ? '/mqtt' : '';
        const port = String(broker().address(transport).port);
        const uri = `${SCHEMES[transport]}://localhost:${port}${path}`;
        const ca = transport === 'mqtts' || transport === 'wss' ? [broker().authority.caFile] : [];
        const args = [uri, String(version), prefix, ...ca];
        const { stdout } = await run(program, args, { timeout: TIMEOUT_MS });
        // CONNACK of MQTT 3.1 has no session present flag; Paho does not tell that of 5.0.
        const sessionPresent = version === 4 ? ([0, 1] as const) : ([0, 0] as const);
        const large = path === '' ? 300_000 : 10_000;
        expectPahoReport(stdout, { version, prefix, large, sessionPresent });
      });
    }
  }
});
