import type { Specification } from './statement.ts';
import { MQTT_3_1_1 } from './mqtt-3.1.1.ts';
import { MQTT_5_0 } from './mqtt-5.0.ts';

export type Version = Specification['version'];

/** One statement as a text cites it: `id` without `MQTT-`. */
export type Cited = { readonly version: Version; readonly id: string };

const CITATION = /\[MQTT(?<five>5?)-(?<id>[^\]\s]+)\]/g;

/** `[MQTT-…]` in one of these files means MQTT 5.0. */
const FIVE = /^test\/wire5\/|[a-z]5(?:\.test|\.suite)?\.ts$/;
/** `[MQTT-…]` in one of these files means MQTT 3.1.1. */
const FOUR = /^test\/wire\//;

/** The statements that `text` of the file at `path`, from the root of the project, cites. */
export function citedIn(path: string, text: string): Cited[] {
  return [...text.matchAll(CITATION)].map(({ groups }) => {
    const id = groups?.['id'] ?? '';
    return { id, version: groups?.['five'] === '5' ? '5.0' : versionOf(path, id) };
  });
}

/** `title` without its citations. */
export function withoutCitations(title: string): string {
  return title.replaceAll(CITATION, '').replaceAll(/\s+/g, ' ').trim();
}

/**
 * The same id names another statement in each version. Where the file does not tell which is meant, an id
 * of one version alone is of that version, and one of both is of 3.1.1: 5.0 is then written `[MQTT5-…]`.
 */
function versionOf(path: string, id: string): Version {
  if (FIVE.test(path)) return '5.0';
  if (FOUR.test(path)) return '3.1.1';
  return !MQTT_3_1_1.statements.has(id) && MQTT_5_0.statements.has(id) ? '5.0' : '3.1.1';
}
