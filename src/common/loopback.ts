const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1|::ffff:127(\.\d{1,3}){3})$/i;

/** Whether only this machine can reach the host. A name other than localhost counts as reachable. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}
