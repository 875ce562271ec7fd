import { findProgram } from './peers/program.ts';
import type { LoadGenerator } from './build.ts';
import type { Peer } from './peers/peer.ts';
import type { Scenario } from './scenarios.ts';

/** Why a broker has no run in a scenario; undefined when it has. */
export function reasonToSkip(
  peer: Peer,
  scenario: Scenario,
  generator: Pick<LoadGenerator, 'hasTls'>,
): string | undefined {
  const missing = peer.missing();
  if (missing !== undefined) return missing;
  const lack = scenario.needs.find((need) => peer.lacks.has(need));
  if (lack !== undefined) return `no ${lack}: ${peer.lacks.get(lack) ?? ''}`;
  if (!scenario.needs.includes('TLS')) return undefined;
  if (!generator.hasTls) return 'the load generator was built without OpenSSL (libssl-dev)';
  return findProgram('openssl') === undefined ? 'no openssl to make a certificate' : undefined;
}
