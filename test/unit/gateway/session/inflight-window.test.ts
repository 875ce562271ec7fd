import { expect } from 'chai';
import fc from 'fast-check';
import { DeliveryState, InflightWindow } from '../../../../src/gateway/session/inflight-window.ts';

type Window = InflightWindow<object>;
const CURSORS = [{}, {}, {}] as const;

function add(window: Window, cursor: object = CURSORS[0], offset = 0): number {
  return window.packetId(window.add(cursor, offset, 1, DeliveryState.SENT, undefined));
}

function complete(window: Window, packetId: number): void {
  window.complete(window.find(packetId));
}

describe('gateway: InflightWindow', () => {
  it('counts identifiers up from 1 and wraps after 65535, never 0 [MQTT-2.3.1-1]', () => {
    const window: Window = new InflightWindow<object>(10);
    for (let i = 0; i < 140_000; i++) {
      const id = add(window);
      if (id !== (i % 65_535) + 1) expect.fail(`identifier ${String(id)} at ${String(i)}`);
      complete(window, id);
    }
    expect(window.size).to.equal(0);
  });

  it('uses no identifier again that is in flight [MQTT-2.3.1-4]', () => {
    for (const limit of [1, 3, 20_000, 65_535]) {
      const window: Window = new InflightWindow<object>(limit);
      const inUse = new Set<number>();
      add(window);
      inUse.add(1);
      // Everything but the first is acknowledged at once.
      for (let i = 0; i < 70_000 && !window.full; i++) {
        const id = add(window);
        expect(inUse.has(id)).to.equal(false);
        complete(window, id);
      }
      expect(window.full, `limit ${String(limit)}`).to.equal(true);
      complete(window, 1);
      expect(window.full).to.equal(false);
    }
  });

  it('spans four times its limit at most, but a thousand and as many as there are identifiers', () => {
    for (const [limit, span] of [
      [10, 1024],
      [1000, 4000],
      [60_000, 65_535],
    ] as const) {
      const window: Window = new InflightWindow<object>(limit);
      // The oldest is not acknowledged, everything behind it at once.
      add(window);
      let count = 1;
      for (; !window.full; count++) complete(window, add(window));
      expect(count, `limit ${String(limit)}`).to.equal(span);
    }
  });

  it('is full at its limit and not before', () => {
    const window: Window = new InflightWindow<object>(3);
    for (let i = 0; i < 3; i++) {
      expect(window.full).to.equal(false);
      add(window);
    }
    expect(window.full).to.equal(true);
    complete(window, 2);
    expect(window.full).to.equal(false);
  });

  it('behaves like a map from identifier to entry, whatever the order of acknowledgements', () => {
    const operation = fc.record({ add: fc.boolean(), which: fc.nat(1000) });
    const start = fc.constantFrom(1, 2, 100, 65_500, 65_534, 65_535);
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 300 }), start, (operations, first) => {
        const window: Window = new InflightWindow<object>(200, first);
        const model = new Map<number, number>();
        let offset = 0;
        for (const operation of operations) {
          if (operation.add) {
            if (window.full) continue;
            const id = add(window, CURSORS[offset % 3], offset);
            expect(model.has(id)).to.equal(false);
            model.set(id, offset++);
          } else if (model.size > 0) {
            const ids = [...model.keys()];
            const id = ids[operation.which % ids.length]!;
            complete(window, id);
            model.delete(id);
            expect(window.find(id)).to.equal(-1);
          }
          expect(window.size).to.equal(model.size);
        }
        for (const [id, offset] of model) {
          const slot = window.find(id);
          expect(window.offset(slot)).to.equal(offset);
          expect(window.cursor(slot)).to.equal(CURSORS[offset % 3]);
        }
        for (const [i, cursor] of CURSORS.entries()) {
          const holds = [...model.values()].some((offset) => offset % 3 === i);
          expect(window.holds(cursor)).to.equal(holds);
        }
        if (model.size === 0) expect(window.head).to.equal(window.tail);
      }),
      { numRuns: 100 },
    );
  });

  it('keeps state, QoS and record of entries when it grows', () => {
    const window: Window = new InflightWindow<object>(1000);
    const segment = {
      firstOffset: 0,
      count: 1,
      buffer: Buffer.alloc(0),
      positions: [0],
      start: 0,
      memo: undefined,
    };
    for (let i = 0; i < 10; i++) complete(window, add(window));
    const slots = Array.from({ length: 100 }, (_, i) =>
      window.add(
        CURSORS[0],
        i,
        1 + (i % 2),
        DeliveryState.ASSIGNED,
        i % 5 === 0 ? segment : undefined,
      ),
    );
    for (const [i, slot] of slots.entries()) {
      expect(window.qos(slot)).to.equal(1 + (i % 2));
      expect(window.state(slot)).to.equal(DeliveryState.ASSIGNED);
      expect(window.segment(slot)).to.equal(i % 5 === 0 ? segment : undefined);
    }
    window.clearSegment(slots[0]!);
    window.setState(slots[0]!, DeliveryState.RELEASED);
    expect(window.segment(slots[0]!)).to.equal(undefined);
    expect(window.state(slots[0]!)).to.equal(DeliveryState.RELEASED);
    window.complete(slots[5]!);
    expect(window.segment(slots[5]!)).to.equal(undefined);
  });

  it('restores a window with holes', () => {
    const window: Window = new InflightWindow<object>(10, 65_534);
    window.skip();
    expect(window.nextPacketId).to.equal(65_535);
    expect(window.head).to.equal(window.tail);
    expect(add(window)).to.equal(65_535);
    window.skip();
    expect(add(window)).to.equal(2);
    expect(window.find(1)).to.equal(-1);
    expect(window.size).to.equal(2);
    complete(window, 65_535);
    expect(window.packetId(window.head)).to.equal(2);
  });

  it('restores one with more holes than it has room for at first', () => {
    const window: Window = new InflightWindow<object>(1000);
    const first = add(window);
    for (let i = 0; i < 100; i++) window.skip();
    const last = add(window);
    expect([window.find(first), window.find(last), window.size]).to.deep.equal([0, 101, 2]);
    expect([...window.incomplete()]).to.deep.equal([0, 101]);
    expect([window.countBefore(101), window.endOfRun(1)]).to.deep.equal([1, 101]);
    complete(window, first);
    expect(window.head).to.equal(101);
  });

  it('ends a run of complete entries with the last one, whatever the ring has behind it', () => {
    const window: Window = new InflightWindow<object>(10);
    for (let i = 0; i < 40; i++) complete(window, add(window));
    const [, second, third] = [add(window), add(window), add(window)];
    complete(window, second);
    complete(window, third);
    expect([window.endOfRun(40), window.endOfRun(41), window.tail]).to.deep.equal([41, 43, 43]);
  });

  it('finds nothing in a window that was never used', () => {
    const window: Window = new InflightWindow<object>(10);
    for (const id of [1, 2, 65_535]) expect(window.find(id)).to.equal(-1);
    expect(window.holds(CURSORS[0])).to.equal(false);
  });
});
