/** The part of a histogram or summary that follows its name. */
const PART = /_(bucket|sum|count)$/;
const METRIC = /\blmqtt_[a-z0-9_]+/g;
const METRICS_PAGE = 'docs/metrics.md';

/**
 * Metrics that pages name and the page of all metrics has not, one line each.
 * @param pages Markdown by path from the root of the project
 */
export function unknownMetrics(pages: ReadonlyMap<string, string>): string[] {
  const known = new Set(pages.get(METRICS_PAGE)?.match(METRIC));
  const unknown: string[] = [];
  for (const [path, text] of pages) {
    for (const name of new Set(text.match(METRIC))) {
      if (known.has(name) || known.has(name.replace(PART, ''))) continue;
      unknown.push(`${path}: no metric ${name}`);
    }
  }
  return unknown;
}
