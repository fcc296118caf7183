import { existsSync, readdirSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { EventStore, Position, Snapshots } from '../event-store/event-store.ts';
import { toPosition } from '../event-store/log-pages.ts';
import { openMemoryEventStore } from '../event-store/memory.ts';
import { newDirectory } from '../event-store/sqlite/log-directory.test-support.ts';
import { createPaymentLedger } from '../ledger.ts';
import { silentLogger } from '../logger.ts';
import type { PaymentLedger } from '../payment-ledger.ts';
import { openReadModelFile } from '../read-models/read-model-file.ts';
import { type Runtime, systemRuntime } from '../runtime.ts';
import { testRuntime } from '../test-runtime.test-support.ts';
import { ReadModelSnapshots } from './read-model-snapshots.ts';

describe('a process without a disk', () => {
  test('starts from the snapshot that another one saved when it stopped, and reads what came since', async () => {
    const { store, reads, snapshots } = carryingStore();
    const first = openLedger(store);
    await sell(first, 0, 350); // More than 1,000 events of orders: they are saved at the end.
    await expect.poll(() => first.memberships('member-349').then(({ items }) => items.length)).toBe(1);
    await first[Symbol.asyncDispose]();
    expect(snapshots.saved).toHaveLength(1);
    await sell(openLedger(store), 350, 1);
    reads.events = 0;
    const next = openLedger(store, { background: false });
    expect((await next.memberships('member-349')).items).toHaveLength(1);
    expect((await next.memberships('member-350')).items).toHaveLength(1);
    expect(reads.events).toBeLessThan(100); // Of more than 1,400, which two subscribers read.
  });

  test('leaves no file behind', async () => {
    const { store } = carryingStore();
    const before = temporaryFolders();
    const ledger = openLedger(store, { background: false });
    await sell(ledger, 0, 1);
    expect((await ledger.memberships('member-0')).items).toHaveLength(1);
    const made = temporaryFolders().filter((name) => !before.includes(name));
    expect(made).toHaveLength(1);
    await ledger[Symbol.asyncDispose]();
    expect(temporaryFolders()).not.toContain(made[0]);
  });

  test.each([
    ['damaged', () => new Uint8Array([1, 2, 3])],
    ['something else', () => zstdCompressSync(Buffer.from('no database'))],
  ])('makes the rows from the log where the snapshot is %s', async (_, bytes) => {
    const { store, snapshots } = carryingStore();
    const ledger = openLedger(store, { background: false });
    await sell(ledger, 0, 2);
    await ledger[Symbol.asyncDispose]();
    snapshots.newest = bytes();
    const next = openLedger(store, { background: false });
    expect((await next.memberships('member-1')).items).toHaveLength(1);
  });

  test('makes the rows from the log where the snapshot is of another log', async () => {
    const other = carryingStore();
    const ledger = openLedger(other.store);
    await sell(ledger, 500, 350);
    await expect.poll(() => ledger.memberships('member-849').then(({ items }) => items.length)).toBe(1);
    await ledger[Symbol.asyncDispose]();
    const { store, snapshots } = carryingStore();
    snapshots.newest = other.snapshots.newest;
    const next = openLedger(store, { background: false });
    await sell(next, 0, 1);
    expect((await next.memberships('member-0')).items).toHaveLength(1);
    expect((await next.memberships('member-849')).items).toEqual([]);
  });
});

describe('a snapshot is saved', () => {
  test('after 10,000 events, or after five minutes where there was one', async () => {
    const { carried, saved, clock } = await openSnapshots();
    carried.handled(9_999, unused);
    carried.atHead(() => toPosition(1));
    carried.handled(1, unused);
    carried.atHead(() => toPosition(2));
    await expect.poll(() => saved).toEqual([toPosition(2)]);
    clock.ms += 5 * 60_000;
    carried.atHead(() => toPosition(3)); // Nothing was handled since.
    carried.handled(1, unused);
    carried.atHead(() => toPosition(4));
    await expect.poll(() => saved).toEqual([toPosition(2), toPosition(4)]);
  });

  test('after 50,000 events also on the way to the head, and where the file is large', async () => {
    const { carried, saved, clock, path } = await openSnapshots();
    truncateSync(path, 257 * 1024 * 1024);
    carried.handled(49_999, () => toPosition(1));
    carried.atHead(() => toPosition(1));
    expect(saved).toEqual([]);
    carried.handled(1, () => toPosition(2));
    await expect.poll(() => saved).toEqual([toPosition(2)]);
    clock.ms += 23 * 60 * 60_000;
    carried.handled(49_999, () => toPosition(3));
    carried.atHead(() => toPosition(3));
    expect(saved).toHaveLength(1);
    clock.ms += 60 * 60_000;
    carried.atHead(() => toPosition(4));
    await expect.poll(() => saved).toEqual([toPosition(2), toPosition(4)]);
  });

  test('no sooner than 50 times what the last one took', async () => {
    const { carried, saved, clock } = await openSnapshots({ takesMs: 2_000 });
    const again = async (): Promise<void> => {
      carried.handled(10_000, unused);
      carried.atHead(() => toPosition(saved.length + 1));
      await new Promise((resolve) => setTimeout(resolve, 50));
    };
    await again();
    await expect.poll(() => saved).toHaveLength(1);
    await new Promise(setImmediate);
    clock.ms += 99_000;
    await again();
    expect(saved).toHaveLength(1);
    clock.ms += 2_000;
    await again();
    await expect.poll(() => saved).toHaveLength(2);
  });

  test('when the process stops, if a thousand events were handled since; it waits two seconds for it', async () => {
    const few = await openSnapshots();
    few.carried.handled(999, unused);
    await few.carried.stop(() => toPosition(1));
    expect(few.saved).toEqual([]);
    few.carried.handled(1, unused);
    await few.carried.stop(() => toPosition(2));
    expect(few.saved).toEqual([toPosition(2)]);
    const never = await openSnapshots({ takesMs: Number.POSITIVE_INFINITY });
    never.carried.handled(1_000, unused);
    await never.carried.stop(() => toPosition(1));
    expect(never.saved).toEqual([]);
  });

  test('where it fails nothing else does, and the next one has all of its events', async () => {
    const { carried, saved, clock, store } = await openSnapshots();
    store.fails = true;
    carried.handled(10_000, unused);
    carried.atHead(() => toPosition(1));
    await expect.poll(() => store.tried).toBe(1);
    store.fails = false;
    clock.ms += 60_000;
    await expect
      .poll(() => {
        carried.atHead(() => toPosition(2));
        return saved;
      })
      .toEqual([toPosition(2)]);
  });
});

const unused = (): Position => {
  throw new Error('nothing is saved here');
};

/** A store in memory that carries snapshots, and counts the events that are read from its log. */
function carryingStore() {
  const memory = openMemoryEventStore();
  const reads = { events: 0 };
  const snapshots: Snapshots & { newest: Uint8Array | undefined; readonly saved: Position[] } = {
    newest: undefined,
    saved: [],
    load: async () => snapshots.newest,
    save: async (_name, _layout, position, bytes) => {
      snapshots.newest = bytes;
      snapshots.saved.push(position);
    },
  };
  const store: EventStore = {
    append: memory.append,
    readStream: memory.readStream,
    readLog: async function* (options) {
      for await (const page of memory.readLog(options)) {
        reads.events += page.events.length;
        yield page;
      }
    },
    close: async () => undefined,
    snapshots,
  };
  return { store, reads, snapshots };
}

function openLedger(eventStore: EventStore, options: { readonly background?: boolean } = {}): PaymentLedger {
  const ledger = createPaymentLedger({ eventStore, runtime: testRuntime, ...options });
  onTestFinished(() => ledger[Symbol.asyncDispose]());
  return ledger;
}

async function sell(ledger: PaymentLedger, first: number, count: number): Promise<void> {
  for (let n = first; n < first + count; n++) {
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
}

function temporaryFolders(): readonly string[] {
  return readdirSync(tmpdir()).filter(
    (name) => name.startsWith('paidonce-read-models-') && existsSync(join(tmpdir(), name, 'read-models.db')),
  );
}

/** Snapshots of an empty file, on a clock of the test. @param takesMs how long each takes to be saved. */
async function openSnapshots({ takesMs = 0 }: { readonly takesMs?: number } = {}) {
  const isEndless = takesMs === Number.POSITIVE_INFINITY;
  const path = join(newDirectory(), 'read-models.db');
  const clock = { ms: 0 };
  const runtime: Runtime = {
    ...systemRuntime,
    monotonicNowMs: () => clock.ms,
    sleep: (_, signal) => (isEndless ? Promise.resolve() : systemRuntime.sleep(2 ** 30, signal)),
  };
  const file = await openReadModelFile(path, openMemoryEventStore(), runtime);
  onTestFinished(() => file.close());
  expect(existsSync(dirname(path))).toBe(true);
  const saved: Position[] = [];
  const store = { fails: false, tried: 0 };
  const snapshots: Snapshots = {
    load: async () => undefined,
    save: async (_name, _layout, position) => {
      store.tried += 1;
      if (store.fails) throw new Error('no room');
      if (isEndless) await new Promise(() => undefined);
      clock.ms += takesMs;
      saved.push(position);
    },
  };
  return { carried: new ReadModelSnapshots({ snapshots, path, runtime, log: silentLogger }), saved, clock, store, path };
}
