// Loaded into lmqtt by the soak: for each stall of the event loop, how much of it the main thread ran, how much it
// waited for a core, and how much was garbage collection. A line of JSON each, in the file STALL_WATCH_FILE.
import { appendFileSync, readFileSync } from 'node:fs';
import { PerformanceObserver, performance } from 'node:perf_hooks';
import { setInterval } from 'node:timers';

const TICK_MS = 10;
const STALL_MS = 20;
/** Collections are told of a while after they happened. */
const SETTLE_MS = 2000;

const file = process.env.STALL_WATCH_FILE;
const schedule = `/proc/self/task/${process.pid}/schedstat`;

/** Time that the main thread has run and has waited for a core, ms. */
function used() {
  const [ran, waited] = readFileSync(schedule, 'latin1').split(' ');
  return { ran: Number(ran) / 1e6, waited: Number(waited) / 1e6 };
}

let collections = [];
new PerformanceObserver((list) => {
  for (const { startTime, duration } of list.getEntries())
    collections.push({ startTime, duration });
}).observe({ entryTypes: ['gc'] });

let stalls = [];
let before = used();
let due = performance.now() + TICK_MS;
setInterval(() => {
  const now = performance.now();
  const after = used();
  if (now - due > STALL_MS) {
    const ran = after.ran - before.ran;
    stalls.push({ from: due - TICK_MS, to: now, ran, waited: after.waited - before.waited });
  }
  before = after;
  due = now + TICK_MS;
}, TICK_MS).unref();

setInterval(() => {
  const end = performance.now() - SETTLE_MS;
  const lines = stalls
    .filter(({ to }) => to < end)
    .map((stall) => {
      const during = collections.filter(
        ({ startTime, duration }) => startTime + duration > stall.from && startTime < stall.to,
      );
      const gc = during.reduce((sum, { duration }) => sum + duration, 0);
      return `${JSON.stringify({ ...stall, gc })}\n`;
    });
  if (lines.length > 0) appendFileSync(file, lines.join(''));
  stalls = stalls.filter(({ to }) => to >= end);
  collections = collections.filter(({ startTime }) => startTime > end - SETTLE_MS);
}, 1000).unref();
