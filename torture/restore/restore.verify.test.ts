// Backups that are put back while the shop runs: of its log, of its own tables, of both. Each order that lost a decision is named, but
// for money recorded by hand of which the shop has nothing either; and docs/operate/after-a-restore.md, step by step, brings all back.
import { copyFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { Random } from '@paidonce/ledger/simulation';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { decisionsOf, type OrderLog, observationsOf, ordersIn } from '../../examples/demo/laws.ts';
import { openBeside } from '../shop/beside.ts';
import { serve, visit } from '../shop/customers.ts';
import { torturePrints } from '../shop/figures.ts';
import { brokenIn, verdictsOnceQuiet } from '../shop/quiet.ts';
import { openScene, type Scene } from '../shop/scene.ts';
import { bringTogether, repairShop } from './after-a-restore.ts';
import { compare, query, run } from './commands.ts';
import { isByHand, isNamed, lostOf, namedIn, notBackIn, sequencesOf } from './lost.ts';
import { addShopOrders, ordersOfLog, receiptsOf } from './shop-orders.ts';

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

/** Customers come, one of each kind among them, and one who had bought before gets the money back: access ends that was there. */
async function live(scene: Scene, stage: number): Promise<void> {
  const { paid } = await scene.books();
  const isPaidAtStripe = (id: string): boolean => id.startsWith('pi_') && paid.get(id)?.refundedMinor === 0;
  const granted = ordersIn(await scene.log()).filter((order) => decisionsOf(order).at(-1)?.type === 'MembershipGranted');
  const old = granted.flatMap((order) => observationsOf(order).map(({ payment }) => payment.id)).find(isPaidAtStripe);
  await serve(scene, customers, { seed: seed + stage, atOnce: 3 });
  for (const [index, kind] of (['buys', 'is_refunded', 'pays_by_hand', 'never_pays'] as const).entries())
    await visit(scene, kind, 60_000 + 4 * stage + index, new Random(seed + 100 * stage + index));
  if (old !== undefined) await scene.stripe.refunds.create({ payment_intent: old });
}

/** The newest decision of each order that the shop has. */
function stored(scene: Scene): ReadonlyMap<string, number> {
  return new Map(query(scene, 'SELECT key, sequence FROM paidonce_delivered').map(({ key, sequence }) => [String(key), Number(sequence)]));
}

/** The orders that the shop gives access for. */
function served(scene: Scene): readonly unknown[] {
  return query(scene, "SELECT membership_id AS id FROM memberships WHERE status = 'active' ORDER BY id").map(({ id }) => id);
}

/** All of its orders, with their members and plans. */
function placed(scene: Scene): readonly object[] {
  return query(scene, 'SELECT order_id, member_id, plan FROM orders ORDER BY order_id');
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

/** As a database server puts back its tables: in one transaction, beside whoever is connected. */
function putShopBack(scene: Scene, backup: string): void {
  using database = openBeside(join(scene.dataDir, 'shop.db'));
  database.exec(`ATTACH '${backup}' AS backup; BEGIN IMMEDIATE`);
  for (const table of ['orders', 'members', 'memberships', 'paidonce_delivered'])
    database.exec(`DELETE FROM ${table}; INSERT INTO ${table} SELECT * FROM backup.${table}`);
  database.exec('COMMIT');
}

/** Somebody moves the backup over the log while the shop runs, and then does as the page says. Returns the orders of the backup. */
async function putLogBack(scene: Scene, backup: string): Promise<readonly OrderLog[]> {
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
  const orders = ordersIn(await scene.log());
  await scene.start();
  return orders;
}

interface Before {
  readonly orders: readonly OrderLog[];
  readonly served: readonly unknown[];
}

async function lookAt(scene: Scene): Promise<Before> {
  return { orders: ordersIn(await scene.log()), served: served(scene) };
}

/**
 * Each order that lost a decision is named by a command, or has come back by itself meanwhile. Only of money by hand, where the shop
 * has nothing of it either, no command can know. Returns how many there are of each.
 */
async function expectNamed(scene: Scene, { orders }: Before, backup: readonly OrderLog[]): Promise<string> {
  const [inLog, inShop] = [sequencesOf(backup), stored(scene)];
  const lost = lostOf(orders, inLog);
  const named = await namedIn(scene);
  const others = lost.filter((order) => !isNamed(order, named));
  const silent = notBackIn(ordersIn(await scene.log()), others);
  const isTraced = (order: OrderLog): boolean => !isByHand(order) || (inShop.get(order.orderId) ?? 0) > (inLog.get(order.orderId) ?? 0);
  expect(silent.filter(isTraced), `lost, and named by no command, seed ${seed}`).toEqual([]);
  const [byItself, byHand] = [others.length - silent.length, silent.length];
  return `${lost.length} orders lost, ${lost.length - others.length} named, ${byItself} back by themselves, ${byHand} by hand that no command names; all back`;
}

/** All laws but one: after `ShopAhead` the numbers of decisions have a gap, and `compare` has shown that the shop holds the newest. */
async function expectBack(scene: Scene, before: Before): Promise<void> {
  const verdicts = await verdictsOnceQuiet(scene, { but: ['Decisions are numbered 1, 2, 3, and the shop holds the newest'] });
  expect(brokenIn(verdicts), `seed ${seed}`).toEqual([]);
  const withDecisions = before.orders.filter((order) => decisionsOf(order).length > 0);
  expect(notBackIn(ordersIn(await scene.log()), withDecisions), `seed ${seed}`).toEqual([]);
  expect(served(scene)).toEqual(before.served);
}

test('the log is put back', async () => {
  const scene = await open();
  await live(scene, 0);
  const backup = await backUpLog(scene);
  await live(scene, 1);
  await untilQuiet(scene);
  const before = await lookAt(scene);
  const inBackup = await putLogBack(scene, backup);

  const named = await expectNamed(scene, before, inBackup);
  expect(named).toContain(' 0 by hand that no command names'); // The shop's table names them all.
  expect(await bringTogether(scene)).toEqual([]); // Nobody is asked: the shop has every order.
  await expectBack(scene, before);
  const inLog = (await ordersOfLog(scene)).map(({ orderId }) => orderId);
  expect(inLog).toEqual(expect.arrayContaining(before.orders.map(({ orderId }) => orderId))); // Also those that nobody has paid.
  figures.push(`log: ${named}`);
});

test("the shop's tables are put back", async () => {
  const scene = await open();
  await live(scene, 0);
  const backup = backUpShop(scene);
  await live(scene, 1);
  await untilQuiet(scene);
  const [before, orders] = [stored(scene), placed(scene)];
  putShopBack(scene, backup);

  const [had, has] = [before, stored(scene)];
  const lost = [...had].filter(([orderId, sequence]) => sequence > (has.get(orderId) ?? 0)).map(([orderId]) => orderId);
  expect(lost.length).toBeGreaterThan(0);
  expect((await compare(scene)).differing.toSorted()).toEqual(lost.toSorted());
  addShopOrders(scene, await ordersOfLog(scene));
  expect(await repairShop(scene)).toEqual([]); // The process that runs delivers what was asked for.
  expect(stored(scene)).toEqual(before);
  expect(placed(scene)).toEqual(orders);
  await untilQuiet(scene);
  figures.push(`shop: ${lost.length} memberships lost and named, all back`);
});

test.each(tables)('both are put back, with %s', async (which) => {
  const scene = await open();
  await live(scene, 0);
  let [log, table] = [await backUpLog(scene), backUpShop(scene)];
  await live(scene, 1);
  if (which === 'a newer table') table = backUpShop(scene, 'newer-shop-backup.db');
  if (which === 'an older table') log = await backUpLog(scene, 'newer-backup.db');
  await live(scene, 2);
  await untilQuiet(scene);
  const [before, receipts] = [await lookAt(scene), receiptsOf(scene)];
  putShopBack(scene, table);
  const inBackup = await putLogBack(scene, log);

  const named = await expectNamed(scene, before, inBackup);
  expect(named).not.toContain(' 0 by hand that no command names');
  expect(await bringTogether(scene, receipts)).toEqual([]);
  await expectBack(scene, before);
  figures.push(`both, with ${which}: ${named}`);
});
