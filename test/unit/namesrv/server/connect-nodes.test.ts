import { expect } from 'chai';
import { LMQ_CONNECT_NODES, LMQ_NAMESPACE } from '../../../../src/namesrv/types.ts';
import { eventually } from '../../../helpers/eventually.ts';
import { aGateway, NamesrvNodes } from '../namesrv-nodes.ts';

const LEASE_MS = 400;

describe('LMQ_CONNECT_NODES', function () {
  this.timeout(10_000);
  const nodes = new NamesrvNodes();
  after(() => nodes.end());

  it('loses the addresses of gateways that were silent for too long, and no others', async () => {
    const server = await nodes.add({ registry: { leaseMs: LEASE_MS, renewAfterMs: 50 } });
    const { kv } = server;
    await kv.put(LMQ_NAMESPACE, LMQ_CONNECT_NODES, 'a:1,other:1,shared:1,b:1');
    const client = await nodes.client();
    client.registerGateway(aGateway({ name: 'b', addresses: ['b:1', 'shared:1'] }));
    await eventually('b', () => server.registry.gateways.size === 1);
    // A gateway that dies: nobody renews it.
    server.registry.gateways.register(aGateway({ name: 'a', addresses: ['a:1', 'shared:1'] }));
    const list = () => kv.get(LMQ_NAMESPACE, LMQ_CONNECT_NODES);
    expect(list()).to.include('a:1');
    await eventually('a is dropped', () => server.registry.gateways.size === 1);
    expect(list()).to.equal('other:1,shared:1,b:1');
    // One that is stopped takes itself out.
    await client.unregister();
    await eventually('b is gone', () => server.registry.gateways.size === 0);
    expect(list()).to.equal('other:1,shared:1,b:1');
  });
});
