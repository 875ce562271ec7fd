import { expect } from 'chai';
import { connect5, disconnect5 } from '../helpers/packets5.ts';
import { numberOf, textOf, valueOf, type PropertyName } from '../helpers/properties5.ts';
import { isMosquitto } from '../helpers/start-broker.ts';
import { useWire5 } from './wire5.ts';

describe('wire5: 01 CONNECT is answered with CONNACK', () => {
  const wire = useWire5();

  it('says 0x00 and no session to the first CONNECT of a client id [MQTT-3.1.4-5] [MQTT-3.2.0-1]', async () => {
    const client = await wire.connected();
    await client.ping();
  });

  it('holds only properties of a CONNACK, each in its range', async () => {
    const { connack } = await wire.connected();
    const list = connack.properties;
    const allowed: readonly PropertyName[] = [
      'receiveMaximum',
      'maximumQos',
      'retainAvailable',
      'maximumPacketSize',
      'topicAliasMaximum',
      'user',
      'wildcardAvailable',
      'subscriptionIdAvailable',
      'sharedAvailable',
      'serverKeepAlive',
      'sessionExpiry',
    ];
    for (const [name] of list) expect(name).to.be.oneOf(allowed);
    expect(numberOf(list, 'receiveMaximum')).to.not.equal(0);
    // QoS 2 is served, so [MQTT-3.2.2-9] does not apply; wildcards and subscription ids as well.
    expect(valueOf(list, 'maximumQos')).to.equal(undefined);
    expect(valueOf(list, 'wildcardAvailable')).to.be.oneOf([undefined, 1]);
    expect(valueOf(list, 'subscriptionIdAvailable')).to.be.oneOf([undefined, 1]);
  });

  it('announces the largest packet that it takes', async () => {
    const { connack } = await wire.connected();
    const announced = numberOf(connack.properties, 'maximumPacketSize');
    expect(announced).to.equal(wire.v4.broker.options.maxPacketBytes);
  });

  it('does not hold an assigned client identifier when the client brought one', async () => {
    const { connack } = await wire.connected();
    expect(textOf(connack.properties, 'assignedClientId')).to.equal(undefined);
  });

  it('assigns another client identifier to each client without one [MQTT-3.1.3-6] [MQTT-3.1.3-7] [MQTT-3.2.2-16]', async () => {
    const ids = new Set<string>();
    for (let i = 0; i < 3; i++) {
      const { connack } = await wire.connected({ clientId: '' });
      const assigned = textOf(connack.properties, 'assignedClientId');
      if (assigned === undefined) throw new Error('no assigned client identifier');
      expect(assigned).to.not.equal('');
      ids.add(assigned);
    }
    expect(ids).to.have.lengthOf(3);
  });

  it('lets the session of an assigned identifier come back [MQTT-3.1.3-2] [MQTT-3.1.3-7]', async () => {
    const first = await wire.lasting('', false);
    const assigned = textOf(first.connack.properties, 'assignedClientId');
    if (assigned === undefined) throw new Error('no assigned client identifier');
    first.send(disconnect5());
    await first.raw.expectClose();
    const again = await wire.lasting(assigned, true);
    expect(textOf(again.connack.properties, 'assignedClientId')).to.equal(undefined);
  });

  it('serves a client id of 23 bytes of letters and digits [MQTT-3.1.3-5]', async () => {
    const client = await wire.connected({ clientId: '0123456789abcdefghijABC' });
    await client.ping();
  });

  it('gives no response information to a client that did not ask [MQTT-3.1.2-28]', async () => {
    for (const properties of [[], [['requestResponseInformation', 0]]] as const) {
      const { connack } = await wire.connected({ properties });
      expect(valueOf(connack.properties, 'responseInformation')).to.equal(undefined);
    }
  });

  it('gives no reason string and no user property on success', async () => {
    const { connack } = await wire.connected({ properties: [['requestProblemInformation', 0]] });
    const names = connack.properties.map(([name]) => name);
    expect(names).to.not.include('reasonString');
    expect(names).to.not.include('user');
  });

  it('accepts every property of a CONNECT at once', async () => {
    const client = await wire.connected({
      properties: [
        ['sessionExpiry', 0],
        ['receiveMaximum', 65_535],
        ['maximumPacketSize', 0xffff_ffff],
        ['topicAliasMaximum', 65_535],
        ['requestResponseInformation', 1],
        ['requestProblemInformation', 1],
        ['user', ['a', '1']],
        ['user', ['a', '1']],
        ['user', ['', '']],
      ],
    });
    await client.ping();
  });

  it('accepts a password without a user name (§3.1.2.9)', async function () {
    // mosquitto 2.0 refuses it.
    if (isMosquitto) this.skip();
    const client = await wire.connected({ password: 'secret' });
    await client.ping();
  });

  it('takes the packets that came with the CONNECT in one segment [MQTT-3.1.4-5]', async () => {
    const clientId = wire.name('client');
    const client = await wire.answered(
      0,
      Buffer.concat([connect5({ clientId }), Buffer.from([0xc0, 0])]),
    );
    expect(await client.read()).to.deep.equal({ type: 'pingresp' });
  });
});
