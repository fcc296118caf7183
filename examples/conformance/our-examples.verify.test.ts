import { databaseForTests, skipReason } from '@paidonce/ledger/testing/postgres-server';
import {
  assertConforms,
  type BootShop,
  type ConformanceOptions,
  formatReport,
  orderScenarioNames,
  type PlacedOrder,
  runConformance,
} from '@paidonce/sandbox/conformance';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../shop/shop.test-support.ts';
import { mountedPlugin, shopExample } from './our-examples.test-support.ts';

async function keepsEveryPromise<Order extends PlacedOrder>(
  example: (dataDir: string) => BootShop<Order>,
  options: ConformanceOptions = {},
): Promise<void> {
  const folder = temporaryFolder();
  onTestFinished(() => folder.remove());
  const policy = { partialRefund: 'keeps', lostDispute: 'ends' } as const;
  // Far longer than a busy machine needs.
  const report = await runConformance(example(folder.path), { policy, callTimeoutMs: 600_000, ...options });
  assertConforms(report);
  expect(formatReport(report)).toContain(`${orderScenarioNames.length} passed, 0 broke, `);
}

test('the example shop keeps every promise, whatever Stripe, the network and other apps do', () =>
  keepsEveryPromise((folder) => shopExample(folder)));

test('so does the plugin, mounted in a server of one’s own', () => keepsEveryPromise(mountedPlugin, { races: 1 }));

test('so does the shop on PostgreSQL', async ({ skip }) => {
  const reason = skipReason();
  if (reason !== undefined) {
    console.warn(`SKIPPED: the shop on PostgreSQL. ${reason}`);
    skip();
  }
  const database = await databaseForTests();
  onTestFinished(() => database.remove());
  const url = new URL(database.url);
  url.searchParams.set('schema', database.newSchema());
  await keepsEveryPromise((folder) => shopExample(folder, url.href), { races: 1 });
});
