import type { Route } from './http-server.ts';
import type { Exposition } from './exposition.ts';
import type { Readiness } from './readiness.ts';

const PLAIN_TEXT = 'text/plain; charset=utf-8';

/** What a path is for, for the documentation. */
export const endpoints: readonly { readonly paths: readonly string[]; readonly meaning: string }[] =
  [
    { paths: ['/metrics', '/'], meaning: 'the metrics, in the text format of Prometheus' },
    { paths: ['/-/healthy', '/healthz'], meaning: '200 while the process is up' },
    {
      paths: ['/readyz'],
      meaning:
        '200 when the stores are connected and take writes and the gateway listens; else 503 and why',
    },
  ];

export function routesOf(
  exposition: Pick<Exposition, 'contentType' | 'render'>,
  readiness: Pick<Readiness, 'problems'>,
): ReadonlyMap<string, Route> {
  const metrics: Route = async () => ({
    status: 200,
    contentType: exposition.contentType,
    body: await exposition.render(),
  });
  const health: Route = () => ({ status: 200, contentType: PLAIN_TEXT, body: 'healthy\n' });
  const ready: Route = () => {
    const problems = readiness.problems();
    if (problems.length === 0) return { status: 200, contentType: PLAIN_TEXT, body: 'ready\n' };
    return { status: 503, contentType: PLAIN_TEXT, body: `not ready\n${problems.join('\n')}\n` };
  };
  return new Map([
    ['/metrics', metrics],
    ['/', metrics],
    ['/-/healthy', health],
    ['/healthz', health],
    ['/readyz', ready],
  ]);
}
