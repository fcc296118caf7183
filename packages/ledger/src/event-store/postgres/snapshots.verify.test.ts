// Snapshots in the database: whole or not at all, the newest wins, and a container starts from one.
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createPaymentLedger } from '../../ledger.ts';
import { testRuntime } from '../../test-runtime.test-support.ts';
import { type PostgresServer, startPostgres, TcpProxy } from '../../testing/postgres-server/index.ts';
import { toPosition } from '../log-pages.ts';
import type { PostgresEventStore } from './postgres.ts';
import { describeWithBinaries, openStore } from './server.test-support.ts';

describeWithBinaries('snapshots in PostgreSQL', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server?.remove());

  test('come back to the byte, in parts; a later one replaces an earlier one, and not the other way round', async () => {
    const { snapshots } = await openStore({ url: server.url(), schema: 'parts' });
    const bytes = (length: number, seed: number) => Uint8Array.from({ length }, (_, n) => (n * seed) % 251);
    const [large, small] = [bytes(17 * 1024 * 1024, 7), bytes(10, 3)];
    expect(await snapshots.load('rows', 1)).toBeUndefined();
    await snapshots.save('rows', 1, toPosition(50), large);
    expect(Buffer.compare((await snapshots.load('rows', 1)) as Uint8Array, large)).toBe(0);
    expect(await server.query('select count(*)::int as parts from parts.snapshots')).toEqual([{ parts: 3 }]);
    await snapshots.save('rows', 1, toPosition(50), small);
    await snapshots.save('rows', 1, toPosition(49), small);
    expect((await snapshots.load('rows', 1))?.length).toBe(large.length);
    await snapshots.save('rows', 1, toPosition(51), small);
    expect(Buffer.compare((await snapshots.load('rows', 1)) as Uint8Array, small)).toBe(0);
    expect(await server.query('select count(*)::int as parts from parts.snapshots')).toEqual([{ parts: 1 }]);
    expect(await snapshots.load('others', 1)).toBeUndefined();
  });

  test('of a newer layout take the place of an older one; an older process saves its own again', async () => {
    const { snapshots } = await openStore({ url: server.url(), schema: 'layouts' });
    await snapshots.save('rows', 1, toPosition(1), Uint8Array.of(1));
    await snapshots.save('rows', 2, toPosition(2), Uint8Array.of(2));
    expect([await snapshots.load('rows', 1), await snapshots.load('rows', 2)]).toEqual([undefined, Buffer.of(2)]);
    await snapshots.save('rows', 1, toPosition(3), Uint8Array.of(3));
    expect([await snapshots.load('rows', 1), await snapshots.load('rows', 2)]).toEqual([Buffer.of(3), Buffer.of(2)]);
  });

  test('of many processes at once, and over connections that break, leave the latest, whole', async () => {
    const proxy = await TcpProxy.start(server.port);
    onTestFinished(() => proxy.close());
    const stores: PostgresEventStore[] = [];
    for (let n = 0; n < 3; n++) stores.push(await openStore({ url: proxy.through(server.url()), schema: 'raced_snapshots' }));
    const of = (n: number) => Uint8Array.from({ length: 100_000 }, () => n);
    const saving = Promise.all(
      Array.from({ length: 30 }, (_, n) => stores[n % 3]?.snapshots.save('rows', 1, toPosition(n + 1), of(n + 1))),
    );
    for (let cut = 0; cut < 5; cut++) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      proxy.cut();
      const found = await stores[0]?.snapshots.load('rows', 1);
      if (found) expect(new Set(found).size).toBe(1);
    }
    await saving;
    expect(new Set(await stores[0]?.snapshots.load('rows', 1))).toEqual(new Set([30]));
  });

  test('a ledger leaves one behind, and the next starts from it', async () => {
    const options = { url: server.url(), schema: 'carried' };
    const first = createPaymentLedger({ eventStore: await openStore(options), runtime: testRuntime });
    for (let n = 0; n < 350; n++) await sell(first, n);
    await expect.poll(() => first.memberships('member-349').then(({ items }) => items.length)).toBe(1);
    await first[Symbol.asyncDispose]();
    expect(await server.query('select name from carried.snapshots where position > 1000')).toEqual([{ name: 'read-models' }]);
    const next = createPaymentLedger({ eventStore: await openStore(options), runtime: testRuntime, background: false });
    onTestFinished(() => next[Symbol.asyncDispose]());
    await server.query('create table carried.kept as table carried.events; delete from carried.events where position < 1000');
    // What the snapshot has need not be read again: the rows are there although the events are not.
    expect((await next.memberships('member-0')).items).toHaveLength(1);
  });
});

async function sell(ledger: ReturnType<typeof createPaymentLedger>, n: number): Promise<void> {
  const [orderId, id] = [`order-${n}`, `pi_${n}`];
  const account = { account: 'acct_1', livemode: false };
  await ledger.placeOrder({ orderId, memberId: `member-${n}`, plan: 'pro', amountMinor: 4_900, currency: 'usd', ...account });
  await ledger.observePayment({
    payment: { provider: 'stripe', id, ...account },
    orderId,
    source: 'webhook',
    fact: { kind: 'attempt', status: 'paid', amount: { totalMinor: 4_900, currency: 'usd' } },
    asOf: '2026-01-01T00:00:00.000Z',
    evidence: { objectId: id, eventId: `evt_${n}` },
  });
}
