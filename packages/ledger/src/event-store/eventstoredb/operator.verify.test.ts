import { EventStoreDBClient } from '@eventstore/db-client';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { readerOf } from '../../audit/log/log-reader.ts';
import { verifyLog } from '../../audit/verify/verify.ts';
import { createPaymentLedger } from '../../ledger.ts';
import { systemRuntime } from '../../runtime.ts';
import { ServerDouble } from '../../testing/eventstoredb-double/server-double.ts';
import { openOn } from './double-store.test-support.ts';
import { bought, type OperatorClient, operatorSuite } from './operator-suite.test-support.ts';

let double: ServerDouble;
beforeAll(async () => {
  double = await ServerDouble.start();
});
afterAll(() => double.kill());

// A scavenge of a real server takes minutes, so this is tried on the double alone.
test('what a scavenge has removed is named by `verify`, and stops nothing else', async () => {
  let skippedMs = 0;
  const runtime = { ...systemRuntime, patience: 50, monotonicNowMs: () => systemRuntime.monotonicNowMs() + skippedMs };
  const openLedger = async () => {
    const eventStore = await openOn(double.url, { runtime });
    const ledger = createPaymentLedger({ eventStore, readModels: ':memory:', background: false });
    onTestFinished(() => ledger[Symbol.asyncDispose]());
    return { eventStore, ledger };
  };
  const { eventStore, ledger } = await openLedger();
  const lost = await bought(ledger);
  const last = (await eventStore.readStream(`order-${lost}`)).at(-1);
  expect(double.log.events.at(-1)?.position).toBe(BigInt(last?.position.slice(0, 20) ?? 0)); // The newest event that `ledger` knows.
  double.log.tombstone(`order-${lost}`);
  double.log.scavenge();
  skippedMs = 60_000; // Now the store looks for that event.
  const kept = await bought(ledger);
  const { ledger: another, eventStore: audited } = await openLedger();
  for (const each of [ledger, another]) {
    await each.settle();
    expect(await each.memberships(`member-${kept}`)).toMatchObject({ items: [{ membershipId: kept, status: 'active' }] });
  }
  const { findings } = await verifyLog(readerOf(audited));
  expect(findings.filter(({ stream }) => stream === `order-${lost}`)).toMatchObject([
    { rule: 'readable', found: expect.stringContaining('0 of its events are still in the log') },
  ]);
  expect(findings.filter(({ stream }) => stream === `order-${kept}`)).toEqual([]);
});

operatorSuite({
  name: 'a double of EventStoreDB',
  url: () => double.url,
  connect: (to) => EventStoreDBClient.connectionString(to) as unknown as OperatorClient,
});
