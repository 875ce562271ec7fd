import { expect } from 'chai';
import { once } from 'node:events';
import type { WebSocket } from 'ws';
import { eventually, within } from '../helpers/eventually.ts';
import {
  connack,
  connect,
  PINGREQ,
  PINGRESP,
  puback,
  publish,
  suback,
  subscribe,
} from '../helpers/packets.ts';
import { useTransportBroker } from '../helpers/transport-broker.ts';
import { dialSocket, webSocketOver } from '../helpers/transport.ts';

const TIMEOUT_MS = 10_000;

describe('wire: 14 packets and the frames of a WebSocket', () => {
  const broker = useTransportBroker();
  const sockets: WebSocket[] = [];

  afterEach(() => {
    for (const ws of sockets.splice(0)) ws.terminate();
  });

  for (const transport of ['ws', 'wss'] as const) {
    describe(transport, () => {
      /** An open WebSocket, and the messages that come on it. */
      async function open(): Promise<{ ws: WebSocket; received: Buffer[] }> {
        const options = broker().address(transport);
        const ws = webSocketOver(await dialSocket(transport, options), options);
        sockets.push(ws);
        const received: Buffer[] = [];
        ws.on('message', (data: Buffer) => received.push(data));
        await within('open', TIMEOUT_MS, once(ws, 'open'));
        return { ws, received };
      }

      async function expectMessages(
        received: readonly Buffer[],
        wanted: readonly Buffer[],
      ): Promise<void> {
        await eventually('messages', () => received.length >= wanted.length, TIMEOUT_MS);
        expect(received.map((data) => data.toString('hex'))).to.deep.equal(
          wanted.map((data) => data.toString('hex')),
        );
      }

      const topic = `frames/${transport}`;
      const large = publish({ topic, payload: Buffer.alloc(200_000, 'abc'), qos: 1, id: 1 });
      const conversation = [
        connect({ clientId: `frames-${transport}` }),
        subscribe(1, [topic, 0]),
        publish({ topic, payload: 'one' }),
        PINGREQ,
      ];
      const answers = [connack(), suback(1, 0), publish({ topic, payload: 'one' }), PINGRESP];

      const cuts: readonly (readonly [string, (ws: WebSocket) => void])[] = [
        ['all in one message', (ws) => ws.send(Buffer.concat(conversation))],
        [
          'a byte a message',
          (ws) => {
            for (const byte of Buffer.concat(conversation)) ws.send(Buffer.from([byte]));
          },
        ],
        [
          'one message of a frame for each byte, some of them empty',
          (ws) => {
            for (const byte of Buffer.concat(conversation)) {
              ws.send(Buffer.from([byte]), { fin: false });
              ws.send(Buffer.alloc(0), { fin: false });
            }
            ws.send(Buffer.alloc(0), { fin: true });
          },
        ],
        [
          'messages that end in the middle of packets, pings between them',
          (ws) => {
            const bytes = Buffer.concat(conversation);
            for (let at = 0; at < bytes.length; at += 7) {
              ws.send(bytes.subarray(at, at + 7));
              ws.ping('beat');
            }
          },
        ],
      ];
      for (const [how, send] of cuts) {
        it(`takes packets in ${how} [MQTT-6.0.0-2]`, async () => {
          const { ws, received } = await open();
          send(ws);
          await eventually('answers', () => received.length >= answers.length, TIMEOUT_MS);
          const texts = received.map((data) => data.toString('hex'));
          expect(texts.slice(0, 2)).to.deep.equal(
            answers.slice(0, 2).map((a) => a.toString('hex')),
          );
          expect(texts).to.have.members(answers.map((answer) => answer.toString('hex')));
        });
      }

      it('sends each packet in a binary message of its own, however many are waiting [MQTT-6.0.0-1]', async () => {
        const { ws, received } = await open();
        ws.on('message', (_data, isBinary) => {
          expect(isBinary).to.equal(true);
        });
        const session = { clientId: `kept-${transport}`, clean: false };
        ws.send(Buffer.concat([connect(session), subscribe(1, [`${topic}/kept`, 1])]));
        await expectMessages(received, [connack(), suback(1, 1)]);
        ws.close();
        await within('close', TIMEOUT_MS, once(ws, 'close'));
        const sender = await open();
        const kept = Array.from({ length: 15 }, (_, i) =>
          publish({
            topic: `${topic}/kept`,
            payload: `${'x'.repeat(i * 50)}${i}`,
            qos: 1,
            id: i + 1,
          }),
        );
        sender.ws.send(Buffer.concat([connect({ clientId: `s-${transport}` }), ...kept]));
        await expectMessages(sender.received, [connack(), ...kept.map((_, i) => puback(i + 1))]);
        const again = await open();
        again.ws.send(connect(session));
        await expectMessages(again.received, [connack(0, true), ...kept]);
      });

      it('sends a large packet as one message, and the next as another', async () => {
        const { ws, received } = await open();
        ws.send(connect({ clientId: `large-${transport}` }));
        ws.send(subscribe(1, [topic, 1]));
        ws.send(large);
        await eventually('all', () => received.length >= 4, TIMEOUT_MS);
        const lengths = received.slice(2).map((data) => data.length);
        expect(lengths).to.have.members([4, large.length]);
        ws.send(puback(1));
        ws.send(PINGREQ);
        await eventually('PINGRESP', () => received.length >= 5, TIMEOUT_MS);
        expect(received[4]!.toString('hex')).to.equal('d000');
      });
    });
  }
});
