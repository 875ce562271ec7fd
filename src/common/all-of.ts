/**
 * As `Promise.all`, but nothing is under way any more when it rejects.
 * @throws what the first of them in order has thrown
 */
export async function allOf<Value>(waiting: Iterable<Promise<Value>>): Promise<Value[]> {
  const results = await Promise.allSettled(waiting);
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}
