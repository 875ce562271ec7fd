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
