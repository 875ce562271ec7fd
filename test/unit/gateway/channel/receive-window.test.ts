import { expect } from 'chai';
import { ReasonCode } from '../../../../src/gateway/codec/reason-code.ts';
import { ack5, publish5 } from '../../../helpers/packets5.ts';
import { connected5, type FakeClient5 } from '../fake-client5.ts';
import { World } from '../gateway-world.ts';

const MAXIMUM = 3;
const EXCEEDED = { type: 'disconnect', code: ReasonCode.RECEIVE_MAXIMUM_EXCEEDED };

describe('gateway: ReceiveWindow', () => {
  const message = (id: number): Buffer => publish5({ topic: 't', qos: 2, id });

  function came(world: World): Promise<FakeClient5> {
    return connected5(world, { clientId: 'p', clean: false, properties: [['sessionExpiry', 60]] });
  }

  /** A client that has left without a PUBREL. */
  async function left(): Promise<World> {
    const world = new World({ limits: { receiveMaximum: MAXIMUM } });
    const client = await came(world);
    for (let id = 1; id <= MAXIMUM; id++) {
      expect(await client.exchange(message(id))).to.deep.equal([
        { type: 'pubrec', id, code: 0, properties: [] },
      ]);
    }
    await client.lose();
    return world;
  }

  it('ends the connection for one that is too many', async () => {
    const world = new World({ limits: { receiveMaximum: MAXIMUM } });
    const client = await came(world);
    for (let id = 1; id <= MAXIMUM; id++) await client.exchange(message(id));
    const [last] = await client.exchange(message(MAXIMUM + 1));
    expect(last).to.include(EXCEEDED);
  });

  it('is whole again on a new connection, whatever an earlier one has left (§4.9)', async () => {
    const client = await came(await left());
    for (let id = 11; id < 11 + MAXIMUM; id++) {
      expect(await client.exchange(message(id))).to.deep.equal([
        { type: 'pubrec', id, code: 0, properties: [] },
      ]);
    }
    const [last] = await client.exchange(message(20));
    expect(last).to.include(EXCEEDED);
  });

  it('is no larger when these are released first, as clients do', async () => {
    const client = await came(await left());
    for (let id = 1; id <= MAXIMUM; id++) await client.exchange(ack5('pubrel', id));
    await client.exchange(message(11), message(12), message(13));
    expect(client.closed).to.equal(false);
    const [last] = await client.exchange(message(14));
    expect(last).to.include(EXCEEDED);
  });

  it('does not count what is sent again', async () => {
    const client = await came(await left());
    for (let id = 1; id <= MAXIMUM; id++) {
      const again = publish5({ topic: 't', qos: 2, id, dup: true });
      expect(await client.exchange(again)).to.deep.equal([
        { type: 'pubrec', id, code: 0, properties: [] },
      ]);
    }
    expect(client.closed).to.equal(false);
  });
});
