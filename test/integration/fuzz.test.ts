import { connect as netConnect } from 'node:net';
import { expect } from 'chai';
import type { Broker } from '../helpers/broker.ts';
import { eventually } from '../helpers/eventually.ts';
import { HonestPair } from '../helpers/honest-pair.ts';
import { type Fuzzer, PacketFuzzer } from '../helpers/packet-fuzzer.ts';
import { PacketFuzzer5 } from '../helpers/packet-fuzzer5.ts';
import { Random } from '../helpers/random.ts';
import { mebibytes } from '../helpers/rss-probe.ts';
import { brokerOfSuite } from '../helpers/start-broker.ts';

const PACKETS = 120_000;
const ATTACKERS = 12;
const WARM_UP = PACKETS / 4;
const MAX_GROWTH = 128 * 1024 * 1024;
const MAX_P99_MS = 250;
const SOCKET_PATIENCE_MS = 1_000;

/** Sends the bytes in pieces, then ends or drops the connection; resolves when it has gone. */
async function attack(broker: Broker, pieces: readonly Buffer[], isAbrupt: boolean): Promise<void> {
  return new Promise((resolve) => {
    const socket = netConnect({ host: broker.host, port: broker.port });
    socket.setTimeout(SOCKET_PATIENCE_MS, () => {
      socket.destroy();
    });
    // The server may close in the middle, as it should.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      resolve();
    });
    socket.resume();
    socket.on('connect', () => {
      for (const piece of pieces) socket.write(piece);
      if (isAbrupt) socket.destroySoon();
      else socket.end();
    });
  });
}

/** The packets of one connection, and how they are cut. */
function nextAttack(random: Random, fuzzer: Fuzzer): { packets: number; pieces: Buffer[] } {
  const packets: Buffer[] = [];
  if (random.chance(0.9)) packets.push(fuzzer.connect());
  for (let left = random.below(8); left > 0; left--) packets.push(fuzzer.valid());
  for (let left = 1 + random.below(4); left > 0; left--) {
    packets.push(random.chance(0.8) ? fuzzer.mutated() : fuzzer.noise());
  }
  let stream = Buffer.concat(packets);
  if (random.chance(0.2)) stream = stream.subarray(0, 1 + random.below(stream.length));
  const cut = random.chance(0.3) ? random.below(stream.length) : 0;
  return { packets: packets.length, pieces: [stream.subarray(0, cut), stream.subarray(cut)] };
}

describe('integration: fuzz', () => {
  let broker: Broker;

  brokerOfSuite({}, (started) => {
    broker = started;
  });

  it(`${PACKETS} random, mutated and cut-off packets of 3.1.1 harm nobody [MQTT-4.8.0-1]`, async function () {
    this.timeout(180_000);
    const random = Random.fromEnvironment();
    await survives(random, new PacketFuzzer(random));
  });

  it(`${PACKETS} random, mutated and cut-off packets of 5.0 harm nobody [MQTT-4.13.1-1]`, async function () {
    this.timeout(180_000);
    const random = Random.fromEnvironment();
    await survives(random, new PacketFuzzer5(random));
  });

  async function survives(random: Random, fuzzer: Fuzzer): Promise<void> {
    console.log(`      LMQTT_TEST_SEED=${random.seed}`);
    const pair = new HonestPair(broker, `pair-${random.below(2 ** 31)}`);
    let sent = 0;
    let connections = 0;
    let warmRss = 0;
    const attacker = async (): Promise<void> => {
      while (sent < PACKETS && broker.alive) {
        const { packets, pieces } = nextAttack(random, fuzzer);
        sent += packets;
        connections += 1;
        await attack(broker, pieces, random.chance(0.3));
        if (warmRss === 0 && sent >= WARM_UP) warmRss = broker.rssBytes;
      }
    };
    try {
      await eventually('the honest pair is at work', () => pair.received > 10);
      await Promise.all(Array.from({ length: ATTACKERS }, attacker));
      expect(broker.alive, broker.output).to.equal(true);
      await eventually('the honest pair is done', () => pair.finish(), 10_000);
    } finally {
      pair.end();
    }
    const rss = broker.rssBytes;
    console.log(
      `      ${connections} connections, ${pair.received} honest messages, p50 ${pair.latencyMs(0.5).toFixed(1)} ms,` +
        ` p99 ${pair.latencyMs(0.99).toFixed(1)} ms, RSS ${mebibytes(warmRss)} then ${mebibytes(rss)} MiB`,
    );
    expect(pair.disturbances).to.deep.equal([]);
    expect(pair.latencyMs(0.99)).to.be.below(MAX_P99_MS);
    expect(rss - warmRss, 'growth after the first quarter').to.be.below(MAX_GROWTH);
  }
});
