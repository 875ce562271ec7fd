import { ConfigError } from '../errors.ts';
import { type AnyConfSpec, ENVIRONMENT_PREFIX, environmentName } from './conf-spec.ts';
import type { Environment } from './load-conf.ts';
import { didYouMean } from './suggestion.ts';

/**
 * Refuses a variable that looks like ours and is none, since a mistyped override would be ignored.
 * @param others further names and prefixes (ending in `_`) that are in use
 * @throws ConfigError naming the variable
 */
export function checkEnvironment(
  specs: readonly AnyConfSpec[],
  others: readonly string[],
  environment: Environment,
): void {
  const known = new Set(others.filter((name) => !name.endsWith('_')));
  const prefixes = others.filter((name) => name.endsWith('_'));
  for (const spec of specs) {
    for (const key of Object.keys(spec.keys)) known.add(environmentName(spec.name, key));
  }
  for (const name of Object.keys(environment)) {
    if (!name.startsWith(ENVIRONMENT_PREFIX) || known.has(name)) continue;
    if (prefixes.some((prefix) => name.startsWith(prefix))) continue;
    throw new ConfigError(`environment: unknown variable ${name}${didYouMean(name, known)}`);
  }
}
