import { ConfigError } from '../common/errors.ts';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1|::ffff:127(\.\d{1,3}){3})$/i;

/** Hosts of a comma list. */
export function hostsOf(list: string): string[] {
  const hosts = list
    .split(',')
    .map((host) => host.trim())
    .filter((host) => host !== '');
  if (hosts.length === 0) throw new ConfigError('connect.conf: mqttHost names no address');
  return hosts;
}

/** Whether only this machine can reach the host. A name other than localhost counts as reachable. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}
