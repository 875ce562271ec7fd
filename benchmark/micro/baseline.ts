/** Ratios that a benchmark reached once, by file and title: what a change must not lose by half. */
export type Baseline = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** A ratio may fall to this part of the baseline: machines and their other load differ. */
export const BOUND = 0.5;

export interface Shortfall {
  readonly file: string;
  readonly title: string;
  readonly baseline: number;
  /** Undefined when the benchmark has gone. */
  readonly ratio: number | undefined;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Throws when the text is not a baseline. */
export function parseBaseline(text: string): Baseline {
  const json: unknown = JSON.parse(text);
  const isBaseline =
    isRecord(json) &&
    Object.values(json).every(
      (entries) =>
        isRecord(entries) &&
        Object.values(entries).every((ratio) => typeof ratio === 'number' && ratio > 0),
    );
  if (!isBaseline) throw new Error('not a baseline of ratios by file and title');
  return json as Baseline;
}

/** What fell below the bound in one file. */
export function shortfalls(
  baseline: Baseline,
  file: string,
  ratios: ReadonlyMap<string, number>,
): Shortfall[] {
  return Object.entries(baseline[file] ?? {}).flatMap(([title, expected]) => {
    const ratio = ratios.get(title);
    if (ratio !== undefined && ratio >= expected * BOUND) return [];
    return [{ file, title, baseline: expected, ratio }];
  });
}

export function describeShortfall({ file, title, baseline, ratio }: Shortfall): string {
  const found = ratio === undefined ? 'not measured' : `ratio ${ratio.toPrecision(3)}`;
  return `${file}: ${title}: ${found}, at least ${(baseline * BOUND).toPrecision(3)} expected`;
}
