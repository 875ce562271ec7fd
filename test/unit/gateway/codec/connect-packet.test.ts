import { expect } from 'chai';
import fc from 'fast-check';
import { generate } from 'mqtt-packet';
import type { IConnectPacket } from 'mqtt-packet';
import { decodeConnect, NEVER_EXPIRES } from '../../../../src/gateway/codec/connect-packet.ts';
import { UnsupportedVersionError } from '../../../../src/gateway/codec/protocol-error.ts';
import { ReasonCode } from '../../../../src/gateway/codec/reason-code.ts';
import { mqttText, mutated, packet, protocolErrorOf, survives } from './packets.ts';
import { CONNECT, V4, V5, KEEP_ALIVE, connect5, reasonOf } from './connect-frames.ts';

/** CONNECT of MQTT 3.1.1 with these flags and payload. */
const connect = (flags: number, ...payload: (Buffer | number[] | string)[]): Buffer =>
  packet(CONNECT, V4, [flags], KEEP_ALIVE, ...payload);

const qos = fc.constantFrom(0 as const, 1 as const, 2 as const);

const bytes = fc.uint8Array({ maxLength: 20 }).map((array) => Buffer.from(array));

const validTopic = mqttText(20).filter((topic) => /^[^+#]+$/su.test(topic));

const connectPackets: fc.Arbitrary<IConnectPacket> = fc
  .record(
    {
      clientId: mqttText(),
      clean: fc.boolean(),
      keepalive: fc.integer({ min: 0, max: 65_535 }),
      username: mqttText(),
      password: bytes,
      will: fc.record({ topic: validTopic, payload: bytes, qos, retain: fc.boolean() }),
      protocolVersion: fc.constantFrom(3 as const, 4 as const, 5 as const),
    },
    { requiredKeys: ['clientId', 'clean', 'keepalive', 'protocolVersion'] },
  )
  .map(({ username, password, ...fields }): IConnectPacket => {
    const named = { ...fields, ...(username === undefined ? {} : { username }) };
    return {
      ...named,
      cmd: 'connect',
      protocolId: fields.protocolVersion === 3 ? 'MQIsdp' : 'MQTT',
      // mqtt-packet makes no packet with an empty id and clean session 0
      clean: fields.clean || fields.clientId === '' || fields.protocolVersion === 3,
      ...(password === undefined || username === undefined ? {} : { password }),
    };
  })
  .filter((fields) => fields.protocolVersion !== 3 || fields.clientId !== '')
  // nor one with an empty user name
  .filter((fields) => fields.username !== '');

describe('decodeConnect', () => {
  it('gives back what mqtt-packet generates, for every version', () => {
    fc.assert(
      fc.property(connectPackets, (fields) => {
        const decoded = decodeConnect(generate(fields));
        expect(decoded.version).to.equal(fields.protocolVersion);
        expect(decoded.clientId).to.equal(fields.clientId);
        expect(decoded.cleanStart).to.equal(fields.clean);
        expect(decoded.keepAliveSeconds).to.equal(fields.keepalive);
        expect(decoded.username).to.equal(fields.username);
        expect(decoded.password).to.deep.equal(fields.password);
        if (fields.will === undefined) expect(decoded.will).to.equal(undefined);
        else expect(decoded.will).to.deep.include(fields.will);
      }),
      { numRuns: 500 },
    );
  });

  it('fills in for MQTT 3.1.1 what it implies', () => {
    const clean = decodeConnect(connect(0x02, 'c'));
    expect(clean).to.deep.include({
      cleanStart: true,
      sessionExpirySeconds: 0,
      receiveMaximum: 65_535,
      maximumPacketSize: 268_435_460,
      topicAliasMaximum: 0,
      requestProblemInformation: true,
      will: undefined,
    });
    const kept = decodeConnect(connect(0x00, 'c'));
    expect(kept.cleanStart).to.equal(false);
    expect(kept.sessionExpirySeconds).to.equal(NEVER_EXPIRES);
  });

  it('serves MQTT 3.1.1', () => {});

  it('refuses another protocol name [MQTT-3.1.2-1]', () => {
    for (const name of ['mqtt', 'MQTTX', '', 'HTTP', 'MQIsdp\u00E4']) {
      const error = protocolErrorOf(() =>
        decodeConnect(packet(CONNECT, name, [4, 2], KEEP_ALIVE, 'c')),
      );
      expect(error, name).not.to.be.instanceOf(UnsupportedVersionError);
      expect(error.reasonCode).to.equal(ReasonCode.PROTOCOL_ERROR);
    }
  });

  const unsupported: [string, number, number][] = [
    ['MQTT', 3, 4],
    ['MQTT', 0, 4],
    ['MQTT', 6, 4],
    ['MQTT', 127, 4],
    ['MQTT', 0x84, 4],
    ['MQTT', 0x85, 5],
    ['MQIsdp', 4, 4],
    ['MQIsdp', 0x83, 4],
  ];
  for (const [name, level, connackVersion] of unsupported) {
    it(`reports ${name} level ${level} for a CONNACK of version ${connackVersion} [MQTT-3.1.2-2]`, () => {
      const frame = packet(CONNECT, name, [level, 2], KEEP_ALIVE, 'c');
      const error = protocolErrorOf(() => decodeConnect(frame));
      expect(error).to.be.instanceOf(UnsupportedVersionError);
      expect(error.reasonCode).to.equal(ReasonCode.UNSUPPORTED_PROTOCOL_VERSION);
      expect(error).to.include({ level, connackVersion });
    });
  }

  it('reports a later level in the form of MQTT 5 for a CONNACK of version 5 [MQTT5-3.1.2-2]', () => {
    const frame = packet(CONNECT, 'MQTT', [6, 2], KEEP_ALIVE, [0], 'client');
    expect(protocolErrorOf(() => decodeConnect(frame))).to.include({ level: 6, connackVersion: 5 });
  });

  it('reports an unknown level whatever follows it [MQTT-3.1.2-2]', () => {
    expect(reasonOf(packet(CONNECT, 'MQTT', [9]))).to.equal(
      ReasonCode.UNSUPPORTED_PROTOCOL_VERSION,
    );
  });

  it('refuses reserved bits of the fixed header [MQTT-2.2.2-2]', () => {
    for (let flags = 1; flags < 16; flags++) {
      const frame = connect(2, 'c');
      frame[0] = CONNECT | flags;
      expect(reasonOf(frame)).to.equal(ReasonCode.MALFORMED_PACKET);
    }
  });

  it('refuses the reserved connect flag [MQTT-3.1.2-3]', () => {
    expect(reasonOf(connect(0x03, 'c'))).to.equal(ReasonCode.MALFORMED_PACKET);
  });

  it('refuses will QoS and will retain without a will [MQTT-3.1.2-13] [MQTT-3.1.2-15]', () => {
    for (const flags of [0x0a, 0x12, 0x1a, 0x22, 0x3a]) {
      expect(reasonOf(connect(flags, 'c'))).to.equal(ReasonCode.MALFORMED_PACKET);
    }
  });

  it('refuses will QoS 3 [MQTT-3.1.2-14]', () => {
    expect(reasonOf(connect(0x1e, 'c', 'will', 'x'))).to.equal(ReasonCode.MALFORMED_PACKET);
    expect(decodeConnect(connect(0x16, 'c', 'will', 'x')).will?.qos).to.equal(2);
  });

  it('refuses a will topic that is no topic name', () => {
    for (const topic of ['', '+/a', '#']) {
      expect(reasonOf(connect(0x06, 'c', topic, 'x'))).to.equal(ReasonCode.TOPIC_NAME_INVALID);
    }
  });

  it('refuses a password without a user name [MQTT-3.1.2-22], but not in MQTT 5', () => {
    expect(reasonOf(connect(0x42, 'c', 'secret'))).to.equal(ReasonCode.MALFORMED_PACKET);
    const frame = packet(CONNECT, V5, [0x42], KEEP_ALIVE, [0], 'c', 'secret');
    expect(decodeConnect(frame).password).to.deep.equal(Buffer.from('secret'));
  });

  it('takes an empty password and an empty user name', () => {
    const decoded = decodeConnect(connect(0xc2, 'c', '', ''));
    expect(decoded.username).to.equal('');
    expect(decoded.password).to.deep.equal(Buffer.alloc(0));
  });

  it('takes an empty client id, which the handler judges [MQTT-3.1.3-6]', () => {
    expect(decodeConnect(connect(0x02, '')).clientId).to.equal('');
  });

  it('refuses ill-formed UTF-8 and U+0000 in every string [MQTT-1.5.3-1] [MQTT-1.5.3-2]', () => {
    const illFormed = [
      [0, 1, 0xff],
      [0, 1, 0],
      [0, 3, 0xed, 0xa0, 0x80],
      [0, 2, 0x61, 0xc3],
    ];
    for (const bad of illFormed) {
      for (const frame of [
        connect(0x02, bad),
        connect(0x06, 'c', bad, 'x'),
        connect(0x82, 'c', bad),
        packet(CONNECT, bad, [4, 2], KEEP_ALIVE, 'c'),
      ]) {
        expect(reasonOf(frame)).to.equal(ReasonCode.MALFORMED_PACKET);
      }
    }
  });

  it('keeps a byte order mark [MQTT-1.5.3-3]', () => {
    expect(decodeConnect(connect(0x02, '\uFEFFc')).clientId).to.equal('\uFEFFc');
  });

  it('refuses every packet that is cut off, and bytes left over', () => {
    const body = connect(0xee, 'client', 'will', 'payload', 'user', 'password').subarray(2);
    for (let length = 0; length < body.length; length++) {
      expect(reasonOf(packet(CONNECT, body.subarray(0, length)))).to.equal(
        ReasonCode.MALFORMED_PACKET,
      );
    }
    expect(decodeConnect(packet(CONNECT, body)).clientId).to.equal('client');
    expect(reasonOf(packet(CONNECT, body, [0]))).to.equal(ReasonCode.MALFORMED_PACKET);
  });

  it('refuses a frame that is not one packet', () => {
    const frame = connect(0x02, 'c');
    for (const wrong of [
      Buffer.alloc(0),
      frame.subarray(0, 1),
      frame.subarray(0, -1),
      Buffer.concat([frame, frame]),
      Buffer.from([0x10, 0xff, 0xff, 0xff, 0xff, 0x7f]),
      packet(0xe0),
    ]) {
      expect(reasonOf(wrong)).to.equal(ReasonCode.MALFORMED_PACKET);
    }
  });

  it('keeps no view of the frame', () => {
    const frame = connect(0xc6, 'c', 'will', 'payload', 'user', 'password');
    const decoded = decodeConnect(frame);
    frame.fill(0xee);
    expect(decoded.will?.payload.toString()).to.equal('payload');
    expect(decoded.password?.toString()).to.equal('password');
  });

  it('leaks nothing into the next call', () => {
    const wanted = decodeConnect(connect(0x02, 'c'));
    decodeConnect(connect5(0x11, 0, 0, 0, 9));
    survives(decodeConnect, connect(0xee, 'other', 'will'));
    survives(decodeConnect, connect5(0x11, 0, 0));
    expect(decodeConnect(connect(0x02, 'c'))).to.deep.equal(wanted);
  });

  it('returns or throws an MqttProtocolError for any bytes', () => {
    const garbage = fc
      .uint8Array({ maxLength: 200 })
      .map((array) => packet(CONNECT, Buffer.from(array)));
    const afterName = fc
      .tuple(fc.constantFrom(V4, V5), fc.uint8Array({ maxLength: 100 }))
      .map(([name, rest]) => packet(CONNECT, name, Buffer.from(rest)));
    const any = fc.oneof(
      garbage,
      afterName,
      fc.uint8Array({ maxLength: 50 }).map((array) => Buffer.from(array)),
      mutated(connectPackets.map((fields) => generate(fields))),
    );
    fc.assert(
      fc.property(any, (frame) => {
        survives(decodeConnect, frame);
      }),
      { numRuns: 3000 },
    );
  });
});
