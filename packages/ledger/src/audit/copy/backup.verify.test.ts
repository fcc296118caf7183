import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { newDirectory } from '../../event-store/sqlite/log-directory.test-support.ts';
import { openSqliteEventStore } from '../../event-store/sqlite/sqlite.ts';
import { createPaymentLedger } from '../../ledger.ts';
import type { PaymentLedger } from '../../payment-ledger.ts';
import { SqliteLog } from '../log/sqlite-log.ts';
import { sqliteReader } from '../log/sqlite-reader.ts';
import { replayLog } from '../replay/replay.ts';
import { verifyLog } from '../verify/verify.ts';
import { backUpLog } from './backup.ts';

function directory(): string {
  const made = newDirectory();
  onTestFinished(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

async function place(ledger: PaymentLedger, orderId: string): Promise<void> {
  const order = { orderId, memberId: 'm', plan: 'pro', amountMinor: 4_900, currency: 'usd', account: 'acct_1', livemode: true };
  expect(await ledger.placeOrder(order)).toEqual({ outcome: 'placed' });
  await ledger.attachCheckout(orderId, { provider: 'stripe', account: 'acct_1', livemode: true, id: `cs_${orderId}` });
}

test('a backup of a log that is being written is one moment of it, and a ledger goes on from there', async () => {
  const folder = directory();
  const live = join(folder, 'ledger.db');
  const ledger = createPaymentLedger({ eventStore: await openSqliteEventStore(live), background: false });
  let [written, ended] = [0, false];
  const writing = (async () => {
    while (!ended) await place(ledger, `order-${++written}`);
  })();
  const log = sqliteReader(live);
  const sizes: number[] = [];
  for (const name of ['monday.db', 'tuesday.db', 'wednesday.db']) {
    const before = written;
    while (written < before + 5) await new Promise((resolve) => setTimeout(resolve, 1));
    const path = join(folder, name);
    const { size, root } = await backUpLog(log, path);
    sizes.push(size);
    const copy = sqliteReader(path);
    // Each order is complete or absent, the tree is the same, and no other file is beside the backup.
    expect(await verifyLog(copy)).toMatchObject({ found: 0, size, root });
    await copy.close();
  }
  ended = true;
  await writing;
  await log.close();
  await ledger[Symbol.asyncDispose]();
  expect(sizes).toEqual([...new Set(sizes)].toSorted((a, b) => a - b)); // The log grew meanwhile.

  const restored = join(folder, 'wednesday.db');
  const goneOn = createPaymentLedger({ eventStore: await openSqliteEventStore(restored), background: false });
  await place(goneOn, 'after');
  await goneOn.settle();
  await goneOn[Symbol.asyncDispose]();
  const reader = sqliteReader(restored);
  onTestFinished(() => reader.close());
  expect(await verifyLog(reader)).toMatchObject({ found: 0 });
  expect(await replayLog(reader, { readModels: `${restored}.read-models` })).toMatchObject({ compared: true, differing: 0 });
});

test('a copy that is not one of the log is told, and kept', async () => {
  const folder = directory();
  for (const name of ['ours', 'other']) {
    const ledger = createPaymentLedger({ eventStore: await openSqliteEventStore(join(folder, name)), background: false });
    await place(ledger, name);
    await ledger[Symbol.asyncDispose]();
  }
  const log = sqliteReader(join(folder, 'ours'));
  const other = new SqliteLog(join(folder, 'other'));
  onTestFinished(async () => {
    other.close();
    await log.close();
  });
  await expect(backUpLog({ ...log, sqlite: other }, join(folder, 'copy'))).rejects.toMatchObject({
    code: 'corrupt',
    message: expect.stringMatching(/copy is not a copy of/),
  });
});
