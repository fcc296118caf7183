// What the roll-forward cannot read is never passed for good: the held facts of a payment reach its order after the upgrade or
// the repair, whichever process has moved the cursor.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Alert } from '../alerts.ts';
import { LedgerError } from '../errors.ts';
import type { EventStore, StoredEvent } from '../event-store/event-store.ts';
import { createMemoryLog, type MemoryLog, openMemoryEventStore } from '../event-store/memory.ts';
import { type Faults, openFaultyStore } from '../faulty-store.test-support.ts';
import { instantRuntime } from '../instant-runtime.test-support.ts';
import { createPaymentLedger } from '../ledger.ts';
import { paid, payment, paymentObserved, pi1 } from '../order/example-order.test-support.ts';
import type { PaymentLedger } from '../payment-ledger.ts';
import { openPaymentProcess, toObservation } from '../payment-process.test-support.ts';

let folder: string;
let log: MemoryLog;
const open: PaymentLedger[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'paidonce-skipped-'));
  log = createMemoryLog();
});
afterEach(async () => {
  for (const ledger of open.splice(0)) await ledger[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

/** A process on the log, with the read models' file that all of them share. */
function processOn(store: EventStore, { background = false, runtime = instantRuntime() } = {}) {
  const alerts: Alert[] = [];
  const ledger = createPaymentLedger({
    eventStore: store,
    readModels: join(folder, 'shared.read-models'),
    background,
    onAlert: (alert) => alerts.push(alert),
    ...(background ? {} : { runtime }),
  });
  open.push(ledger);
  return { ledger, alerts, runtime };
}

/** The store of an earlier release: it does not know the events of these streams. */
function ofEarlierRelease(store: EventStore, isNewer: (stream: string) => boolean): EventStore {
  const seen = (event: StoredEvent): StoredEvent =>
    isNewer(event.stream) ? { ...event, metadata: { ...event.metadata, version: '99' } } : event;
  return {
    append: (stream, revision, events) => store.append(stream, revision, events),
    readStream: async (stream, options) => (await store.readStream(stream, options)).map(seen),
    async *readLog(options) {
      for await (const page of store.readLog(options)) yield { ...page, events: page.events.map(seen) };
    },
    close: () => store.close(),
  };
}

/** Orders that are placed, and paid by payments that are held and linked; whoever linked them died before it handed them on. */
async function heldAndLinked(ids: readonly string[]): Promise<void> {
  const dead = openPaymentProcess(openMemoryEventStore({ log }), instantRuntime('dead'));
  for (const id of ids) {
    await dead.place(`order-${id}`);
    await dead.writer.observe(toObservation(paymentObserved(paid(), { of: payment(id) })));
    await dead.references.link(id, `order-${id}`);
  }
}

const isReference = (stream: string) => stream.startsWith('reference-');
const statusOf = async ({ ledger }: { readonly ledger: PaymentLedger }, id: string) => (await ledger.order(`order-${id}`))?.membership;

describe('a held fact that could not be handed on', () => {
  test('is handed on by an upgraded process, though one of an earlier release has moved the cursor that they share', async () => {
    await heldAndLinked(['pi_1']);
    const earlier = processOn(ofEarlierRelease(openMemoryEventStore({ log }), isReference));
    await earlier.ledger.settle();
    expect(earlier.alerts).toMatchObject([{ kind: 'roll_forward_failed' }]);
    expect(earlier.alerts[0]?.message).toContain('Upgrade @paidonce/ledger');

    const upgraded = processOn(openMemoryEventStore({ log }));
    expect(await statusOf(upgraded, 'pi_1')).toBe('none');
    await upgraded.ledger.settle();
    expect(await statusOf(upgraded, 'pi_1')).toBe('active');
    expect(upgraded.alerts).toEqual([]);
  });

  test('is handed on after the repair, by the same process and without a restart', async () => {
    await heldAndLinked(['pi_1', 'pi_2']);
    const faults: Faults = {};
    const process = processOn(openFaultyStore(openMemoryEventStore({ log }), faults));
    faults.before = ({ method, stream }) => {
      if (method === 'readStream' && stream === 'order-order-pi_1') throw new LedgerError('corrupt', 'a page of the file is damaged');
    };
    await process.ledger.settle();
    expect(process.alerts).toMatchObject([{ kind: 'roll_forward_failed' }]);
    expect(process.alerts[0]?.message).toContain('a page of the file is damaged');
    expect(await statusOf(process, 'pi_2')).toBe('active');

    delete faults.before;
    expect(await statusOf(process, 'pi_1')).toBe('none');
    await process.ledger.settle();
    expect(await statusOf(process, 'pi_1')).toBe('active');
  });

  test('is no alert of an upgraded process in the background, which tries it first', async () => {
    await heldAndLinked(['pi_1']);
    await processOn(ofEarlierRelease(openMemoryEventStore({ log }), isReference)).ledger.settle();
    const upgraded = processOn(openMemoryEventStore({ log }), { background: true });
    await expect.poll(() => statusOf(upgraded, 'pi_1')).toBe('active');
    expect(upgraded.alerts).toEqual([]);
  });

  test('is an alert of a restarted process that still cannot, though its cursor has passed it', async () => {
    await heldAndLinked(['pi_1']);
    const earlier = () => processOn(ofEarlierRelease(openMemoryEventStore({ log }), isReference), { background: true });
    const first = earlier();
    await expect.poll(() => first.alerts).toHaveLength(1);
    await first.ledger[Symbol.asyncDispose]();
    const restarted = earlier();
    await expect.poll(() => restarted.alerts).toMatchObject([{ kind: 'roll_forward_failed' }]);
  });

  test('is tried again in the background too, where another process has passed it', async () => {
    await heldAndLinked(['pi_1']);
    await processOn(ofEarlierRelease(openMemoryEventStore({ log }), isReference)).ledger.settle();
    const upgraded = processOn(openMemoryEventStore({ log }), { background: true });
    await expect.poll(() => statusOf(upgraded, 'pi_1')).toBe('active');
  });

  test('stays noted until all of its stream was handed on', async () => {
    await heldAndLinked(['pi_1']);
    const blocked = processOn(ofEarlierRelease(openMemoryEventStore({ log }), (stream) => stream === 'order-order-pi_1'));
    await expect(blocked.ledger.settle()).rejects.toMatchObject({ code: 'file_newer' });
    await expect(blocked.ledger.settle()).rejects.toMatchObject({ code: 'file_newer' });
    const upgraded = processOn(openMemoryEventStore({ log }));
    await upgraded.ledger.settle();
    expect(await statusOf(upgraded, 'pi_1')).toBe('active');
  });
});

describe('one alert for a cause', () => {
  const ids = Array.from({ length: 300 }, (_, index) => `pi_${index}`);

  test('with the count of the streams, and once more after an hour if there are more', async () => {
    await heldAndLinked(ids);
    const { ledger, alerts, runtime } = processOn(ofEarlierRelease(openMemoryEventStore({ log }), isReference));
    await ledger.settle();
    expect(alerts).toHaveLength(1);
    expect(alerts[0]?.message).toContain('What 300 streams hold cannot be handed on (file_newer)');

    await heldAndLinked(['pi_more']);
    await ledger.settle();
    expect(alerts).toHaveLength(1);
    runtime.advance(3_600_000);
    await ledger.settle();
    expect(alerts).toHaveLength(2);
    expect(alerts[1]?.message).toContain('What 301 streams hold');
    await ledger.settle();
    expect(alerts).toHaveLength(2);
  });

  test('again, once it was gone', async () => {
    await heldAndLinked(['pi_1']);
    let hides = true;
    const { ledger, alerts } = processOn(ofEarlierRelease(openMemoryEventStore({ log }), (stream) => hides && isReference(stream)));
    await ledger.settle();
    hides = false;
    await ledger.settle();
    hides = true;
    await heldAndLinked(['pi_2']);
    await ledger.settle();
    expect(alerts.map(({ message }) => message.slice(0, 19))).toEqual(['What 1 stream holds', 'What 1 stream holds']);
  });
});

test('a stream that cannot be handed on is tried once a pass, however many facts it holds', async () => {
  const dead = openPaymentProcess(openMemoryEventStore({ log }), instantRuntime('dead'));
  await dead.place('order-1');
  for (let number = 1; number <= 50; number++) {
    const refund = { kind: 'refund', id: `re_${number}`, status: 'pending', amountMinor: 1 } as const;
    await dead.writer.observe(toObservation(paymentObserved(refund)));
  }
  await dead.references.link(pi1.id, 'order-1');
  const store = openFaultyStore(
    ofEarlierRelease(openMemoryEventStore({ log }), (stream) => stream === 'order-order-1'),
    {},
  );
  const { ledger } = processOn(store);
  await expect(ledger.settle()).rejects.toMatchObject({ code: 'file_newer' });
  expect(store.calls.filter(({ stream }) => stream === 'order-order-1')).toHaveLength(1);
});
