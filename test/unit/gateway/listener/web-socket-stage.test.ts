import { expect } from 'chai';
import { once } from 'node:events';
import type { WebSocket } from 'ws';
import { eventually, within } from '../../../helpers/eventually.ts';
import { frame, PINGREQ } from '../../../helpers/packets.ts';
import { webSocketOver } from '../../../helpers/transport.ts';
import { MAX_PACKET, request, UPGRADE, WebSocketWorld } from './web-socket-world.ts';

describe('gateway: WebSocketStage', () => {
  let world: WebSocketWorld;

  beforeEach(async () => {
    world = new WebSocketWorld();
    await world.listener.start();
  });
  afterEach(() => {
    world.stop();
  });

  async function closeCode(ws: WebSocket): Promise<number> {
    const [code] = (await within('close', 3000, once(ws, 'close'))) as [number];
    return code;
  }

  describe('frames', () => {
    it('closes with 1003 on a text frame [MQTT-6.0.0-1]', async () => {
      const ws = await world.openSocket();
      const code = closeCode(ws);
      ws.send('text');
      expect(await code).to.equal(1003);
      expect(world.echoes[0]!.closes).to.equal(1);
      expect(world.echoes[0]!.received).to.have.lengthOf(0);
      expect(world.stats.webSocketErrors).to.equal(1);
    });

    it('is one stream of bytes, however they are cut [MQTT-6.0.0-2]', async () => {
      const ws = await world.openSocket();
      const bytes = Buffer.from('0123456789abcdef'.repeat(20));
      for (const byte of bytes) ws.send(Buffer.from([byte]));
      ws.send(Buffer.concat([bytes, bytes]));
      ws.send(bytes.subarray(0, 100), { fin: false });
      ws.send(Buffer.alloc(0), { fin: false });
      ws.send(bytes.subarray(100), { fin: true });
      const all = Buffer.concat([bytes, bytes, bytes, bytes]);
      await eventually('all', () => world.echoes[0]!.received.length >= all.length);
      expect(world.echoes[0]!.received.equals(all)).to.equal(true);
    });

    it('sends binary messages only, one for each packet', async () => {
      const ws = await world.openSocket();
      const messages: { data: Buffer; isBinary: boolean }[] = [];
      ws.on('message', (data: Buffer, isBinary) => messages.push({ data, isBinary }));
      const packets = [PINGREQ, frame(0x30, Buffer.alloc(50_000)), PINGREQ, PINGREQ];
      ws.send(Buffer.concat(packets));
      await eventually('answers', () => messages.length >= packets.length);
      expect(messages).to.deep.equal(packets.map((data) => ({ data, isBinary: true })));
    });

    it('takes a message of twice the largest packet and closes with 1009 on a larger one', async () => {
      const ws = await world.openSocket();
      ws.send(Buffer.alloc(2 * MAX_PACKET));
      await eventually('all', () => world.echoes[0]!.received.length === 2 * MAX_PACKET);
      const code = closeCode(ws);
      ws.send(Buffer.alloc(2 * MAX_PACKET + 1));
      expect(await code).to.equal(1009);
      expect(world.echoes[0]!.closes).to.equal(1);
    });

    it('closes on a frame that is not masked, and on reserved bits', async () => {
      for (const wrong of ['820178', 'f2810000000078']) {
        const socket = await world.raw();
        socket.write(request('GET /mqtt', UPGRADE));
        await once(socket, 'data');
        const closed = once(socket, 'close');
        socket.resume();
        socket.write(Buffer.from(wrong, 'hex'));
        await eventually('end', () => world.echoes.at(-1)?.closes === 1);
        await within('close', 2000, closed);
      }
      expect(world.echoes).to.have.lengthOf(2);
    });

    it('answers pings', async () => {
      const ws = await world.openSocket();
      const pong = once(ws, 'pong');
      ws.ping('beat');
      expect(String((await within('pong', 2000, pong))[0])).to.equal('beat');
    });

    it('keeps no answers to pings for a peer that does not read', async () => {
      const socket = await world.raw();
      const ws = webSocketOver(socket, { host: '127.0.0.1', port: world.port });
      await once(ws, 'open');
      ws.pause();
      const ping = Buffer.alloc(120, 1);
      for (let round = 0; round < 100; round++) {
        for (let i = 0; i < 1000; i++) ws.ping(ping);
        if (socket.writableNeedDrain) await Promise.race([once(socket, 'drain'), turn()]);
      }
      ws.send(Buffer.from('x'));
      await eventually('x', () => world.echoes[0]!.received.length === 1, 5000);
    }).timeout(20_000);

    it('answers the close frame of the client', async () => {
      const ws = await world.openSocket();
      const code = closeCode(ws);
      ws.close(1000);
      expect(await code).to.equal(1000);
      await eventually('end', () => world.echoes[0]!.closes === 1);
    });

    it('closes with 1000 when the server ends, also while it does not read', async () => {
      const ws = await world.openSocket();
      world.echoes[0]!.connection.pause();
      const code = closeCode(ws);
      world.echoes[0]!.connection.end();
      expect(await code).to.equal(1000);
    });
  });

  describe('back-pressure', () => {
    it('makes the connection congested while the peer does not read, and lets go when it does', async () => {
      const ws = await world.openSocket();
      ws.pause();
      const { connection } = world.echoes[0]!;
      let sent = 0;
      const packet = frame(0x30, Buffer.alloc(65_532));
      while (!connection.congested && sent < 64 * 1024 * 1024) {
        connection.out.append(packet, 0, 65_536);
        connection.flush();
        sent += 65_536;
        await turn();
      }
      expect(connection.congested).to.equal(true);
      let received = 0;
      ws.on('message', (data: Buffer) => (received += data.length));
      ws.resume();
      await eventually('drained', () => !connection.congested);
      await eventually('all', () => received === sent);
    });

    it('reads no more while paused, and loses nothing', async () => {
      const ws = await world.openSocket();
      const echo = world.echoes[0]!;
      echo.connection.pause();
      for (let i = 0; i < 300; i++) ws.send(Buffer.alloc(10_000, i));
      await turn();
      expect(echo.received).to.have.lengthOf(0);
      echo.connection.resume();
      await eventually('all', () => echo.received.length === 3_000_000);
    });

    it('hands over what came before the close of the client while paused', async () => {
      const ws = await world.openSocket();
      const echo = world.echoes[0]!;
      echo.connection.pause();
      ws.send(Buffer.from('last words'));
      ws.close();
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(echo.closes).to.equal(0);
      echo.connection.resume();
      await eventually('end', () => echo.closes === 1);
      expect(echo.received.toString()).to.equal('last words');
    });
  });
});

async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
