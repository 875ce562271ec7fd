import { expect } from 'chai';
import { keepAliveFor } from '../../../../src/gateway/channel/keep-alive.ts';
import { ProtocolVersion } from '../../../../src/gateway/codec/protocol-version.ts';
import { numberOf } from '../../../helpers/properties5.ts';
import { connected5 } from '../fake-client5.ts';
import { World } from '../gateway-world.ts';

const { MQTT_3_1_1: V4, MQTT_5: V5 } = ProtocolVersion;

describe('keepAliveFor', () => {
  const rules = (serverKeepAliveSeconds: number, maxKeepAliveSeconds: number) => ({
    serverKeepAliveSeconds,
    maxKeepAliveSeconds,
  });
  const cases = [
    // asked, version, server, maximum, got
    [120, V5, 0, 0, 120],
    [0, V5, 0, 0, 0],
    [120, V5, 60, 0, 60],
    [30, V5, 60, 0, 60],
    [0, V5, 60, 0, 60],
    [120, V5, 0, 60, 60],
    [60, V5, 0, 60, 60],
    [30, V5, 0, 60, 30],
    [0, V5, 0, 60, 60],
    [120, V5, 90, 60, 90],
    [120, V4, 60, 0, 120],
    [0, V4, 60, 0, 0],
    [120, V4, 0, 60, 60],
    [0, V4, 0, 60, 60],
    [30, V4, 90, 60, 30],
  ] as const;
  for (const [asked, version, server, maximum, got] of cases) {
    it(`is ${String(got)} for ${String(asked)} of version ${String(version)}, server ${String(server)}, maximum ${String(maximum)}`, () => {
      expect(keepAliveFor(asked, version, rules(server, maximum))).to.equal(got);
    });
  }
});

describe('gateway: keep-alive of the server', () => {
  it('is told in CONNACK where it is not that of the client, and holds [MQTT-3.2.2-21]', async () => {
    const world = new World({ rules: { maxKeepAliveSeconds: 10 } });
    const client = await connected5(world, { keepAlive: 120 });
    expect(numberOf(client.connack.properties, 'serverKeepAlive')).to.equal(10);
    world.clock.advance(14_000);
    expect(client.closed).to.equal(false);
    for (let i = 0; i < 4; i++) world.clock.advance(1000);
    const [last] = await client.exchange();
    expect(last).to.include({ type: 'disconnect', code: 0x8d });
  });

  it('is not told where the client has its own [MQTT-3.2.2-22]', async () => {
    for (const rules of [{}, { maxKeepAliveSeconds: 10 }, { serverKeepAliveSeconds: 5 }]) {
      const client = await connected5(new World({ rules }), { keepAlive: 5 });
      expect(numberOf(client.connack.properties, 'serverKeepAlive')).to.equal(undefined);
    }
  });

  it('limits the silence of a 3.1.1 client, keep-alive 0 among them', async () => {
    const world = new World({ rules: { maxKeepAliveSeconds: 10 } });
    const client = await world.connected({ keepAlive: 0 });
    world.clock.advance(14_000);
    expect(client.closed).to.equal(false);
    for (let i = 0; i < 4; i++) world.clock.advance(1000);
    expect(client.closed).to.equal(true);
  });
});
