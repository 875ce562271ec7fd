import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { useInterop } from './interop.ts';

/** Debian's: another python3 in the PATH does not have Debian's packages. */
const PYTHON = '/usr/bin/python3';
const SCRIPT = join(import.meta.dirname, 'paho_client.py');
const TIMEOUT_MS = 30_000;

interface PahoMessage {
  readonly topic: string;
  readonly payload: string;
  readonly qos: number;
}

interface PahoReport {
  readonly live: { readonly codes: readonly number[]; readonly messages: readonly PahoMessage[] };
  readonly kept: {
    readonly sessionPresent: readonly number[];
    readonly messages: readonly PahoMessage[];
  };
}

const run = promisify(execFile);

describe('interop: Eclipse Paho for Python', () => {
  const interop = useInterop();

  before('find python3-paho-mqtt', async () => {
    try {
      await run(PYTHON, ['-c', 'import paho.mqtt.client']);
    } catch (error) {
      throw new Error('paho is missing: apt-get install python3-paho-mqtt', { cause: error });
    }
  });

  for (const [name, version] of [
    ['3.1.1', 4],
    ['5.0', 5],
  ] as const) {
    it(`on ${name}: each QoS, and a session that comes back`, async function () {
      this.timeout(TIMEOUT_MS + 5_000);
      const prefix = interop.name('paho');
      const { host, port } = interop.broker;
      const args = [SCRIPT, host, String(port), String(version), prefix];
      const { stdout } = await run(PYTHON, args, { timeout: TIMEOUT_MS });
      const report = JSON.parse(stdout) as PahoReport;
      const extra =
        version === 5
          ? {
              contentType: 'text/plain',
              user: [
                ['b', '1'],
                ['a', '2'],
                ['b', '1'],
              ],
              correlation: '00ff',
            }
          : {};
      const live = [0, 1, 2].flatMap((qos) =>
        Array.from({ length: 10 }, (_, i) => ({
          topic: `${prefix}/live/${qos}`,
          payload: String(i),
          qos,
          ...extra,
        })),
      );
      const kept = [1, 2].map((qos) => ({
        topic: `${prefix}/kept`,
        payload: `kept ${qos}`,
        qos,
        ...extra,
      }));
      expect(report.live).to.deep.equal({ codes: [2], messages: live });
      expect(report.kept).to.deep.equal({ sessionPresent: [0, 1], messages: kept });
    });
  }
});
