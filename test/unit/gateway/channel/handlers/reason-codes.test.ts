import { expect } from 'chai';
import type { Action } from '../../../../../src/auth/types.ts';
import { ReasonCode } from '../../../../../src/gateway/codec/reason-code.ts';
import { ErrorCode, StoreError } from '../../../../../src/common/errors.ts';
import { createMemoryStore } from '../../../../../src/lmq/memory/memory-store.ts';
import { publish, pubrel, subscribe } from '../../../../helpers/packets.ts';
import {
  ack5,
  publish5,
  subscribe5,
  unsubscribe5,
  type Packet5,
} from '../../../../helpers/packets5.ts';
import { textOf } from '../../../../helpers/properties5.ts';
import { connected5, FakeClient5, subscribed5 } from '../../fake-client5.ts';
import { World } from '../../gateway-world.ts';

const NOT_FOUND = ReasonCode.PACKET_IDENTIFIER_NOT_FOUND;

/** Type, packet identifier and codes of the packets, as text. */
function told(packets: readonly Packet5[]): string[] {
  return packets.map((packet) => {
    const parts: (string | number)[] = [packet.type];
    if ('id' in packet) parts.push(packet.id);
    if ('code' in packet) parts.push(`0x${packet.code.toString(16)}`);
    if ('codes' in packet) parts.push(...packet.codes.map((code) => `0x${code.toString(16)}`));
    return parts.join(' ');
  });
}

function secretAuthorizer(): {
  authorize: (principal: unknown, action: Action, name: string) => boolean;
} {
  return { authorize: (_principal, _action, name) => !name.startsWith('secret') };
}

describe('gateway: reason codes of MQTT 5', () => {
  it('of PUBACK and PUBREC: a refused PUBLISH, after which the connection goes on (§3.4.2.1)', async () => {
    const world = new World({ authorizer: secretAuthorizer() });
    const other = await subscribed5(world, { clientId: 'other' }, '#', 1);
    const client = await connected5(world);
    const packets = await client.exchange(
      publish5({ topic: 'open', qos: 1, id: 1, payload: '1' }),
      publish5({ topic: 'secret', qos: 1, id: 2 }),
      publish5({ topic: 'secret', qos: 2, id: 3 }),
      publish5({ topic: 'secret', qos: 0 }),
      publish5({ topic: 'open', qos: 2, id: 4, payload: '2' }),
      publish5({ topic: 'open', qos: 0, payload: '3' }),
    );
    expect(told(packets)).to.deep.equal([
      'puback 1 0x0',
      'puback 2 0x87',
      'pubrec 3 0x87',
      'pubrec 4 0x0',
    ]);
    expect(world.stats.publishesRefused).to.equal(3);
    expect((await other.publishes()).map(({ payload }) => payload.toString())).to.have.members([
      '1',
      '2',
      '3',
    ]);
    // The identifier of the refused one is free [MQTT-4.3.3-4].
    const again = await client.exchange(publish5({ topic: 'open', qos: 2, id: 3 }));
    expect(told(again)).to.deep.equal(['pubrec 3 0x0']);
    expect(world.stats.duplicatesReceived).to.equal(0);
  });

  it('are not known to 3.1.1: a refused PUBLISH closes the connection [MQTT-3.3.5-2]', async () => {
    const world = new World({ authorizer: secretAuthorizer() });
    const client = await world.connected();
    expect(await client.exchange(publish({ topic: 'secret', qos: 1, id: 1 }))).to.deep.equal([]);
    expect(client.closed).to.equal(true);
  });

  it('of PUBREL and PUBCOMP: an identifier that is not known (§3.6.2.1, §3.7.2.1)', async () => {
    const world = new World();
    const client = await connected5(world);
    const packets = await client.exchange(
      ack5('pubrel', 9),
      ack5('pubrec', 8),
      ack5('pubrec', 7, 0x80),
      ack5('puback', 6),
      ack5('pubcomp', 5),
      ack5('pubcomp', 5, NOT_FOUND),
    );
    expect(told(packets)).to.deep.equal(['pubcomp 9 0x92', 'pubrel 8 0x92']);
    const old = await world.connected({ clientId: 'old' });
    expect(await old.exchange(pubrel(9))).to.deep.equal([{ type: 'pubcomp', id: 9 }]);
  });

  it('in PUBACK and PUBREC end a delivery, whatever they are (§4.3.2, §4.3.3)', async () => {
    const world = new World();
    const properties = [
      ['receiveMaximum', 2],
      ['sessionExpiry', 100],
    ] as const;
    const client = await subscribed5(world, { properties }, 'a', 2);
    const publisher = await connected5(world, { clientId: 'p' });
    const qos = [1, 2, 1, 2] as const;
    await publisher.exchange(
      ...qos.map((level, i) => publish5({ topic: 'a', qos: level, id: i + 1 })),
    );
    const first = await client.publishes();
    expect(first.map(({ id }) => id)).to.deep.equal([1, 2]);
    const second = await client.exchange(ack5('puback', 1, 0x97), ack5('pubrec', 2, 0x99, []));
    expect(second.map(({ type }) => type)).to.deep.equal(['publish', 'publish']);
    expect(client.channel.session?.inflight.size).to.equal(2);
    expect(
      told(await client.exchange(ack5('puback', 3, 0x10), ack5('pubrec', 4, 0x10))),
    ).to.deep.equal(['pubrel 4 0x0']);
    await client.exchange(ack5('pubcomp', 4, NOT_FOUND));
    expect(client.channel.session?.inflight.size).to.equal(0);
  });

  it('of SUBACK and UNSUBACK: one for each filter, in order [MQTT5-3.8.4-6] [MQTT-3.11.3-1]', async () => {
    const world = new World({ authorizer: secretAuthorizer() });
    const client = await connected5(world);
    const packets = await client.exchange(
      subscribe5(1, [
        ['a', 0],
        ['b', 1],
        ['c', 2],
        ['secret', 1],
        ['a/#/b', 1],
        ['$share//a', 1],
      ]),
      unsubscribe5(2, ['b', 'b', 'secret', 'a']),
    );
    expect(told(packets)).to.deep.equal([
      'suback 1 0x0 0x1 0x2 0x87 0x8f 0x8f',
      'unsuback 2 0x0 0x11 0x11 0x0',
    ]);
    expect(client.closed).to.equal(false);
    const old = await world.connected({ clientId: 'old' });
    const [suback] = await old.exchange(subscribe(1, ['secret', 1], ['b', 1]));
    expect(suback).to.deep.include({ codes: [0x80, 1] });
  });

  it('of PUBACK when the commit fails: 0x80, and nothing for PUBREL and PUBCOMP (§3.6.2.1)', async () => {
    let failing = false;
    const store = createMemoryStore({
      fault: () =>
        failing ? new StoreError(ErrorCode.STORE_UNAVAILABLE, 'the disk is full') : undefined,
    });
    const world = new World({ store });
    const properties = [['sessionExpiry', 100]] as const;
    const client = await connected5(world, { properties });
    await client.exchange(publish5({ topic: 'a', qos: 2, id: 3 }));
    failing = true;
    const packets = await client.exchange(
      publish5({ topic: 'a', qos: 1, id: 1 }),
      ack5('pubrel', 3),
      publish5({ topic: 'a', qos: 2, id: 2 }),
    );
    expect(told(packets)).to.deep.equal(['puback 1 0x80', 'pubrec 2 0x80', 'disconnect 0x80']);
    expect(client.closed).to.equal(true);
    failing = false;
  });
});

describe('gateway: DISCONNECT of the server', () => {
  async function disconnectedBy(
    packet: Buffer,
    maximumPacketSize?: number,
  ): Promise<{ code: number; reason: string | undefined }> {
    const world = new World({ limits: { maxPacketSize: 1000 } });
    const properties =
      maximumPacketSize === undefined ? [] : ([['maximumPacketSize', maximumPacketSize]] as const);
    const client = await connected5(world, { properties });
    const packets = await client.exchange(packet, publish5({ topic: 'late', qos: 1 }));
    expect(client.closed).to.equal(true);
    expect(packets).to.have.length(1);
    const [last] = packets;
    if (last?.type !== 'disconnect') throw new Error('no DISCONNECT');
    return { code: last.code, reason: textOf(last.properties, 'reasonString') };
  }

  const CASES: readonly (readonly [string, Buffer, number, RegExp])[] = [
    ['a malformed packet', publish5({ topic: 'a/#' }), 0x90, /wildcards/],
    ['QoS 3', Buffer.from([0x36, 5, 0, 1, 0x61, 0, 1]), 0x81, /QoS 3/],
    ['a packet that is too large', publish5({ topic: 'a', payload: 'x'.repeat(2000) }), 0x95, /./],
    ['a protocol error', Buffer.from([0xf0, 0]), 0x82, /AUTH/],
    ['an unknown alias', publish5({ topic: '', properties: [['topicAlias', 1]] }), 0x82, /alias/],
  ];
  for (const [what, packet, code, text] of CASES) {
    it(`tells of ${what} [MQTT-4.13.1-1]`, async () => {
      const told = await disconnectedBy(packet);
      expect(told.code).to.equal(code);
      expect(told.reason).to.match(text);
    });

    it(`leaves the text on ${what} out when the client takes less [MQTT-3.14.2-3]`, async () => {
      expect(await disconnectedBy(packet, 20)).to.deep.equal({ code, reason: undefined });
    });
  }

  it('is sent once, and not to a client that has not been accepted', async () => {
    const world = new World();
    const client = new FakeClient5(world);
    client.channel.close('too early', ReasonCode.SERVER_SHUTTING_DOWN);
    expect(await client.exchange()).to.deep.equal([]);
    const other = await connected5(world);
    other.channel.close('first', ReasonCode.SERVER_SHUTTING_DOWN);
    other.channel.close('second', ReasonCode.KEEP_ALIVE_TIMEOUT);
    other.channel.fail(new Error('third'));
    const packets = await other.exchange();
    expect(told(packets)).to.deep.equal(['disconnect 0x8b']);
  });

  it('does not tell the client of errors that are ours', async () => {
    const world = new World();
    const client = await connected5(world);
    client.channel.fail(new Error('/srv/data is not writable'));
    const [packet] = await client.exchange();
    expect(packet).to.deep.include({
      code: ReasonCode.UNSPECIFIED_ERROR,
      properties: [['reasonString', 'internal error']],
    });
  });

  it('says that the keep-alive is over (0x8d) and that the session was taken over (0x8e)', async () => {
    const world = new World();
    const idle = await connected5(world, { clientId: 'idle', keepAlive: 10 });
    const former = await connected5(world, { clientId: 'twice' });
    await connected5(world, { clientId: 'twice' });
    expect(told(await former.exchange())).to.deep.equal(['disconnect 0x8e']);
    for (let i = 0; i < 20; i++) world.clock.advance(1000);
    expect(told(await idle.exchange())).to.deep.equal(['disconnect 0x8d']);
    expect(idle.closed && former.closed).to.equal(true);
  });
});
