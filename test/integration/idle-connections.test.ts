import { expect } from 'chai';
import type { Broker } from '../helpers/broker.ts';
import { connack, connect, PINGREQ, PINGRESP } from '../helpers/packets.ts';
import { RawClient } from '../helpers/raw-client.ts';
import { brokerOfSuite } from '../helpers/start-broker.ts';

const CONNECTIONS = 2_000;
const BATCH = 100;
const MAX_BYTES_PER_CONNECTION = 24 * 1024;

describe('integration: idle connections', () => {
  let broker: Broker;

  brokerOfSuite({}, (started) => {
    broker = started;
  });

  it(`${CONNECTIONS} of them cost little memory each and all answer`, async function () {
    this.timeout(60_000);
    const clients: RawClient[] = [];
    const join = async (): Promise<void> => {
      const client = await RawClient.open(broker);
      clients.push(client);
      client.send(connect({ clientId: `idle${clients.length}`, keepAlive: 0 }));
      await client.expect(connack());
    };
    try {
      // The first ones pay for what all share.
      await Promise.all(Array.from({ length: BATCH }, join));
      const before = broker.rssBytes;
      while (clients.length < CONNECTIONS) await Promise.all(Array.from({ length: BATCH }, join));
      const each = (broker.rssBytes - before) / (CONNECTIONS - BATCH);
      console.log(`      ${Math.round(each)} bytes of RSS a connection`);
      expect(each).to.be.below(MAX_BYTES_PER_CONNECTION);
      for (const client of clients) client.send(PINGREQ);
      await Promise.all(clients.map((client) => client.expect(PINGRESP)));
    } finally {
      await Promise.all(clients.map((client) => client.drop()));
    }
  });
});
