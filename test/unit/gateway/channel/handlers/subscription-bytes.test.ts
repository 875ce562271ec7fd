import { expect } from 'chai';
import { Action } from '../../../../../src/auth/types.ts';
import type { Packet } from '../../../../helpers/packets.ts';
import { subscribe, unsubscribe } from '../../../../helpers/packets.ts';
import { World } from '../../gateway-world.ts';

const REFUSED = 0x80;
const limits = { maxSubscriptionBytesPerClient: 10 };

function codes(packets: readonly Packet[]): readonly number[] {
  const suback = packets.find(({ type }) => type === 'suback');
  return suback?.type === 'suback' ? suback.codes : [];
}

describe('gateway: bytes of the filters of one client', () => {
  it('are limited, over all SUBSCRIBE packets and within one', async () => {
    const client = await new World({ limits }).connected();
    const first = await client.exchange(subscribe(1, ['aaaa', 0], ['bbbbbb', 1], ['c', 0]));
    expect(codes(first)).to.deep.equal([0, 1, REFUSED]);
    expect(codes(await client.exchange(subscribe(2, ['d', 2])))).to.deep.equal([REFUSED]);
    expect(client.channel.session!.filterBytes).to.equal(10);
  });

  it('take what still fits after a filter that did not', async () => {
    const client = await new World({ limits }).connected();
    const packets = await client.exchange(subscribe(1, ['aaaaaaaa', 0], ['bbb', 0], ['cc', 0]));
    expect(codes(packets)).to.deep.equal([0, REFUSED, 0]);
  });

  it('are bytes of UTF-8, not characters', async () => {
    const client = await new World({ limits }).connected();
    const packets = await client.exchange(subscribe(1, ['üüüüü', 0], ['x', 0]));
    expect(codes(packets)).to.deep.equal([0, REFUSED]);
    await client.exchange(unsubscribe(2, 'üüüüü'));
    expect(client.channel.session!.filterBytes).to.equal(0);
  });

  it('are not counted again for a filter that is there [MQTT-3.8.4-3]', async () => {
    const client = await new World({ limits }).connected();
    await client.exchange(subscribe(1, ['aaaaaaaaaa', 0]));
    for (const [i, qos] of [1, 2, 0, 0].entries()) {
      const packets = await client.exchange(subscribe(i + 2, ['aaaaaaaaaa', qos]));
      expect(codes(packets)).to.deep.equal([qos]);
    }
    expect(client.channel.session!.filterBytes).to.equal(10);
  });

  it('are given back by UNSUBSCRIBE, once', async () => {
    const client = await new World({ limits }).connected();
    await client.exchange(subscribe(1, ['aaaa', 1], ['bbbbbb', 0]));
    await client.exchange(unsubscribe(2, 'aaaa', 'aaaa', 'unknown'));
    expect(client.channel.session!.filterBytes).to.equal(6);
    const packets = await client.exchange(subscribe(3, ['ccccc', 0], ['dddd', 0]));
    expect(codes(packets)).to.deep.equal([REFUSED, 0]);
  });

  it('are not counted for what is refused for another reason', async () => {
    const world = new World({
      limits,
      authorizer: {
        authorize: (_who, action, topic) => action !== Action.SUBSCRIBE || topic !== 'no',
      },
    });
    const client = await world.connected();
    const packets = await client.exchange(subscribe(1, ['no', 0], ['aaaaaaaaaa', 0]));
    expect(codes(packets)).to.deep.equal([REFUSED, 0]);
  });

  it('of a stored session count again when it is loaded', async () => {
    const world = new World({ limits });
    const first = await world.subscribed({ clean: false }, ['aaaa', 1], ['bb/#', 0], ['c', 2]);
    await first.lose();
    const again = await world.connected({ clean: false });
    expect(again.channel.session!.filterBytes).to.equal(9);
    const packets = await again.exchange(subscribe(1, ['dd', 0], ['e', 0]));
    expect(codes(packets)).to.deep.equal([REFUSED, 0]);
  });

  it('of another client do not count', async () => {
    const world = new World({ limits });
    await world.subscribed({ clientId: 'a' }, ['aaaaaaaaaa', 0]);
    const other = await world.connected({ clientId: 'b' });
    expect(codes(await other.exchange(subscribe(1, ['aaaaaaaaaa', 0])))).to.deep.equal([0]);
  });
});
