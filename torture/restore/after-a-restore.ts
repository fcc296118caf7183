// docs/operate/after-a-restore.md, step by step, as an operator does it: takes in from Stripe what the log lost, records again what
// Stripe never saw, and repairs what the shop and the log have differently.
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { observationsOf, ordersIn } from '../../examples/demo/laws.ts';
import { openBeside } from '../shop/beside.ts';
import { observeByHand } from '../shop/customers.ts';
import type { Scene } from '../shop/scene.ts';
import { backfill, compare, run } from './commands.ts';
import { addShopOrders, ordersOfLog, type Receipts } from './shop-orders.ts';

/** Far longer than a busy machine needs. */
const deliveredWithinMs = 300_000;
const asked = ['--repair', '--actor', 'support-7', '--reason', 'a backup was put back'];

/**
 * Returns a sentence for each thing that is not together afterwards.
 * @param receipts what the customers have of their orders. They are asked only where both the log and the shop have lost the order. Default: none has.
 */
export async function bringTogether(scene: Scene, receipts: Receipts = new Map()): Promise<readonly string[]> {
  addShopOrders(scene, await ordersOfLog(scene));
  const first = await backfill(scene);
  const lostByBoth = [...first.notPlaced, ...(await statementNotIn(scene)).map(({ sessionId }) => sessionId)];
  addShopOrders(scene, await Promise.all(lostByBoth.map((sessionId) => orderOfSession(scene, sessionId, receipts))));
  const second = lostByBoth.length === 0 ? first : await backfill(scene);
  const apart = second.notPlaced.map((sessionId) => `${sessionId} is of an order that is still not placed`);
  if (second.code === 2) apart.push(`backfill: ${second.out}${second.err}`);
  apart.push(...(await recordAgain(scene)), ...(await repairShop(scene)));
  const reconciled = await run(scene, 'paidonce-stripe', 'reconcile', '--since', '1h');
  return reconciled.code === 0 ? apart : [...apart, `reconcile: ${reconciled.out}${reconciled.err}`];
}

/** Stripe has the order's id and when it was made. The member and the plan are asked for. */
async function orderOfSession({ stripe }: Scene, sessionId: string, receipts: Receipts) {
  const { metadata, created } = await stripe.checkout.sessions.retrieve(sessionId);
  const orderId = metadata?.['paidonce_order'] ?? 'none';
  const { memberId, plan } = receipts.get(orderId) ?? { memberId: 'nobody', plan: 'none' };
  return { orderId, memberId, plan, placedAt: new Date(created * 1_000).toISOString() };
}

interface StatementLine {
  readonly paymentId: string;
  readonly sessionId: string;
}

/** The lines of the bank statement that no order of the log has. `byHand` is what a shop's bank has of such money. */
async function statementNotIn(scene: Scene): Promise<readonly StatementLine[]> {
  const known = new Set(ordersIn(await scene.log()).flatMap((order) => observationsOf(order).map(({ payment }) => payment.id)));
  return [...scene.byHand].flatMap(([paymentId, { sessionId }]) => (known.has(paymentId) ? [] : [{ paymentId, sessionId }]));
}

/** A person goes through the bank statement, and records in the console what the log lacks. */
async function recordAgain(scene: Scene): Promise<readonly string[]> {
  const apart: string[] = [];
  for (const { paymentId, sessionId } of await statementNotIn(scene)) {
    const status = await observeByHand(scene, sessionId, paymentId);
    if (status !== 303) apart.push(`${paymentId} was answered ${status} when it was recorded again`);
  }
  return apart;
}

/** Compares with `--repair` until nothing differs: a delivery that is under way may end at the sequence that the shop has already. */
export async function repairShop(scene: Scene): Promise<readonly string[]> {
  const deadlineMs = performance.now() + deliveredWithinMs;
  for (;;) {
    const { out, code, err, unpaid } = await compare(scene, ...asked);
    if (code === 0) return [];
    await endRefunded(scene, unpaid);
    if (performance.now() > deadlineMs) return [`compare still differs: ${out} ${err}`];
    await wait(1_000);
  }
}

/** A payment that was refunded before the log took it in again grants nothing there: a person ends in the shop what it had granted. */
async function endRefunded(scene: Scene, unpaid: readonly string[]): Promise<void> {
  if (unpaid.length === 0) return;
  const { paid } = await scene.books();
  const isRefunded = (id: string): boolean => {
    const money = paid.get(id);
    return money !== undefined && money.refundedMinor === money.receivedMinor;
  };
  for (const order of ordersIn(await scene.log())) {
    const payments = observationsOf(order).map(({ payment }) => payment.id);
    if (unpaid.includes(order.orderId) && payments.length > 0 && payments.every(isRefunded)) endInShop(scene, order.orderId);
  }
}

function endInShop({ dataDir }: Scene, orderId: string): void {
  using database = openBeside(join(dataDir, 'shop.db'));
  database.prepare("UPDATE memberships SET status = 'revoked' WHERE membership_id = ?").run(orderId);
}
