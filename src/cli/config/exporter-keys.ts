import type { ConfSpec } from '../../common/config/conf-spec.ts';
import { flag, port, text } from '../../common/config/key-schema.ts';

/** Keys of the HTTP server for health and metrics, of a role that is no gateway. */
export interface ExporterConf {
  enablePrometheus: boolean;
  exporterHost: string;
  exporterPort: number;
  exportProcessInfo: boolean;
}

/** @param defaultPort another one for each role, so that one of each on a machine do not collide */
export function exporterKeys(role: string, defaultPort: number): ConfSpec<ExporterConf>['keys'] {
  return {
    enablePrometheus: flag({
      default: false,
      description: `Role ${role}: serve health and metrics over HTTP (docs/metrics.md). Standalone: see connect.conf.`,
    }),
    exporterHost: text({
      default: '127.0.0.1',
      minLength: 1,
      description: `Role ${role}: address of that HTTP server. It has no sign-in: keep it to loopback or a trusted network.`,
    }),
    exporterPort: port({
      default: defaultPort,
      description: `Role ${role}: port of that HTTP server. 0 takes a free one.`,
    }),
    exportProcessInfo: flag({
      default: true,
      description: `Role ${role}: metrics of the process and of Node.js too: CPU, memory, event loop.`,
    }),
  };
}
