import { EventStoreDBClient } from '@eventstore/db-client';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { Alert } from '../../alerts.ts';
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

// Nothing goes on without its policies, so this needs a log of its own.
test('a deletion for ever of any stream of the ledger is told, each once, also where no list is made from it', async () => {
  const own = await ServerDouble.start();
  onTestFinished(() => own.kill());
  const alerts: Alert[] = [];
  const eventStore = await openOn(own.url, { runtime: { ...systemRuntime, patience: 50 } });
  const onAlert = (alert: Alert): void => void alerts.push(alert);
  const ledger = createPaymentLedger({ eventStore, readModels: ':memory:', background: false, onAlert });
  onTestFinished(() => ledger[Symbol.asyncDispose]());
  await bought(ledger);
  await ledger.settle();
  const tells = {
    policy: 'the policies that decisions were made under',
    ledger: 'the identity of the ledger',
    'unreadable-stripe/evt_1': "that the provider's object stripe/evt_1 could not be read",
    'sweep-stripe/recent': 'how far the poll has read with its tier stripe/recent',
    'reference-stripe/pi_1': 'to which order or subscription the payment or session stripe/pi_1 belongs',
    'order-1': 'all about order 1',
    'shop-1': undefined,
  };
  for (const stream of Object.keys(tells)) own.log.tombstone(stream);
  for (let times = 0; times < 2; times++) await ledger.settle();
  const told = alerts.filter(({ kind }) => kind === 'stream_deleted').map(({ message }) => message);
  const expected = Object.entries(tells).filter(([, what]) => what !== undefined);
  expect(told).toHaveLength(expected.length);
  for (const [stream, what] of expected)
    expect(told).toContainEqual(expect.stringContaining(`deleted the stream ${stream} on the server for ever. It told ${what}`));
});

operatorSuite({
  name: 'a double of EventStoreDB',
  url: () => double.url,
  connect: (to) => EventStoreDBClient.connectionString(to) as unknown as OperatorClient,
});
