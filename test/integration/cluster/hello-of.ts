import type { ClusterNode } from '../../helpers/cluster.ts';

/** Bytes in the hello of a gateway by which a proxy knows its connections: field 4, its name. */
export function helloOf({ name }: ClusterNode): string {
  return `\u0022${String.fromCharCode(name.length)}${name}`;
}
