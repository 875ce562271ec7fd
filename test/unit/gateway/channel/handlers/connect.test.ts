import { expect } from 'chai';
import { NEVER_EXPIRES } from '../../../../../src/gateway/codec/connect-packet.ts';
import { numberOf, textOf, valueOf } from '../../../../helpers/properties5.ts';
import { connected5, FakeClient5 } from '../../fake-client5.ts';
import { World } from '../../gateway-world.ts';

describe('gateway: CONNECT and CONNACK of MQTT 5', () => {
  it('says what is not at its default (§3.2.2.3)', async () => {
    const world = new World({ limits: { maxPacketSize: 5000, topicAliasMaximum: 7 } });
    const { connack } = await connected5(world);
    expect(numberOf(connack.properties, 'maximumPacketSize')).to.equal(5000);
    expect(numberOf(connack.properties, 'topicAliasMaximum')).to.equal(7);
    expect(valueOf(connack.properties, 'assignedClientId')).to.equal(undefined);
    expect(valueOf(connack.properties, 'sessionExpiry')).to.equal(undefined);
  });

  for (const clean of [true, false]) {
    it(`assigns an identifier of its own, clean start ${String(clean)} [MQTT-3.2.2-16]`, async () => {
      const world = new World();
      const properties = [['sessionExpiry', 60]] as const;
      const one = await connected5(world, { clientId: '', clean, properties });
      const two = await connected5(world, { clientId: '', clean, properties });
      const names = [one, two].map(({ connack }) => textOf(connack.properties, 'assignedClientId'));
      expect(names[0]).to.be.a('string').and.not.equal('').and.not.equal(names[1]);
      expect(one.closed).to.equal(false);
      await one.lose();
      const again = await connected5(world, { clientId: names[0]!, clean: false, properties });
      expect(again.connack.sessionPresent).to.equal(true);
      expect(valueOf(again.connack.properties, 'assignedClientId')).to.equal(undefined);
    });
  }

  it('tells of a session expiry that is shorter than asked for (§3.2.2.3.2)', async () => {
    const world = new World({ limits: { maxSessionExpirySeconds: 50 } });
    for (const [asked, got] of [
      [NEVER_EXPIRES, 50],
      [51, 50],
      [50, undefined],
      [0, undefined],
    ] as const) {
      const client = await connected5(world, { properties: [['sessionExpiry', asked]] });
      expect(numberOf(client.connack.properties, 'sessionExpiry')).to.equal(got);
      expect(client.channel.session?.expirySeconds).to.equal(got ?? asked);
    }
  });

  it('refuses an authentication method with 0x8c [MQTT-4.12.0-1]', async () => {
    const client = new FakeClient5(new World());
    await client.connect({ properties: [['authMethod', 'SCRAM-SHA-1']] });
    expect(client.connack).to.include({ code: 0x8c, sessionPresent: false });
    expect(client.closed).to.equal(true);
  });
});
