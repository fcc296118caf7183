// Law 2 at full speed: many callers, several ledgers and several real processes on one order leave one grant.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { concurrentObservations, orderNamed } from './concurrent-observations.test-support.ts';
import { expectOneGrant, expectOneGrantFromFourProcesses } from './concurrent-observe.test-support.ts';
import type { EventStore } from './event-store/event-store.ts';
import { startDouble } from './event-store/eventstoredb/double-store.test-support.ts';
import { createMemoryLog, openMemoryEventStore } from './event-store/memory.ts';
import { openEventStore } from './event-store/store-url.ts';
import { createPaymentLedger } from './ledger.ts';

/** Opens handles on one new log. */
type NewLog = () => Promise<() => Promise<EventStore>>;

async function newFile(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'paidonce-at-once-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return `sqlite:${join(folder, 'ledger.db')}`;
}
const newServer = async (): Promise<string> => (await startDouble()).url;

function opening(newUrl: () => Promise<string>): NewLog {
  return async () => {
    const url = await newUrl();
    return () => openEventStore(url);
  };
}
async function inMemory(): Promise<() => Promise<EventStore>> {
  const log = createMemoryLog();
  return async () => openMemoryEventStore({ log });
}

describe.each<[string, NewLog]>([
  ['in memory', inMemory],
  ['on one SQLite file', opening(newFile)],
  ['on one EventStoreDB, the double', opening(newServer)],
])('%s', (_, newLog) => {
  test.each([1, 4])('64 callers on each of %i ledgers', async (count) => {
    const open = await newLog();
    const ledgers = [];
    for (let index = 0; index < count; index++) {
      const ledger = createPaymentLedger({ eventStore: await open(), background: false, readModels: ':memory:' });
      onTestFinished(() => ledger[Symbol.asyncDispose]());
      ledgers.push(ledger);
    }
    await ledgers[0]!.placeOrder(orderNamed('order-1'));
    const answers = await Promise.all(
      ledgers.flatMap((ledger, index) =>
        concurrentObservations(`ledger-${index}`, 'order-1').map((observation) => ledger.observePayment(observation)),
      ),
    );
    expect(answers).toHaveLength(64 * count);
    const store = await open();
    onTestFinished(() => store.close());
    await expectOneGrant(
      store,
      answers.map(({ outcome }) => outcome),
    );
  });
});

test.each([
  ['on one SQLite file', newFile],
  ['on one EventStoreDB, the double', newServer],
])('64 callers in each of 4 processes %s', async (_, newUrl) => {
  await expectOneGrantFromFourProcesses(await newUrl());
});
