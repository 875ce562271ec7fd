import { expect } from 'chai';
import type { Exploration } from './exploration.ts';

export function expectKept({ violation }: Exploration): void {
  if (violation !== undefined) expect.fail(`broken by\n${violation.join('\n')}`);
}

/** How far a search in breadth has come. */
export function reach({ states, depth, isComplete }: Exploration): string {
  return isComplete
    ? `all ${states} states, ${depth} events deep`
    : `the first ${states} states, ${depth} events deep`;
}
