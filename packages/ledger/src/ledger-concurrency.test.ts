// Law 2 at full speed: many callers, several ledgers and several real processes on one order leave one grant.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import type { EventStore } from './event-store/event-store.ts';
import { createMemoryLog, openMemoryEventStore } from './event-store/memory.ts';
import { openSqliteEventStore } from './event-store/sqlite/sqlite.ts';
import { createPaymentLedger } from './ledger.ts';
import { order, sayings } from './observe-at-once.test-support.ts';
import type { PaymentLedger } from './payment-ledger.ts';
import { checkOwnership, everything } from './payment-process.test-support.ts';

const folder = mkdtempSync(join(tmpdir(), 'paidonce-at-once-'));
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

/** Eight different sayings (two payments, four sources), one grant, one review of the money taken twice. */
async function expectOneGrant(store: EventStore, outcomes: readonly string[]): Promise<void> {
  const { recorded } = checkOwnership(await everything(store));
  const types = (await store.readStream('order-order-1')).map(({ type }) => type);
  expect(types.filter((type) => type === 'MembershipGranted')).toHaveLength(1);
  expect(types.filter((type) => type === 'ReviewOpened')).toHaveLength(1);
  expect(types.filter((type) => type === 'PaymentObserved')).toHaveLength(8);
  expect(recorded.get('order-1')?.size).toBe(8);
  expect(outcomes.filter((outcome) => outcome === 'granted')).toHaveLength(1);
  expect(outcomes.filter((outcome) => outcome !== 'duplicate')).toHaveLength(8);
}

/** `store` opens a store on the one log, for another process. */
async function atOnce(stores: readonly EventStore[]): Promise<readonly string[]> {
  const ledgers: PaymentLedger[] = stores.map((eventStore) => createPaymentLedger({ eventStore, background: false }));
  await ledgers[0]!.placeOrder(order);
  const answers = await Promise.all(
    ledgers.flatMap((ledger, index) => sayings(`ledger-${index}`).map((observation) => ledger.observePayment(observation))),
  );
  return answers.map(({ outcome }) => outcome);
}

describe.each([1, 4])('64 callers on each of %i ledgers', (count) => {
  test('in memory', async () => {
    const log = createMemoryLog();
    const outcomes = await atOnce(Array.from({ length: count }, () => openMemoryEventStore({ log })));
    expect(outcomes).toHaveLength(64 * count);
    await expectOneGrant(openMemoryEventStore({ log }), outcomes);
  });

  test('on one SQLite file', async () => {
    const path = join(folder, `ledgers-${count}.db`);
    const stores = await Promise.all(Array.from({ length: count }, () => openSqliteEventStore(path)));
    const outcomes = await atOnce(stores);
    await expectOneGrant(stores[0]!, outcomes);
    for (const store of stores) await store.close();
  });
});

test('64 callers in each of 4 processes on one SQLite file', async () => {
  const path = join(folder, 'processes.db');
  const store = await openSqliteEventStore(path);
  const placing = createPaymentLedger({ eventStore: store, background: false, readModels: ':memory:' });
  await placing.placeOrder(order);

  const script = fileURLToPath(new URL('./observe-process.test-support.ts', import.meta.url));
  const processes = ['p1', 'p2', 'p3', 'p4'].map((name) => {
    const child = spawn(process.execPath, ['--conditions=@paidonce/source', script, path, name], { stdio: ['pipe', 'pipe', 'inherit'] });
    children.push(child);
    return { child, lines: createInterface(child.stdout!)[Symbol.asyncIterator](), ended: once(child, 'exit') };
  });
  for (const { lines } of processes) expect((await lines.next()).value).toBe('ready');
  for (const { child } of processes) child.stdin!.end('begin\n');
  const outcomes: string[] = [];
  for (const { lines, ended } of processes) {
    outcomes.push(...(JSON.parse(String((await lines.next()).value)) as string[]));
    expect(await ended).toEqual([0, null]);
  }
  expect(outcomes).toHaveLength(256);
  await expectOneGrant(store, outcomes);
  await placing[Symbol.asyncDispose]();
});
