import type { AnyKeySchema } from './conf-spec.ts';

/** What a key accepts, in words: `a whole number from 1 to 65535`. */
export function expectationOf(schema: AnyKeySchema): string {
  if ('enum' in schema) return `one of ${schema.enum.join(', ')}`;
  switch (schema.type) {
    case 'boolean':
      return 'true or false';
    case 'integer':
      return `a whole number from ${schema.minimum ?? '-∞'} to ${schema.maximum ?? '∞'}`;
    case 'string':
      return (schema.minLength ?? 0) > 0 ? 'text that is not empty' : 'text';
  }
}
