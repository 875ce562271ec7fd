import { expect } from 'chai';
import { DISCONNECT, publish, pubrel } from '../../helpers/packets.ts';
import { Random } from '../../helpers/random.ts';
import { ClusterWorld } from '../../unit/gateway/cluster/cluster-world.ts';
import { turns } from '../../unit/gateway/fake-socket.ts';
import type { World } from '../../unit/gateway/gateway-world.ts';
import { GroupMember } from './group-members.ts';

/** Each takes some 60 ms on a quiet machine. */
const SCHEDULES = Number(process.env['LMQTT_GROUP_SCHEDULES'] ?? 60);
const STEPS = 40;
const FILTER = '$share/g/t';
const MAX_ROUNDS = 60;

describe('property: members of a shared group in a cluster', function () {
  this.timeout(60_000 + SCHEDULES * 1_000);

  it(`in ${SCHEDULES} schedules of take-overs, UNSUBSCRIBE and deaths of gateways nothing is lost, or comes twice at QoS 2 [MQTT-4.8.2-4]`, async () => {
    const random = Random.fromEnvironment();
    console.log(`      LMQTT_TEST_SEED=${random.seed}`);
    for (let i = 0; i < SCHEDULES; i++) {
      const seed = random.below(2 ** 32);
      const schedule = new Schedule(new Random(seed));
      await schedule.run();
      const { lost, repeated } = schedule;
      if (lost.length + repeated.length === 0) continue;
      const what = `lost ${lost.join(' ')}, twice ${repeated.join(' ')}`;
      expect.fail(`schedule ${i}, seed ${seed}: ${what}\n${schedule.trace.join('\n')}`);
    }
  });
});

class Schedule {
  readonly trace: string[] = [];
  readonly repeated: string[] = [];
  readonly #random: Random;
  readonly #cluster = new ClusterWorld();
  readonly #gateways: World[] = [];
  readonly #accepted: string[] = [];
  readonly #received = new Set<string>();
  /** The first of them subscribes for good. */
  readonly #members: readonly GroupMember[];
  #sent = 0;

  constructor(random: Random) {
    this.#random = random;
    this.#members = ['anchor', 'm1', 'm2', 'm3'].map(
      (clientId) =>
        new GroupMember(clientId, FILTER, (payload, qos) => {
          if (qos === 2 && this.#received.has(payload)) this.repeated.push(payload);
          this.#received.add(payload);
        }),
    );
  }

  get lost(): string[] {
    return this.#accepted.filter((payload) => !this.#received.has(payload));
  }

  get #anchor(): GroupMember {
    return this.#members[0]!;
  }

  async run(): Promise<void> {
    for (let i = 0; i < 2; i++) this.#gateways.push(await this.#cluster.gateway());
    this.#changeDelays();
    this.#anchor.connect(this.#gateways[0]!);
    await turns(20);
    this.#anchor.subscribe();
    await turns(30);
    for (let step = 0; step < STEPS; step++) {
      await this.#step();
      if (this.#random.below(3) === 0) this.#cluster.clock.advance(20);
      await turns(this.#random.below(8));
    }
    await this.#settle();
  }

  async #step(): Promise<void> {
    const random = this.#random;
    const member = random.pick(this.#members);
    const gateway = random.pick(this.#gateways);
    const op = random.below(12);
    this.trace.push(`${op} ${member.clientId} ${this.#gateways.indexOf(gateway)} ${this.#sent}`);
    if (op <= 1) {
      member.connect(gateway);
      if (random.chance(0.5)) member.subscribe();
    } else if (op === 2) member.lose();
    else if (op === 3) member.send(DISCONNECT);
    else if (op === 4) member.subscribe();
    else if (op === 5 && member !== this.#anchor) member.unsubscribe();
    else if (op <= 7) await this.#publish(gateway, 1 + random.below(6));
    else if (op === 8 && random.below(3) === 0) await this.#kill(gateway);
    else if (op === 9) this.#cluster.clock.advance(1_000);
    else member.answer();
  }

  async #publish(gateway: World, count: number): Promise<void> {
    const qos = this.#random.chance(0.5) ? 1 : 2;
    const payloads = Array.from({ length: count }, () => String(++this.#sent));
    const publisher = await gateway.connected({ clientId: `publisher-${this.#sent}` });
    publisher.socket.feed(
      ...payloads.map((payload, i) => publish({ topic: 't', qos, id: i + 1, payload })),
    );
    await turns(20);
    for (const packet of publisher.take()) {
      if (packet.type !== 'puback' && packet.type !== 'pubrec') continue;
      this.#accepted.push(payloads[packet.id - 1]!);
      if (qos === 2) publisher.socket.feed(pubrel(packet.id));
    }
    await publisher.lose();
  }

  /** Another one takes its place. */
  async #kill(gateway: World): Promise<void> {
    this.#gateways[this.#gateways.indexOf(gateway)] = await this.#cluster.gateway();
    for (const member of this.#members) member.gatewayDied(gateway);
    await this.#cluster.kill(gateway);
    this.#changeDelays();
  }

  #changeDelays(): void {
    for (const node of this.#cluster.shared.nodes) node.turnsOfReads = this.#random.below(4);
  }

  /** Everybody comes back and answers, until everything has come. */
  async #settle(): Promise<void> {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      for (const member of this.#members) {
        if (!member.isConnected) member.connect(this.#gateways[0]!);
        member.answer();
      }
      this.#cluster.clock.advance(round % 5 === 0 ? 1_000 : 20);
      await turns(8);
      if (round > 20 && this.lost.length === 0) return;
    }
  }
}
