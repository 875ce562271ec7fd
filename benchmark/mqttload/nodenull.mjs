// NOT a broker: the least work a QoS 0 "broker" on node:net could do (counterpart of nullbroker.c).
// Every chunk read from a connection that never subscribed is written to every connection that did.
import net from 'node:net';
const subs = new Set();
const port = Number(process.argv[2] || 21891);
net
  .createServer({ noDelay: true }, (s) => {
    let state = 0;
    s.on('error', () => {});
    s.on('close', () => subs.delete(s));
    s.on('data', (b) => {
      if (state === 0) {
        state = 1;
        s.write(Buffer.from([0x20, 2, 0, 0]));
        return;
      }
      if (state === 1 && b[0] === 0x82) {
        state = 2;
        subs.add(s);
        const o = b[1] & 128 ? 3 : 2;
        s.write(Buffer.from([0x90, 3, b[o], b[o + 1], 0]));
        return;
      }
      if (state === 2 || (b.length === 2 && b[0] === 0xe0)) return;
      state = 3;
      let slow = null;
      for (const t of subs) if (!t.write(b)) slow = t;
      if (slow) {
        s.pause();
        slow.once('drain', () => s.resume());
      }
    });
  })
  .listen(port, '127.0.0.1', 4096);
