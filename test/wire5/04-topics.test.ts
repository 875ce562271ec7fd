import { expect } from 'chai';
import { publish5, subscribe5 } from '../helpers/packets5.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import { useWire5 } from './wire5.ts';

const LONGEST = 65_535;

describe('wire5: 04 topic names and filters', () => {
  const wire = useWire5();

  it('what is delivered matches the filter of the subscription [MQTT-3.3.2-3] [MQTT-4.7.1-1] [MQTT-4.7.1-2]', async () => {
    const own = wire.name('match');
    const one = await wire.subscribed(`${own}/+/c`, 0);
    const all = await wire.subscribed(`${own}/a/#`, 0);
    const topics = ['', '/a', '/a/c', '/a/b', '/a/b/c', '/b/c', '/ab/c', '/a/c/', '//c'];
    await wire.published(
      ...topics.map((end) => ({ topic: `${own}${end}`, payload: end === '' ? 'own' : end })),
    );
    for (const end of ['/a/c', '/b/c', '/ab/c', '//c']) await one.publish({ topic: own + end });
    for (const end of ['/a', '/a/c', '/a/b', '/a/b/c', '/a/c/']) {
      await all.publish({ topic: own + end });
    }
    await one.raw.expectNothing(50);
    await all.raw.expectNothing(1);
  });

  it('a byte order mark is a character of its own, and stays [MQTT-1.5.4-3]', async () => {
    const own = wire.name('mark');
    const marked = `${own}/\uFEFFa`;
    const [plain, other] = [await wire.subscribed(`${own}/a`, 0), await wire.subscribed(marked, 0)];
    await wire.published(
      { topic: marked, payload: '\uFEFFx' },
      { topic: `${own}/a`, payload: 'y' },
    );
    await other.raw.expect(publish5({ topic: marked, payload: '\uFEFFx' }));
    await plain.publish({ topic: `${own}/a`, payload: 'y' });
    await other.raw.expectNothing(50);
  });

  it('are compared as they are: no case, no normal form, no slash too many [MQTT-4.7.3-4]', async () => {
    const own = wire.name('form');
    // é as one character, and as e with an accent.
    const names = ['\u00e9', 'e\u0301', 'E\u0301', 'a', 'A', 'a/', '/a', 'a ', 'a//', 'ß', 'ss'];
    const client = await wire.connected();
    client.send(
      subscribe5(
        1,
        names.map((name) => [`${own}/${name}`, 0]),
      ),
    );
    await client.suback(1, ...names.map(() => 0));
    for (const name of names) {
      await wire.published({ topic: `${own}/${name}`, payload: name });
      // Once: no other filter matches.
      await client.raw.expect(publish5({ topic: `${own}/${name}`, payload: name }));
      await client.ping();
    }
  });

  it('have up to 65,535 bytes [MQTT-4.7.3-3]', async function () {
    // mosquitto 2.0.11 takes no such names.
    if (isMosquitto) this.skip();
    const own = wire.name('long');
    const rest = LONGEST - Buffer.byteLength(`${own}/`);
    const longest = `${own}/${'ä'.repeat(Math.floor(rest / 2))}${'x'.repeat(rest % 2)}`;
    expect(Buffer.byteLength(longest)).to.equal(LONGEST);
    const client = await wire.subscribed(longest, 1);
    await wire.published({ topic: longest, payload: 'x', qos: 1 });
    await client.publish({ topic: longest, payload: 'x', qos: 1 });
  });
});
