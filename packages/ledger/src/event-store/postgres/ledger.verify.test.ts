// The ledger on PostgreSQL: its laws under faults, processes that race for one order, a copy under a kill.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { runPaidonce } from '../../cli/run-paidonce.test-support.ts';
import { expectOneGrantFromFourProcesses } from '../../concurrent-observe.test-support.ts';
import { testRuntime } from '../../test-runtime.test-support.ts';
import { type PostgresServer, startPostgres, TcpProxy } from '../../testing/postgres-server/index.ts';
import { expectLawsUnderFaults } from '../laws-under-faults.test-support.ts';
import { openSqliteEventStore } from '../sqlite/sqlite.ts';
import { openPostgresEventStore } from './postgres.ts';
import { describeWithBinaries, newEvents, openStore } from './server.test-support.ts';

describeWithBinaries('the ledger on PostgreSQL', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server?.remove());

  describe('three ledgers on one server, under faults drawn from a seed, keep the laws', () => {
    const met = new Set<string>();

    test.each([1, 2, 3])('seed %i', async (seed) => {
      const proxy = await TcpProxy.start(server.port);
      onTestFinished(() => proxy.close());
      const url = proxy.through(server.url());
      await expectLawsUnderFaults(
        {
          open: () => openPostgresEventStore({ url, schema: `laws_${seed}`, runtime: testRuntime, attemptTimeoutMs: 20 }),
          faults: {
            lost: () => {
              proxy.repliesToLose += 2;
            },
            cut: () => proxy.cut(),
            silenced: () => proxy.silence(),
            terminated: () => server.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'paidonce'"),
            killed: async () => {
              await server.kill();
              await server.start();
            },
            refused: async () => {
              proxy.refuses = true;
              proxy.cut();
              await new Promise((resolve) => setTimeout(resolve, 60));
              proxy.refuses = false;
            },
          },
          onFault: (name) => met.add(name),
          heal: async () => {
            proxy.repliesToLose = 0;
            proxy.refuses = false;
          },
        },
        seed,
      );
    });

    test('every kind of fault was drawn', () => {
      expect([...met].sort()).toEqual(['cut', 'killed', 'lost', 'refused', 'silenced', 'terminated']);
    });
  });

  test('64 callers in each of four processes on one order leave one grant', () =>
    expectOneGrantFromFourProcesses(`${server.url()}?schema=raced`));

  test('a copy that is killed goes on where it was', async () => {
    const folder = newFolder();
    const source = await openSqliteEventStore(join(folder, 'shop.db'));
    for (let n = 0; n < 300; n++) await source.append(`order-${n}`, -1, newEvents(4));
    await source.close();
    const to = `${server.url()}?schema=cut_off`;
    const store = await openStore({ url: server.url(), schema: 'cut_off' });
    const proxy = await TcpProxy.start(server.port);
    onTestFinished(() => proxy.close());
    const copying = runPaidonce(['copy', '--from', `sqlite:${join(folder, 'shop.db')}`, '--to', proxy.through(to), '--create', '--json']);
    await expect.poll(() => store.readStream('order-20').then(({ length }) => length)).toBeGreaterThan(0);
    await server.kill();
    await server.start();
    expect(JSON.parse((await copying).out)).toMatchObject({ outcome: 'copied', size: 1_200 });
  });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'paidonce-postgres-ledger-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
