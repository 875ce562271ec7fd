export function filterUse(
  filter: string,
  durable: boolean,
): {
  beforeRecord: number;
  acquireFilter: { filter: string; durable: boolean };
} {
  return { beforeRecord: 0, acquireFilter: { filter, durable } };
}
