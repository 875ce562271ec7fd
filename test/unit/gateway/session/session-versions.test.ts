import { expect } from 'chai';
import { publish5 } from '../../../helpers/packets5.ts';
import { connected5 } from '../fake-client5.ts';
import { World } from '../gateway-world.ts';
import { expiry } from './expiring-sessions.ts';

describe('gateway: a session and clients of different versions', () => {
  it('goes on with another version, its window and its subscriptions', async () => {
    const world = new World();
    const options = { retainAsPublished: true };
    const v5 = await connected5(world, { clientId: 'c', ...expiry(100) });
    await v5.subscribe('a', 1, options, [['subscriptionId', 5]]);
    const publisher = await connected5(world, { clientId: 'p' });
    const properties = [['user', ['k', 'v']]] as const;
    const fields = { topic: 'a', qos: 1, retain: true, properties } as const;
    await publisher.exchange(publish5({ ...fields, payload: '1' }));
    const [first] = await v5.publishes();
    expect(first?.properties).to.deep.equal([['subscriptionId', 5], ...properties]);
    const v4 = await world.connected({ clientId: 'c', clean: false });
    expect(v4.sessionPresent).to.equal(true);
    const [again] = await v4.publishes();
    expect(again).to.deep.include({ dup: true, id: first?.id, retain: true });
    expect(again?.payload.toString()).to.equal('1');
    await v4.lose();
    await publisher.exchange(publish5({ ...fields, payload: '2' }));
    const last = await connected5(world, { clientId: 'c', ...expiry(100) });
    expect(last.connack.sessionPresent).to.equal(true);
    const got = await last.publishes();
    expect(got.map(({ dup, payload }) => `${String(dup)} ${payload.toString()}`)).to.deep.equal([
      'true 1',
      'false 2',
    ]);
    for (const packet of got) {
      expect(packet.properties).to.deep.equal([['subscriptionId', 5], ...properties]);
      expect(packet.retain).to.equal(true);
    }
  });
});
