import type { Authorizer } from './types.ts';

/** Lets every authenticated client publish and subscribe everywhere. */
export const allowAllAuthorizer: Authorizer = { authorize: () => true };
