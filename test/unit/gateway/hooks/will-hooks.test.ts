import { expect } from 'chai';
import type { GatewayHooks } from '../../../../src/gateway/hooks/gateway-hooks.ts';
import { DROP, refuse } from '../../../../src/gateway/hooks/verdict.ts';
import { World } from '../gateway-world.ts';

async function willOf(
  payload: string,
  hook: GatewayHooks,
): Promise<{ world: World; got: string[] }> {
  const world = new World({ hooks: [hook] });
  const subscriber = await world.subscribed({ clientId: 's' }, ['#', 1]);
  const client = await world.connected({
    clientId: 'c',
    will: { topic: 'w', payload, qos: 1, retain: true },
  });
  await client.lose();
  const got = (await subscriber.publishes()).map(
    ({ topic, payload: bytes }) => `${topic} ${bytes.toString()}`,
  );
  return { world, got };
}

describe('gateway hooks: wills', () => {
  it('are seen by publish hooks when they are published, and may be changed', async () => {
    const seen: unknown[] = [];
    const { world, got } = await willOf('gone', {
      onPublish(message, client) {
        seen.push([message.origin, message.topic, client.clientId, client.username]);
        message.payload = Buffer.from('changed');
        message.topic = 'elsewhere';
        message.retain = false;
      },
    });
    expect(seen).to.deep.equal([['WILL', 'w', 'c', undefined]]);
    expect(got).to.deep.equal(['elsewhere changed']);
    expect(world.stats.retainedCurrent).to.equal(0);
    expect(world.stats.willsPublished).to.equal(1);
  });

  it('as they are, when the hooks leave them alone', async () => {
    const { world, got } = await willOf('gone', { onPublish: () => undefined });
    expect(got).to.deep.equal(['w gone']);
    expect(world.stats.retainedCurrent).to.equal(1);
  });

  const endings: readonly (readonly [string, NonNullable<GatewayHooks['onPublish']>])[] = [
    ['dropped', () => DROP],
    ['refused', () => refuse()],
    [
      'failed on',
      () => {
        throw new Error('out of order');
      },
    ],
  ];
  for (const [what, onPublish] of endings) {
    it(`that are ${what} are not published, now or later`, async () => {
      const { world, got } = await willOf('gone', { onPublish });
      expect(got).to.deep.equal([]);
      expect(world.stats.willsPublished).to.equal(0);
      expect(world.store.stats.recordsAppended).to.equal(0);
    });
  }
});
