import { viewOf } from '../../common/bytes/recent-view.ts';
import { sameBytes, sameWords, SHORTEST_VIEWED } from '../../common/bytes/same-bytes.ts';
import { inputView } from '../codec/input-view.ts';
import type { TopicEntry } from '../routing/topic-table.ts';

/** Whether the name of the topic is `source[start, end)`. */
export function isNamed(entry: TopicEntry, source: Buffer, start: number, end: number): boolean {
  const { bytes } = entry;
  const { length } = bytes;
  if (end - start !== length) return false;
  const view = length < SHORTEST_VIEWED ? undefined : inputView.of(source);
  if (view === undefined) return sameBytes(bytes, source, start, end);
  entry.view ??= viewOf(bytes);
  return sameWords(entry.view, view, start, length);
}
