import { expect } from 'chai';
import fc from 'fast-check';
import type { NamesrvClient } from '../../../src/namesrv/client/namesrv-client.ts';
import type { KvEntry } from '../../../src/namesrv/kv-version.ts';
import { VersionedTable } from '../../../src/namesrv/versioned-table.ts';
import { clientOf, contentsOf, SimulatedClock, SimulatedNamesrv } from './simulated-namesrvs.ts';

const anEntry: fc.Arbitrary<KvEntry> = fc.record({
  namespace: fc.constantFrom('LMQ', 'N'),
  key: fc.constantFrom('a', 'b', '__proto__'),
  value: fc.option(fc.constantFrom('1', '2', ''), { nil: undefined }),
  version: fc.record({ timeMs: fc.nat(5), writer: fc.constantFrom('x', 'y') }),
});

const shuffledTwice = fc
  .array(anEntry, { maxLength: 30 })
  .chain((entries) =>
    fc.tuple(
      fc.shuffledSubarray(entries, { minLength: entries.length }),
      fc.shuffledSubarray(entries, { minLength: entries.length }),
    ),
  );

describe('KV entries of several name servers', () => {
  it('end up the same in whatever order they come, and however often', () => {
    fc.assert(
      fc.property(shuffledTwice, fc.nat(30), ([one, other], again) => {
        const [left, right] = [new VersionedTable(), new VersionedTable()];
        for (const entry of one) left.merge(entry);
        for (const entry of [...other, ...other.slice(again)]) right.merge(entry);
        const sorted = (table: VersionedTable): string[] =>
          [...table.entries()].map((entry) => JSON.stringify(entry)).sort();
        expect(sorted(left)).to.deep.equal(sorted(right));
        expect(left.size).to.deep.equal(right.size);
      }),
      { numRuns: 2_000 },
    );
  });

  const SERVERS = 3;
  const CLIENTS = 2;
  const server = fc.nat(SERVERS - 1);
  const client = fc.nat(CLIENTS - 1);
  const key = fc.constantFrom('a', 'b');
  const aStep = fc.oneof(
    fc.record({ do: fc.constant('put' as const), client, key, value: fc.nat(99) }),
    fc.record({ do: fc.constant('delete' as const), client, key }),
    fc.record({ do: fc.constant('edit' as const), client, key, value: fc.nat(99) }),
    fc.record({ do: fc.constant('cutOff' as const), client, server }),
    fc.record({ do: fc.constant('heal' as const) }),
    fc.record({ do: fc.constant('restart' as const), server, withDisk: fc.boolean() }),
    fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 50, max: 3_000 }) }),
  );
  type Step = typeof aStep extends fc.Arbitrary<infer T> ? T : never;

  async function take(
    step: Step,
    servers: readonly SimulatedNamesrv[],
    clients: readonly NamesrvClient[],
    clock: SimulatedClock,
    writes: Promise<unknown>[],
  ): Promise<void> {
    switch (step.do) {
      case 'put':
        writes.push(clients[step.client]!.put('LMQ', step.key, String(step.value)));
        break;
      case 'delete':
        writes.push(clients[step.client]!.delete('LMQ', step.key));
        break;
      case 'edit':
        writes.push(
          clients[step.client]!.edit('LMQ', step.key, (list) => `${list ?? ''},${step.value}`),
        );
        break;
      case 'cutOff':
        servers[step.server]!.cutOff(`client-${String(step.client)}`);
        break;
      case 'heal':
        for (const healed of servers) healed.heal();
        break;
      case 'restart':
        servers[step.server]!.restart(step.withDisk);
        break;
      case 'wait':
        await clock.advance(step.ms);
        break;
    }
  }

  it('are the same everywhere once everybody reaches everybody again', async function () {
    this.timeout(60_000);
    await fc.assert(
      fc.asyncProperty(
        fc.array(aStep, { maxLength: 25 }),
        fc.array(fc.integer({ min: -5_000, max: 5_000 }), {
          minLength: SERVERS,
          maxLength: SERVERS,
        }),
        async (steps, skews) => {
          const clock = new SimulatedClock();
          const servers = skews.map(
            (skewMs, index) => new SimulatedNamesrv(`namesrv-${String(index)}`, clock, skewMs),
          );
          const clients: NamesrvClient[] = [];
          for (let index = 0; index < CLIENTS; index++) {
            clients.push(await clientOf(servers, `client-${String(index)}`, clock));
          }
          const writes: Promise<unknown>[] = [];
          for (const step of steps) await take(step, servers, clients, clock, writes);
          const ended = Promise.allSettled(writes);
          for (const healed of servers) healed.heal();
          await clock.advance(25_000);
          await ended;
          const contents = contentsOf(clients[0]!);
          for (const other of [...clients.slice(1), ...servers.map(({ table }) => table)]) {
            expect(contentsOf(other)).to.deep.equal(contents);
          }
          for (const ending of clients) await ending.stop();
        },
      ),
      { numRuns: 200 },
    );
  });
});
