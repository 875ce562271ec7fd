import type { MetricSpec } from '../../src/admin/metric.ts';
import { metricTable } from '../../src/admin/metric-table.ts';
import { namesrvNodeMetrics, storeNodeMetrics } from '../../src/admin/node-metrics.ts';
import { processMetrics } from '../../src/admin/process-metrics.ts';
import { endpoints } from '../../src/admin/routes.ts';

const HEAD = `# Health and metrics

Made from the tables in \`src/admin/\` by \`npm run docs\`: change those, not this page.

Off by default. With \`enablePrometheus = true\` in \`conf/connect.conf\`, standalone and the role gateway serve HTTP
on \`exporterHost\`:\`exporterPort\` (127.0.0.1:9090). The same keys in \`conf/lmq.conf\` (127.0.0.1:9091) and
\`conf/namesrv.conf\` (127.0.0.1:9092) are for these roles of a cluster. It starts after everything else and stops first.
There is no sign-in: keep it to loopback or a trusted network.

| path | answer |
| --- | --- |
`;

const LIMITS = `
GET and HEAD only; other methods get 405, other paths 404. At most 64 connections at a time, 8 KiB of request
headers and 10 s a request.

\`\`\`yaml
scrape_configs:
  - job_name: lmqtt
    static_configs:
      - targets: [127.0.0.1:9090]
\`\`\`

## Metrics of gateways and of standalone

Names keep their meaning between versions. None has a label, so the number of time series does not depend on
clients or topics. Counters begin at 0 when the process starts.
`;

const STORE = `
## Metrics of the role lmq

\`/readyz\` says 200 as long as the process answers: a store that cannot write ends.
`;

const NAMESRV = `
## Metrics of the role namesrv
`;

const PROCESS = `
## Metrics of the process

Unless \`exportProcessInfo = false\`. Names and meanings are those of
[prom-client](https://github.com/siimon/prom-client), without those that list every socket.
`;

/** The text of `docs/metrics.md`. */
export function renderMetricsPage(): string {
  const paths = endpoints.map(
    (endpoint) =>
      `| ${endpoint.paths.map((path) => `\`${path}\``).join(', ')} | ${endpoint.meaning} |\n`,
  );
  return [
    HEAD,
    ...paths,
    LIMITS,
    table(metricTable),
    STORE,
    table(storeNodeMetrics),
    NAMESRV,
    table(namesrvNodeMetrics),
    PROCESS,
    table(processMetrics),
  ].join('');
}

function table(metrics: readonly MetricSpec[]): string {
  const rows = metrics.map(
    ({ name, kind, unit, help }) => `| \`${name}\` | ${kind} | ${unit} | ${help} |`,
  );
  return ['', '| name | type | unit | meaning |', '| --- | --- | --- | --- |', ...rows, ''].join(
    '\n',
  );
}
