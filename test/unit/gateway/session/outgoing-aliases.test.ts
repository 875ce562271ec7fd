import { expect } from 'chai';
import fc from 'fast-check';
import { GatewayStats } from '../../../../src/gateway/gateway-stats.ts';
import { OutgoingAliases } from '../../../../src/gateway/session/outgoing-aliases.ts';

const ANY_SIZE = 268_435_460;

/** What a packet says of its topic. */
interface Said {
  readonly name: string;
  readonly alias: number;
}

/** The table of the server and, apart from it, that of a client that reads the packets. */
class Pair {
  readonly stats = new GatewayStats();
  readonly aliases: OutgoingAliases;
  readonly known = new Map<number, string>();
  readonly #maximum: number;

  constructor(maximum: number, maximumPacketSize = ANY_SIZE) {
    this.#maximum = maximum;
    this.aliases = new OutgoingAliases(maximum, maximumPacketSize, this.stats);
  }

  /** Sends to `topic` and checks that the client finds it. */
  send(topic: string, packetSize = 100): Said {
    // In the middle of something else, as in a chunk or a segment.
    const source = Buffer.from(`xx${topic}yy`);
    const length = Buffer.byteLength(topic);
    const alias = this.aliases.choose(source, 2, length, packetSize);
    const name = source.toString('utf8', 2, 2 + this.aliases.nameLength);
    source.fill(0);
    expect(alias).to.be.within(0, this.#maximum);
    if (alias === 0 || name !== '') expect(name).to.equal(topic);
    else expect(this.known.get(alias)).to.equal(topic);
    if (alias !== 0 && name !== '') this.known.set(alias, topic);
    return { name, alias };
  }

  /** Sends to `topic` so often; returns how many packets had no name. */
  often(topic: string, times: number): number {
    let short = 0;
    for (let i = 0; i < times; i++) if (this.send(topic).name === '') short++;
    return short;
  }
}

describe('gateway: OutgoingAliases', () => {
  it('sets an alias with the name first, then sends it alone [MQTT-3.3.2-8]', () => {
    const pair = new Pair(3);
    expect(pair.send('a/b')).to.deep.equal({ name: 'a/b', alias: 1 });
    expect(pair.send('a/b')).to.deep.equal({ name: '', alias: 1 });
    expect(pair.send('a/c')).to.deep.equal({ name: 'a/c', alias: 2 });
    expect(pair.send('ä/€')).to.deep.equal({ name: 'ä/€', alias: 3 });
    expect(pair.send('ä/€')).to.deep.equal({ name: '', alias: 3 });
    expect(pair.send('a/b')).to.deep.equal({ name: '', alias: 1 });
    expect(pair.stats.topicAliasesUsed).to.equal(3);
  });

  it('gives no more than the maximum [MQTT-3.1.2-26]', () => {
    const pair = new Pair(2);
    for (const topic of ['t/1', 't/2']) pair.send(topic);
    expect(pair.send('t/3')).to.deep.equal({ name: 't/3', alias: 0 });
    expect([...pair.known.keys()]).to.deep.equal([1, 2]);
  });

  it('gives none to names that are not shorter with it, or very long', () => {
    const pair = new Pair(3);
    for (const topic of ['a', 'a/', 'x'.repeat(1025)]) {
      expect(pair.send(topic).alias).to.equal(0);
      expect(pair.send(topic).alias).to.equal(0);
    }
    expect(pair.send('x'.repeat(1024)).alias).to.equal(1);
  });

  it('gives none to a packet that could become too large with it, and does not believe it set', () => {
    const pair = new Pair(3, 60);
    expect(pair.send('a/b', 56)).to.deep.equal({ name: 'a/b', alias: 0 });
    expect(pair.send('a/b', 55)).to.deep.equal({ name: 'a/b', alias: 1 });
    expect(pair.send('a/b', 56)).to.deep.equal({ name: 'a/b', alias: 0 });
    expect(pair.send('a/b', 10)).to.deep.equal({ name: '', alias: 1 });
  });

  it('a topic that is sent more often takes the alias of the one that is sent least', () => {
    const pair = new Pair(2);
    pair.often('hot/1', 20);
    pair.often('cold/1', 2);
    expect(pair.often('hot/2', 20)).to.be.at.least(10);
    expect(pair.send('hot/1').name).to.equal('');
    expect(pair.send('cold/1')).to.deep.equal({ name: 'cold/1', alias: 0 });
  });

  it('topics sent once do not take the alias of one that is sent often', () => {
    const pair = new Pair(4);
    for (let topic = 0; topic < 4; topic++) pair.often(`hot/${String(topic)}`, 10);
    let short = 0;
    for (let i = 0; i < 20_000; i++) {
      expect(pair.send(`once/${String(i)}`).alias).to.equal(0);
      if (pair.send(`hot/${String(i % 4)}`).name === '') short++;
    }
    expect(short).to.equal(20_000);
  });

  it('finds the topics that are sent most among many', () => {
    const pair = new Pair(8);
    let short = 0;
    for (let i = 0; i < 20_000; i++) {
      pair.send(`rare/${String((i * 7919) % 5000)}`);
      if (pair.send(`hot/${String(i % 8)}`).name === '') short++;
    }
    expect(short / 20_000).to.be.above(0.98);
  });

  it('topics of one rate do not take aliases from each other in turn', () => {
    const pair = new Pair(32);
    for (let round = 0; round < 500; round++) {
      for (let topic = 0; topic < 40; topic++) pair.send(`t/${String(topic)}`);
    }
    const share = pair.stats.topicAliasesUsed / (500 * 40);
    expect(share).to.be.within(0.79, 0.8);
  });

  it('follows when other topics are sent from now on', () => {
    const pair = new Pair(16);
    for (let i = 0; i < 50_000; i++) pair.send(`old/${String(i % 16)}`);
    const before = pair.stats.topicAliasesUsed;
    for (let i = 0; i < 10_000; i++) pair.send(`new/${String(i % 16)}`);
    expect((pair.stats.topicAliasesUsed - before) / 10_000).to.be.above(0.8);
  });

  it('names the right topic whatever is sent in whatever order [MQTT-3.3.2-7]', () => {
    const topic = fc.oneof(
      fc.integer({ min: 0, max: 12 }).map((number) => `t/${String(number)}`),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }),
    );
    const message = fc.tuple(topic, fc.integer({ min: 1, max: 70 }));
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.array(message, { maxLength: 400, size: 'max' }),
        (maximum, messages) => {
          const pair = new Pair(maximum, 64);
          for (const [name, size] of messages) pair.send(name, size);
        },
      ),
      { numRuns: 200 },
    );
  });
});
