import { expect } from 'chai';
import { turns } from '../fake-socket.ts';
import { packet, make } from './line-connection.ts';

describe('gateway: Connection, input', () => {
  it('hands over chunks and counts their bytes', async () => {
    const { socket, stats, owner } = make();
    socket.feed(packet('one'), packet('two'));
    await turns();
    expect(owner.packets).to.deep.equal(['one', 'two']);
    expect(stats.bytesReceived).to.equal(8);
  });

  it('does not copy what waits time and again', function () {
    // Copying it each time would be 60 GB.
    this.timeout(4000);
    const { connection, owner } = make();
    const texts = Array.from({ length: 60_000 }, (_, i) => `${i} `.padEnd(32));
    owner.isSlow = true;
    connection.received(Buffer.concat(texts.map(packet)));
    while (owner.packets.length < texts.length) connection.resume();
    expect(owner.packets).to.deep.equal(texts);
    connection.received(packet('next'));
    connection.resume();
    expect(owner.packets.at(-1)).to.equal('next');
  });

  it('keeps the rest of a chunk until more comes', async () => {
    const { socket, owner } = make();
    const both = Buffer.concat([packet('first'), packet('second')]);
    for (const cut of [1, 5, 6, 7, 12]) {
      owner.packets.length = 0;
      socket.feed(both.subarray(0, cut));
      await turns();
      socket.feed(both.subarray(cut));
      await turns();
      expect(owner.packets, `cut at ${String(cut)}`).to.deep.equal(['first', 'second']);
    }
  });

  it('does not hold on to the chunk that the rest came in', async () => {
    const { socket, owner } = make();
    const chunk = Buffer.concat([packet('first'), packet('second').subarray(0, 3)]);
    socket.feed(chunk);
    await turns();
    chunk.fill(0);
    socket.feed(packet('second').subarray(3));
    await turns();
    expect(owner.packets).to.deep.equal(['first', 'second']);
  });

  it('asks for a packet that comes byte by byte only when it is complete', async () => {
    const { socket, owner } = make();
    const long = packet('x'.repeat(255));
    for (const byte of long) {
      socket.feed(Buffer.from([byte]));
      await turns(1);
    }
    expect(owner.packets).to.deep.equal(['x'.repeat(255)]);
    // The first byte tells the length, the last one completes it.
    expect(owner.calls).to.equal(2);
  });

  it('reads nothing while paused, and what waited first when it goes on', async () => {
    const { socket, owner, connection } = make();
    owner.pausedAfter = 'one';
    owner.onPacket = (text) => {
      if (text === 'one') connection.pause();
    };
    socket.feed(packet('one'), packet('two'));
    await turns();
    socket.feed(packet('three'));
    await turns();
    expect(owner.packets).to.deep.equal(['one']);
    connection.resume();
    await turns();
    expect(owner.packets).to.deep.equal(['one', 'two', 'three']);
  });

  it('reads again only when everyone who paused has resumed', async () => {
    const { socket, owner, connection } = make();
    connection.pause();
    connection.pause();
    socket.feed(packet('one'));
    connection.resume();
    await turns();
    expect(owner.packets).to.deep.equal([]);
    connection.resume();
    await turns();
    expect(owner.packets).to.deep.equal(['one']);
  });

  it('stays paused when a packet that waited pauses again', async () => {
    const { socket, owner, connection } = make();
    owner.onPacket = (text) => {
      owner.pausedAfter = text;
      connection.pause();
    };
    socket.feed(packet('one'), packet('two'), packet('three'));
    await turns();
    expect(owner.packets).to.deep.equal(['one']);
    connection.resume();
    await turns();
    expect(owner.packets).to.deep.equal(['one', 'two']);
    connection.resume();
    await turns();
    expect(owner.packets).to.deep.equal(['one', 'two', 'three']);
  });
});
