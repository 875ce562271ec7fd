import type { TBoolean, TEnum, TInteger, TString } from 'typebox';

/** What every configuration value can be. */
export type ConfValue = string | number | boolean;

/** What each key carries in its schema: JSON Schema's own limits where they apply, and its description. */
export interface KeyAnnotations {
  /** The value when neither the file nor the environment sets one. */
  readonly default: ConfValue;
  /** What the key means, in plain words; may have several lines. */
  readonly description: string;
  /** Unit of a number. */
  readonly unit?: string;
  /** True for a value that must never be shown. */
  readonly secret?: boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
}

/** The schema of one key, checked against the type of its value. */
export type KeySchema<T> = KeyAnnotations &
  ([T] extends [boolean]
    ? TBoolean
    : [T] extends [number]
      ? TInteger
      : string extends T
        ? TString
        : TEnum<Extract<T, string>[]>);

/** The schema of a key whose type does not matter to the reader. */
export type AnyKeySchema = KeyAnnotations & (TBoolean | TInteger | TString | TEnum<string[]>);

/** One configuration file: its keys in the order of the shipped file. */
export interface ConfSpec<T extends object> {
  /** Base name: `connect` for `connect.conf` and `LMQTT_CONNECT_…`. */
  readonly name: string;
  /** What the file is about, for its head and for the documentation. */
  readonly title: string;
  readonly keys: { readonly [K in keyof T]-?: KeySchema<T[K]> };
  /** Other spellings that a file may use, with the key that they stand for. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** Keys of Apache RocketMQ MQTT that do not exist here, with what holds instead. */
  readonly retired: Readonly<Record<string, string>>;
  /** Sections that the file may have behind its keys. */
  readonly sections?: AnySectionSpec;
}

/**
 * Sections `[kind.name]` of a file, any number of them. A key that is left out has no value: its
 * description says what holds then.
 */
export interface SectionSpec<T extends object> {
  readonly kind: string;
  /** What the sections are for. */
  readonly title: string;
  readonly keys: { readonly [K in keyof T]-?: KeySchema<T[K]> };
}

/** A section's spec whose value type does not matter. */
export interface AnySectionSpec {
  readonly kind: string;
  readonly title: string;
  readonly keys: Readonly<Record<string, AnyKeySchema>>;
}

/** A spec whose value type does not matter: for documentation and checks over all files. */
export interface AnyConfSpec {
  readonly name: string;
  readonly title: string;
  readonly keys: Readonly<Record<string, AnyKeySchema>>;
  readonly aliases?: Readonly<Record<string, string>>;
  readonly retired: Readonly<Record<string, string>>;
  readonly sections?: AnySectionSpec;
}

/** First part of the name of every environment variable that lmqtt reads. */
export const ENVIRONMENT_PREFIX = 'LMQTT_';

/** `maxConn` of `connect` is `LMQTT_CONNECT_MAX_CONN` in the environment. */
export function environmentName(specName: string, key: string): string {
  const snake = key.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2');
  return `${ENVIRONMENT_PREFIX}${specName}_${snake}`.toUpperCase();
}
