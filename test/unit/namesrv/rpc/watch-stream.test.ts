import { expect } from 'chai';
import { WatchStream } from '../../../../src/namesrv/rpc/watch-stream.ts';
import type { WatchEvent } from '../../../../src/rpc/messages/namesrv-v1.ts';

describe('WatchStream', () => {
  let values: Map<string, string>;
  let events: WatchEvent[];
  let isFull: boolean;
  let stream: WatchStream;

  beforeEach(() => {
    values = new Map();
    events = [];
    isFull = false;
    stream = new WatchStream(
      {
        write: (event) => {
          events.push(event);
          return !isFull;
        },
      },
      {
        entry: (namespace, key) => ({ namespace, key, value: values.get(key) }),
        registry: () => ({ stores: [], gateways: [], isWarmingUp: false }),
      },
    );
  });

  const told = (): string[] =>
    events.flatMap(({ entries }) => entries.map(({ key, value }) => `${key}=${String(value)}`));

  it('ends the snapshot of an empty table too', () => {
    stream.begin(new Map());
    expect(events.map(({ endOfSnapshot }) => endOfSnapshot)).to.deep.equal([true]);
  });

  it('tells a slow watcher the latest state once, however often it has changed', () => {
    stream.begin(new Map());
    events.length = 0;
    isFull = true;
    stream.changed('LMQ', 'first');
    for (let count = 0; count < 1_000; count++) {
      values.set('a', String(count));
      stream.changed('LMQ', 'a');
      stream.registryChanged();
    }
    expect(events).to.have.length(1);
    isFull = false;
    stream.drained();
    expect(told()).to.deep.equal(['first=undefined', 'a=999']);
    expect(events.filter(({ registry }) => registry)).to.have.length(1);
  });

  it('does not end the snapshot before all of it has been told', () => {
    values.set('a', 'x'.repeat(600_000)).set('b', '2');
    isFull = true;
    stream.begin(new Map([['LMQ', new Set(['a', 'b'])]]));
    for (let turn = 0; turn < 5; turn++) stream.drained();
    expect(events.map(({ endOfSnapshot }) => endOfSnapshot)).to.deep.equal([false, false, true]);
  });
});
