/** How two valid topic filters relate, without looking at any topic name. */

const DOLLAR = '$';

/** Whether every topic name that `narrow` matches is matched by `wide` too. */
export function covers(wide: string, narrow: string): boolean {
  const wideLevels = levelsOf(wide);
  const narrowLevels = levelsOf(narrow);
  for (let i = 0; ; i++) {
    const level = wideLevels[i];
    const other = narrowLevels[i];
    if (level === '#') return i > 0 || other?.startsWith(DOLLAR) !== true;
    if (level === undefined || other === undefined) return level === other;
    if (!isCovered(other, level, i)) return false;
  }
}

/** Whether there is a topic name that both match. */
export function overlaps(left: string, right: string): boolean {
  const leftLevels = levelsOf(left);
  const rightLevels = levelsOf(right);
  for (let i = 0; ; i++) {
    const one = leftLevels[i];
    const other = rightLevels[i];
    if (one === '#' || other === '#') {
      return i > 0 || (one?.startsWith(DOLLAR) !== true && other?.startsWith(DOLLAR) !== true);
    }
    if (one === undefined || other === undefined) return one === other;
    if (!isCovered(one, other, i) && !isCovered(other, one, i)) return false;
  }
}

/** A name is not empty, so that `#` begins with some level, and `/#` has a second one. */
function levelsOf(filter: string): string[] {
  if (filter === '#') return ['+', '#'];
  return filter === '/#' ? ['', '+', '#'] : filter.split('/');
}

/** Whether `wide` matches all that the level `narrow`, which is not `#`, does [MQTT-4.7.2-1]. */
function isCovered(narrow: string, wide: string, index: number): boolean {
  if (wide !== '+') return narrow === wide;
  return narrow !== '#' && !(index === 0 && narrow.startsWith(DOLLAR));
}
