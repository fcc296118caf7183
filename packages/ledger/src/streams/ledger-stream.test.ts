// The identity of a log: who writes it, when, and that it stays.
import { describe, expect, test } from 'vitest';
import { importNdjson, ndjsonLines } from '../audit/export/ndjson.ts';
import { readerOf } from '../audit/log/log-reader.ts';
import { verifyLog } from '../audit/verify/verify.ts';
import { createMemoryLog, type MemoryLog, openMemoryEventStore } from '../event-store/memory.ts';
import { type Faults, openFaultyStore, unknownOutcome } from '../faulty-store.test-support.ts';
import { createPaymentLedger } from '../ledger.ts';
import { paid, payment, paymentObserved, support } from '../order/example-order.test-support.ts';
import type { PaymentLedger, PlaceOrder } from '../payment-ledger.ts';
import { toObservation } from '../payment-process.test-support.ts';

const order: PlaceOrder = {
  orderId: 'order-1',
  memberId: 'member-1',
  plan: 'yearly',
  amountMinor: 1_000,
  currency: 'usd',
  account: 'acct_1',
  livemode: true,
};

function open(log: MemoryLog, faults: Faults = {}): PaymentLedger {
  return createPaymentLedger({ eventStore: openFaultyStore(openMemoryEventStore({ log }), faults), background: false });
}

const typesIn = (log: MemoryLog): readonly string[] => log.rows.map(({ stream, type }) => `${stream} ${type}`);
const identityIn = async (log: MemoryLog) => (await openMemoryEventStore({ log }).readStream('ledger')).map(({ data }) => data);

describe('a log gets its identity', () => {
  test('by the first process that places an order, before the order', async () => {
    const log = createMemoryLog();
    const ledger = open(log);
    await ledger.placeOrder(order);
    expect(typesIn(log)).toEqual(['ledger LedgerCreated', 'policy PolicyAdopted', 'order-order-1 OrderPlaced']);
    expect(await ledger.forAdapters.ledgerId()).toMatch(/^[0-9a-f-]{36}$/);
    await ledger.placeOrder({ ...order, orderId: 'order-2' });
    expect(await identityIn(log)).toHaveLength(1);
  });
  test('by an import, which places an order too, and by an adapter that makes something for one', async () => {
    const imported = createMemoryLog();
    const { source: _, ...statement } = toObservation(paymentObserved(paid()));
    await open(imported).importOrder({ ...order, placedAt: '2026-01-01T00:00:00Z' }, statement as never, support);
    expect(typesIn(imported)[0]).toBe('ledger LedgerCreated');
    const asked = createMemoryLog();
    const ledgerId = await open(asked).forAdapters.ensureLedgerId();
    expect(await identityIn(asked)).toEqual([{ ledgerId }]);
  });
  test('in a log of an earlier release, at its next order', async () => {
    const log = createMemoryLog();
    await open(log).placeOrder(order);
    const older = createMemoryLog();
    const store = openMemoryEventStore({ log: older });
    for (const row of log.rows.slice(1)) {
      await store.append(row.stream, -1, [{ id: row.id, type: row.type, data: JSON.parse(row.data), metadata: JSON.parse(row.metadata) }]);
    }
    const ledger = open(older);
    expect(await ledger.forAdapters.ledgerId()).toBeUndefined();
    await ledger.placeOrder({ ...order, orderId: 'order-2' });
    expect(typesIn(older).slice(2)).toEqual(['ledger LedgerCreated', 'order-order-2 OrderPlaced']);
    expect(await verifyLog(readerOf(openMemoryEventStore({ log: older })))).toMatchObject({ found: 0 });
  });
  test('never by opening, reading, observing or settling', async () => {
    const log = createMemoryLog();
    const ledger = open(log);
    await ledger.observePayment(toObservation(paymentObserved(paid())));
    await ledger.orderOf(payment('pi_1'));
    await ledger.settle();
    expect(await ledger.forAdapters.ledgerId()).toBeUndefined();
    expect(typesIn(log)).toEqual(['reference-pi_1 PaymentHeld']);
  });
});

test('of several processes that place their first order at once, one gives the identity, and all have it', async () => {
  const log = createMemoryLog();
  const ledgers = Array.from({ length: 4 }, () => open(log));
  await Promise.all(ledgers.map((ledger, index) => ledger.placeOrder({ ...order, orderId: `order-${index}` })));
  const ids = await Promise.all(ledgers.map((ledger) => ledger.forAdapters.ledgerId()));
  expect(new Set(ids).size).toBe(1);
  expect(await identityIn(log)).toEqual([{ ledgerId: ids[0] }]);
});

test('a process that reads "none" reads again, and finds what another one has written', async () => {
  const log = createMemoryLog();
  const [first, second] = [open(log), open(log)];
  expect(await second.forAdapters.ledgerId()).toBeUndefined();
  const ledgerId = await first.forAdapters.ensureLedgerId();
  expect(await second.forAdapters.ledgerId()).toBe(ledgerId);
});

test('where nobody knows whether it was stored, the next call takes what is in the log', async () => {
  const log = createMemoryLog();
  const faults: Faults = {};
  const ledger = open(log, faults);
  faults.after = ({ method }) => {
    if (method !== 'append') return;
    delete faults.after;
    throw unknownOutcome();
  };
  await expect(ledger.placeOrder(order)).rejects.toMatchObject({ code: 'store_unavailable' });
  const [stored] = await identityIn(log);
  await ledger.placeOrder(order);
  expect(await identityIn(log)).toEqual([stored]);
  expect(await ledger.forAdapters.ledgerId()).toBe((stored as { ledgerId: string }).ledgerId);
});

test('a copy keeps it', async () => {
  const log = createMemoryLog();
  const ledgerId = await open(log).forAdapters.ensureLedgerId();
  const lines: string[] = [];
  for await (const line of ndjsonLines(readerOf(openMemoryEventStore({ log })))) lines.push(line);
  const copy = createMemoryLog();
  const each = async function* () {
    yield* lines;
  };
  await importNdjson(each(), openMemoryEventStore({ log: copy }));
  expect(await open(copy).forAdapters.ensureLedgerId()).toBe(ledgerId);
});
