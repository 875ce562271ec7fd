import type { SysSample } from './sys-sample.ts';

/** Time constants of the load averages, minutes. */
export const LOAD_MINUTES = [1, 5, 15] as const;

/** One topic with its value, or three with the moving averages of a counter. */
export interface SysTopic {
  /** Name of the topic; of a load, without the last level (`1min`, `5min`, `15min`). */
  readonly topic: string;
  readonly unit: string;
  readonly description: string;
  readonly kind: 'value' | 'load';
  /** The value; of a load, the counter that the averages are taken of. */
  readonly read: (sample: SysSample) => number | string;
}

/** A topic whose value is a count, a size or a text. */
export function value(
  topic: string,
  unit: string,
  description: string,
  read: (sample: SysSample) => number | string,
): SysTopic {
  return { kind: 'value', topic, unit, description, read };
}

/** Topics of how fast a counter grows: per minute, averaged over 1, 5 and 15 minutes. */
export function load(
  topic: string,
  unit: string,
  description: string,
  read: (sample: SysSample) => number,
): SysTopic {
  return { kind: 'load', topic, unit: `${unit} a minute`, description, read };
}

/** The names that an entry of the table stands for. */
export function topicNames({ kind, topic }: SysTopic): readonly string[] {
  return kind === 'value' ? [topic] : LOAD_MINUTES.map((minutes) => `${topic}/${minutes}min`);
}
