/**
 * Whom a normative statement binds. A rule for the client whose breach the server has to notice (a malformed
 * packet, a protocol error) binds `both`; `bridge` is a server that connects to other servers as a client.
 */
export type Bound = 'server' | 'client' | 'both' | 'bridge';

export type Statement = {
  readonly binds: Bound;
  /** In our own words. */
  readonly summary: string;
};

/** The numbered normative statements of one version of MQTT, its appendix B. */
export type Specification = {
  readonly version: '3.1.1' | '5.0';
  readonly url: string;
  /** By id without `MQTT-`, in the order of the appendix. */
  readonly statements: ReadonlyMap<string, Statement>;
};

type Builder = (summary: string) => Statement;

export const server: Builder = (summary) => ({ binds: 'server', summary });
export const client: Builder = (summary) => ({ binds: 'client', summary });
export const both: Builder = (summary) => ({ binds: 'both', summary });
export const bridge: Builder = (summary) => ({ binds: 'bridge', summary });

/** A statement that lmqtt, a server that opens no MQTT connections, must keep. */
export function bindsServer(statement: Statement): boolean {
  return statement.binds === 'server' || statement.binds === 'both';
}
