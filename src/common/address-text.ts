/** An address as it is written: `host:port`, with brackets around an IPv6 host. */
export function addressText(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
