import { Type } from 'typebox';
import type { KeySchema } from './conf-spec.ts';

interface KeyOptions<T> {
  readonly default: T;
  readonly description: string;
}

export interface IntegerOptions extends KeyOptions<number> {
  readonly unit?: string;
  readonly minimum: number;
  readonly maximum: number;
}

export interface TextOptions extends KeyOptions<string> {
  readonly secret?: boolean;
  readonly minLength?: number;
}

/** A whole number between `minimum` and `maximum`, both allowed. */
export function integer(options: IntegerOptions): KeySchema<number> {
  return Object.assign(Type.Integer(), options);
}

/** `true` or `false`. */
export function flag(options: KeyOptions<boolean>): KeySchema<boolean> {
  return Object.assign(Type.Boolean(), options);
}

/** Any text. */
export function text(options: TextOptions): KeySchema<string> {
  return Object.assign(Type.String(), options);
}

/** One of `values`. */
export function choice<V extends string>(
  values: readonly V[],
  options: KeyOptions<V>,
): KeySchema<V> {
  const schema = { ...Type.Enum([...values]), ...options };
  return schema as unknown as KeySchema<V>;
}

/** A TCP port to listen on; 0 takes a free one. */
export function port(options: KeyOptions<number>): KeySchema<number> {
  return integer({ ...options, minimum: 0, maximum: 65535 });
}
