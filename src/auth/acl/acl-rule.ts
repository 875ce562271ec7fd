/** What a rule lets its clients do with the topics that it names. */
export const AclAccess = {
  /** Subscribe, and be sent what is published. */
  READ: 'read',
  /** Publish. */
  WRITE: 'write',
  READWRITE: 'readwrite',
  /** Neither, whatever other rules allow. */
  DENY: 'deny',
} as const;
export type AclAccess = (typeof AclAccess)[keyof typeof AclAccess];

/** One line of an access control list. */
export interface AclRule {
  readonly access: AclAccess;
  /** A topic filter; of a `pattern` with `%u` and `%c` in it. */
  readonly filter: string;
}

/** A whole access control list, as it was read. */
export interface AclRuleSet {
  /** For clients without a user name. */
  readonly anonymous: readonly AclRule[];
  readonly users: ReadonlyMap<string, readonly AclRule[]>;
  /** For every client: `%u` stands for its user name, `%c` for its client id. */
  readonly patterns: readonly AclRule[];
}
