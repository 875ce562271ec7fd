import { expect } from 'chai';

/** Versions of MQTT as Paho numbers them: the protocol level of CONNECT. */
export const PAHO_VERSIONS = [
  { name: '3.1', version: 3 },
  { name: '3.1.1', version: 4 },
  { name: '5.0', version: 5 },
] as const;

export type PahoVersion = (typeof PAHO_VERSIONS)[number]['version'];

const LIVE_EACH = 5;
const PROPERTIES = {
  contentType: 'text/plain',
  user: [
    ['b', '1'],
    ['a', '2'],
    ['b', '1'],
  ],
  correlation: '00ff',
};

/** What paho_client.py and paho_client.c print: the messages of each part as they were received. */
interface PahoReport {
  readonly live: { readonly codes: readonly number[]; readonly messages: readonly unknown[] };
  /** Length of the large message when it came back as it was sent. */
  readonly large: number;
  readonly kept: {
    readonly sessionPresent: readonly number[];
    readonly messages: readonly unknown[];
  };
}

export interface PahoExpectation {
  readonly version: PahoVersion;
  readonly prefix: string;
  /** Length of the large message. */
  readonly large: number;
  /** Session present of the first and the second CONNACK of one session, as the client tells it. */
  readonly sessionPresent: readonly [number, number];
}

/** Fails unless everything came: each QoS in order, the large message, and the session's messages. */
export function expectPahoReport(output: string, expected: PahoExpectation): void {
  const { version, prefix, large, sessionPresent } = expected;
  const report = JSON.parse(output) as PahoReport;
  const properties = version === 5 ? PROPERTIES : {};
  const live = [0, 1, 2].flatMap((qos) =>
    Array.from({ length: LIVE_EACH }, (_, i) => ({
      topic: `${prefix}/live/${String(qos)}`,
      payload: String(i),
      qos,
      ...properties,
    })),
  );
  const kept = [1, 2].map((qos) => ({
    topic: `${prefix}/kept`,
    payload: `kept ${String(qos)}`,
    qos,
    ...properties,
  }));
  expect(report.live).to.deep.equal({ codes: [2], messages: live });
  expect(report.large).to.equal(large);
  expect(report.kept).to.deep.equal({ sessionPresent, messages: kept });
}
