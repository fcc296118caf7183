// Backups that are put back while the shop runs: of its log, of its own table, of both. What is lost is named, order by order, and
// docs/operate/after-a-restore.md, step by step, brings everything together again.
import { copyFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { decisionsOf, type OrderLog, observationsOf, ordersIn } from '../../examples/demo/laws.ts';
import { openBeside } from '../shop/beside.ts';
import { serve } from '../shop/customers.ts';
import { torturePrints } from '../shop/figures.ts';
import { brokenIn, verdictsOnceQuiet } from '../shop/quiet.ts';
import { openScene, type Scene } from '../shop/scene.ts';
import { bringTogether, repairShop } from './after-a-restore.ts';
import { compare, differingFromStripe, query, run } from './commands.ts';

const { TEST_RESTORED, TEST_SEED = '1' } = process.env;
/** Customers before a backup, and as many after it. */
const [customers, seed] = [Number(TEST_RESTORED ?? 6), Number(TEST_SEED)];
const tables = TEST_RESTORED === undefined ? ['a newer table'] : ['a table as old as the log', 'a newer table', 'an older table'];
const figures: string[] = [];
afterAll(() => torturePrints('restore', seed, figures.join('; ')));

async function open(): Promise<Scene> {
  const scene = await openScene();
  onTestFinished(() => scene[Symbol.asyncDispose]());
  await scene.start();
  return scene;
}

async function untilQuiet(scene: Scene): Promise<void> {
  expect(brokenIn(await verdictsOnceQuiet(scene)), `seed ${seed}`).toEqual([]);
}

/** The newest decision of each order, in the log. */
async function decided(scene: Scene): Promise<ReadonlyMap<string, number>> {
  return sequencesOf(ordersIn(await scene.log()));
}

/** Leaves out the orders that have no decision. */
function sequencesOf(orders: readonly OrderLog[]): ReadonlyMap<string, number> {
  return new Map(
    orders.flatMap((order) => {
      const last = decisionsOf(order).at(-1);
      return last ? [[order.orderId, last.data.sequence] as const] : [];
    }),
  );
}

/** The newest decision of each order that the shop has. */
function stored(scene: Scene): ReadonlyMap<string, number> {
  return new Map(query(scene, 'SELECT key, sequence FROM paidonce_delivered').map(({ key, sequence }) => [String(key), Number(sequence)]));
}

function lostSince(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): readonly string[] {
  return [...before].filter(([orderId, sequence]) => sequence > (after.get(orderId) ?? 0)).map(([orderId]) => orderId);
}

/**
 * The memberships that were put back out of the log, and that nothing names: neither the comparison with the shop nor that with
 * Stripe. What the poll has brought back by itself meanwhile is not lost. Money by hand is known to the two alone.
 */
async function silentlyLost(scene: Scene, before: readonly OrderLog[]): Promise<readonly string[]> {
  const named = new Set([...(await compare(scene)).differing, ...(await differingFromStripe(scene))]);
  const now = await decided(scene);
  return before.flatMap((order) => {
    const last = decisionsOf(order).at(-1);
    const wasLost = last?.type === 'MembershipGranted' && last.data.source !== 'manual' && !now.has(order.orderId);
    const names = [order.orderId, ...observationsOf(order).map(({ payment }) => payment.id)];
    return wasLost && !names.some((name) => named.has(name)) ? [order.orderId] : [];
  });
}

async function backUpLog(scene: Scene, name = 'backup.db'): Promise<string> {
  const backup = join(scene.dataDir, name);
  expect(await run(scene, 'paidonce', 'backup', backup)).toMatchObject({ code: 0 });
  return backup;
}

function backUpShop(scene: Scene, name = 'shop-backup.db'): string {
  const backup = join(scene.dataDir, name);
  query(scene, `VACUUM INTO '${backup}'`);
  return backup;
}

/** As a database server puts back a table: in one transaction, beside whoever is connected. */
function putShopBack(scene: Scene, backup: string): void {
  using database = openBeside(join(scene.dataDir, 'shop.db'));
  database.exec(`ATTACH '${backup}' AS backup; BEGIN IMMEDIATE`);
  for (const table of ['memberships', 'paidonce_delivered'])
    database.exec(`DELETE FROM ${table}; INSERT INTO ${table} SELECT * FROM backup.${table}`);
  database.exec('COMMIT');
}

/** Somebody moves the backup over the log while the shop runs, and then does as the page says. */
async function putLogBack(scene: Scene, backup: string): Promise<void> {
  const refused = await run(scene, 'paidonce', 'restore', backup);
  expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('is open in another process. Stop all processes') });
  const log = join(scene.dataDir, 'ledger.db');
  const copy = `${log}.copy`;
  copyFileSync(backup, copy);
  const acknowledged = scene.acknowledged.size;
  renameSync(copy, log);
  const body = new URLSearchParams({ plan: 'year', memberId: 'late', fate: 'delivered', afterwards: 'leaves' });
  expect((await fetch(`${scene.url}/orders`, { method: 'POST', body, redirect: 'manual' })).status).toBe(503);
  expect((await fetch(`${scene.shop.backend.url}/health/ready`)).status).toBe(503);
  expect(scene.warnings()).toContain('is another file than the one that is open');
  await expect.poll(() => scene.warnings()).toContain('alert log_went_back');
  expect(scene.acknowledged.size).toBe(acknowledged);
  await scene.shop.stop();
  expect(await run(scene, 'paidonce', 'restore', backup)).toMatchObject({ code: 0 });
  await scene.start();
}

/** The laws but one: after `ShopAhead` the numbers of decisions have a gap, and `compare` has shown that the shop holds the newest. */
async function expectLaws(scene: Scene): Promise<void> {
  const verdicts = await verdictsOnceQuiet(scene, { but: ['Decisions are numbered 1, 2, 3, and the shop holds the newest'] });
  expect(brokenIn(verdicts), `seed ${seed}`).toEqual([]);
}

test('the log is put back', async () => {
  const scene = await open();
  await serve(scene, customers, { seed, atOnce: 3 });
  const backup = await backUpLog(scene);
  await serve(scene, customers, { seed: seed + 1, atOnce: 3 });
  await untilQuiet(scene);
  const before = ordersIn(await scene.log());
  await putLogBack(scene, backup);

  const lost = lostSince(sequencesOf(before), await decided(scene));
  expect(lost.length).toBeGreaterThan(0);
  expect(await compare(scene)).toMatchObject({ code: 3 });
  expect(await silentlyLost(scene, before)).toEqual([]);
  expect(await bringTogether(scene)).toEqual([]);
  await expectLaws(scene);
  figures.push(`log: ${lost.length} orders lost and named, all back`);
});

test("the shop's table is put back", async () => {
  const scene = await open();
  await serve(scene, customers, { seed, atOnce: 3 });
  const backup = backUpShop(scene);
  await serve(scene, customers, { seed: seed + 1, atOnce: 3 });
  await untilQuiet(scene);
  const before = stored(scene);
  putShopBack(scene, backup);

  const lost = lostSince(before, stored(scene));
  expect(lost.length).toBeGreaterThan(0);
  expect((await compare(scene)).differing.toSorted()).toEqual(lost.toSorted());
  expect(await repairShop(scene)).toEqual([]); // The process that runs delivers what was asked for.
  expect(stored(scene)).toEqual(before);
  await untilQuiet(scene);
  figures.push(`shop: ${lost.length} memberships lost and named, all back`);
});

test.each(tables)('both are put back, with %s', async (which) => {
  const scene = await open();
  await serve(scene, customers, { seed, atOnce: 3 });
  let [log, table] = [await backUpLog(scene), backUpShop(scene)];
  await serve(scene, customers, { seed: seed + 1, atOnce: 3 });
  if (which === 'a newer table') table = backUpShop(scene, 'newer-shop-backup.db');
  if (which === 'an older table') log = await backUpLog(scene, 'newer-backup.db');
  await serve(scene, customers, { seed: seed + 2, atOnce: 3 });
  await untilQuiet(scene);
  const before = ordersIn(await scene.log());
  putShopBack(scene, table);
  await putLogBack(scene, log);

  const lost = lostSince(sequencesOf(before), await decided(scene));
  expect(lost.length).toBeGreaterThan(0);
  expect(await silentlyLost(scene, before)).toEqual([]);
  expect(await bringTogether(scene)).toEqual([]);
  await expectLaws(scene);
  figures.push(`both, with ${which}: ${lost.length} orders lost, none in silence, all back`);
});
