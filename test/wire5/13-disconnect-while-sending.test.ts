import { expect } from 'chai';
import { connect5, publish5 } from '../helpers/packets5.ts';
import { RawClient } from '../helpers/raw-client.ts';
import { useTransportBroker } from '../helpers/transport-broker.ts';
import { dial, type TransportName, TRANSPORTS } from '../helpers/transport.ts';
import { Client5 } from './client5.ts';

const TEST_TIMEOUT_MS = 15_000;
/** The client sends so long before it reads anything. */
const SENDING_MS = 300;
const STEP_MS = 5;
const RECEIVE_MAXIMUM = 20;

let unique = 0;

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

describe('wire5: 13 DISCONNECT to a client that goes on sending', () => {
  const broker = useTransportBroker({
    LMQTT_CONNECT_RECEIVE_MAXIMUM: String(RECEIVE_MAXIMUM),
  });
  const clients: RawClient[] = [];

  beforeEach(function (this: Mocha.Context) {
    this.currentTest?.timeout(TEST_TIMEOUT_MS);
  });
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.drop()));
  });

  async function connected(transport: TransportName): Promise<Client5> {
    const raw = RawClient.over(await dial(transport, broker().address(transport)));
    clients.push(raw);
    unique += 1;
    raw.send(connect5({ clientId: `sending${String(unique)}` }));
    return Client5.accept(raw);
  }

  /** Sends without reading, and goes on for a while. */
  async function send(
    transport: TransportName,
    client: Client5,
    next: (step: number) => Buffer,
  ): Promise<void> {
    // Who does not read a WebSocket does not see that it is being closed, and is refused by `ws` itself.
    const isWebSocket = transport === 'ws' || transport === 'wss';
    if (!isWebSocket) client.raw.pause();
    const end = performance.now() + SENDING_MS;
    for (let step = 0; performance.now() < end && !client.raw.closed; step++) {
      client.send(next(step));
      await sleep(STEP_MS);
    }
    client.raw.resume();
  }

  /** What comes until the server closes; the last packet must be a DISCONNECT. */
  async function disconnectCode(client: Client5): Promise<number> {
    for (;;) {
      const packet = await client.read();
      if (packet.type !== 'disconnect') continue;
      await client.raw.expectClose();
      return packet.code;
    }
  }

  for (const transport of TRANSPORTS) {
    it(`says 0x93 to one that exceeds the receive maximum, ${transport} [MQTT-3.14.0-1] [MQTT-4.13.1-1]`, async () => {
      const client = await connected(transport);
      let id = 0;
      await send(transport, client, () =>
        Buffer.concat(
          Array.from({ length: 10 }, () =>
            publish5({ topic: 't', qos: 2, id: ++id, payload: 'x'.repeat(1000) }),
          ),
        ),
      );
      expect(await disconnectCode(client)).to.equal(0x93);
    });

    it(`says 0x95 to one that sends a packet that is too large, ${transport} [MQTT-4.13.1-1]`, async () => {
      const client = await connected(transport);
      const large = publish5({ topic: 't', payload: 'x'.repeat(3_000_000) });
      const size = Math.ceil(large.length / (SENDING_MS / STEP_MS));
      await send(transport, client, (step) => large.subarray(step * size, (step + 1) * size));
      expect(await disconnectCode(client)).to.equal(0x95);
    });
  }
});
