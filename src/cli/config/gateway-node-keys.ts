import type { ConfSpec } from '../../common/config/conf-spec.ts';
import { flag, integer, text } from '../../common/config/key-schema.ts';

/** Keys of `connect.conf` for gateways of which there are several. */
export interface GatewayNodeConf {
  workers: number;
  workersBeyondCores: boolean;
  drainTimeMs: number;
  serverReference: string;
  serverMoved: boolean;
}

export const gatewayNodeKeys: ConfSpec<GatewayNodeConf>['keys'] = {
  workers: integer({
    default: 1,
    minimum: 1,
    maximum: 256,
    unit: 'processes',
    description:
      'Standalone: processes that serve MQTT, on the same ports, before one store, which has a process of its own then: fewer are started where there are not so many cores and one more. 1 = everything in one process, which is fastest as long as one core is enough (docs/operations.md).',
  }),
  workersBeyondCores: flag({
    default: false,
    description:
      'Start all workers, however few cores there are: slower, but each has files for connections of its own.',
  }),
  drainTimeMs: integer({
    default: 2000,
    minimum: 0,
    maximum: 600_000,
    unit: 'ms',
    description:
      'A gateway of a cluster that is stopped closes its connections spread over this time, so that the other gateways do not get all clients at once; less than stopTimeoutMs. Standalone closes all at once.',
  }),
  serverReference: text({
    default: '',
    description:
      'Server that MQTT 5 clients are told to use when a gateway of a cluster stops: Server Reference of DISCONNECT 0x9C, host:port, several separated by spaces (MQTT 5, 4.11). Empty: DISCONNECT is 0x8B, server shutting down.',
  }),
  serverMoved: flag({
    default: false,
    description: 'They are to use it for good: DISCONNECT 0x9D, server moved, instead of 0x9C.',
  }),
};
