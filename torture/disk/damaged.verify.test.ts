// A page of the log is damaged while the shop runs: what needs the page is answered 503, nothing of it is acknowledged, and other
// customers are served. Then a start is refused, and the backup with Stripe brings all back.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StoredEvent } from '@paidonce/ledger';
import { Random } from '@paidonce/ledger/simulation';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { readFrom } from '../../examples/cluster/run.ts';
import { bringTogether } from '../restore/after-a-restore.ts';
import { query, run } from '../restore/commands.ts';
import { serve } from '../shop/customers.ts';
import { torturePrints } from '../shop/figures.ts';
import { brokenIn, verdictsOnceQuiet } from '../shop/quiet.ts';
import { auditWithDamage, checkpoint, damage, pagesIn, pagesOfEvents } from './damage.ts';
import { askOfOrder, grantedAtStripe } from './damaged-order.ts';
import { openTroubledShop } from './trouble.ts';

const { TEST_SEED = '1' } = process.env;
const seed = Number(TEST_SEED);
const passed: string[] = [];
afterAll(() => torturePrints('disk', seed, passed.join('; ')));

test('a page of the log is damaged while the shop runs: `corrupt` where it is needed, and the backup with Stripe brings all back', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'paidonce-damaged-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const { scene, webhooks, ...shop } = await openTroubledShop(folder, seed);
  onTestFinished(() => shop[Symbol.asyncDispose]());
  const [log, backup] = [join(folder, 'ledger.db'), join(folder, 'backup.db')];
  expect(await run(scene, 'paidonce', 'backup', backup)).toMatchObject({ code: 0 });
  await serve(scene, 12, { seed: seed + 1, atOnce: 3 });
  expect(brokenIn(await verdictsOnceQuiet(scene)), `seed ${seed}`).toEqual([]);
  await scene.shop.stop();

  const random = new Random(seed);
  const pages = Array.from({ length: pagesIn(log) }, (_, index) => index + 1);
  const unfound: number[] = [];
  for (const page of pages) if ((await auditWithDamage(log, page, random)) === undefined) unfound.push(page);
  expect(unfound, `damaged pages that no audit finds, seed ${seed}`).toEqual([]);
  passed.push(`a stopped log, each of ${pages.length} damaged pages found`);

  await scene.start(); // The process has folded none of its old orders yet, but for what the poll reads.
  const whole = await readFrom(scene.ledgerUrl);
  const delivered = new Set(query(scene, "SELECT order_id FROM orders WHERE fate = 'delivered'").map(({ order_id: id }) => id));
  const orders = grantedAtStripe(whole.events).filter(({ orderId }) => delivered.has(orderId));
  const older = pagesOfEvents(log).slice(0, -1); // Appends go to the last one.
  const order = random.pick(orders);
  const { page } = random.pick(older.filter(({ streams }) => streams.has(`order-${order.orderId}`)));
  await checkpoint(log);
  damage(log, page, random); // At once: what is read in between stands in the memory of SQLite.

  const answers = await askOfOrder(scene, webhooks, order);
  // Both show each event of the order, so they read it.
  expect([answers.page, answers.console]).toEqual([503, 503]);
  expect(scene.warnings()).toMatch(/^corrupt: .*ledger\.db: .*Stop the writers and keep the file as it is\.$/m);
  // The poll may have read the order before. A process that has it in memory knows that it is paid, leads nobody to pay again, and
  // can append what is new of it.
  expect(answers.status).toMatch(/^(503 \{"error":"corrupt"\}|200 \{.*"active")/);
  expect(answers.pay).toBeOneOf(['503', `303 /orders/${order.orderId}`]);
  expect([answers.manual, ...answers.refund].filter((status) => ![200, 303, 503].includes(status))).toEqual([]);

  // Others are served meanwhile, by all sources, and what was acknowledged to them is in the log.
  await serve(scene, 6, { seed: seed + 2, atOnce: 3 });
  const since = async (): Promise<readonly StoredEvent[]> => (await readFrom(scene.ledgerUrl, whole.next)).events;
  const paid = [...(await scene.books()).paid.keys()];
  await expect.poll(async () => unknownIn(paid, [...whole.events, ...(await since())])).toEqual([]);
  expect(await scene.acknowledged.missingIn(async () => [...whole.events, ...(await since())])).toEqual([]);
  const recorded = [...(answers.refund.includes(200) ? [answers.refundId] : []), ...(answers.manual === 503 ? [] : ['manual:damaged'])];
  expect(unknownIn(recorded, await since())).toEqual([]);

  await scene.shop.stop();
  await expect(scene.start()).rejects.toThrow('ended before it was ready');
  expect(await run(scene, 'paidonce', 'verify')).toMatchObject({ code: expect.toBeOneOf([2, 3]) });
  expect(await run(scene, 'paidonce', 'restore', backup)).toMatchObject({ code: 0 });
  await scene.start();
  expect(await bringTogether(scene)).toEqual([]);
  const verdicts = await verdictsOnceQuiet(scene, { but: ['Decisions are numbered 1, 2, 3, and the shop holds the newest'] });
  expect(brokenIn(verdicts), `seed ${seed}`).toEqual([]);
  passed.push('damaged while it runs');
});

/** The ids that no event names. */
function unknownIn(ids: readonly string[], log: readonly StoredEvent[]): readonly string[] {
  const text = JSON.stringify(log.map(({ data }) => data));
  return ids.filter((id) => !text.includes(id));
}
