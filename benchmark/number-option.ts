/** A number of the command line. Throws unless it is a whole one from `minimum` on. */
export function wholeNumber(option: string, text: string, minimum: number): number {
  const count = Number(text);
  if (text === '' || !Number.isSafeInteger(count) || count < minimum) {
    throw new Error(`${option} must be a whole number from ${String(minimum)} on, not '${text}'`);
  }
  return count;
}

/** Numbers of the command line, separated by commas. */
export function wholeNumbers(option: string, text: string, minimum: number): number[] {
  return text.split(',').map((entry) => wholeNumber(option, entry, minimum));
}

/** A number of the command line above 0, at most 1. Throws for another. */
export function fraction(option: string, text: string): number {
  const part = Number(text);
  if (text === '' || !(part > 0 && part <= 1)) {
    throw new Error(`${option} must be a number above 0, at most 1, not '${text}'`);
  }
  return part;
}
