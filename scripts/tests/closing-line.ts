/** What a run of tests came to. */
export interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const CLOSING_LINE = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/;

/** The outcome that stands alone on the last line of a run, or undefined when it did not come to its end. */
export function outcomeOf(output: string): Outcome | undefined {
  const lastLine = output.trimEnd().split('\n').at(-1) ?? '';
  const match = CLOSING_LINE.exec(lastLine.trim());
  if (match === null) return undefined;
  const [, passed, failed, skipped = '0'] = match;
  return { passed: Number(passed), failed: Number(failed), skipped: Number(skipped) };
}

/** One closing line for several runs. */
export function closingLine(outcomes: readonly Outcome[]): string {
  const sum = (part: keyof Outcome) =>
    outcomes.reduce((total, outcome) => total + outcome[part], 0);
  const skipped = sum('skipped');
  const rest = skipped > 0 ? `, ${skipped} skipped` : '';
  return `${sum('passed')} passed, ${sum('failed')} failed${rest}`;
}
