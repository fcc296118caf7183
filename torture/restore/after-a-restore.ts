// docs/operate/after-a-restore.md, step by step, as an operator does it: takes in from Stripe what the log lost, and repairs what the
// shop and the log have differently.
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { observationsOf, ordersIn } from '../../examples/demo/laws.ts';
import { openBeside } from '../shop/beside.ts';
import { observeByHand } from '../shop/customers.ts';
import type { Scene } from '../shop/scene.ts';
import { backfill, compare, run } from './commands.ts';

/** Far longer than a busy machine needs. */
const deliveredWithinMs = 300_000;
const asked = ['--repair', '--actor', 'support-7', '--reason', 'a backup was put back'];

/** Returns a sentence for each thing that is not together afterwards. */
export async function bringTogether(scene: Scene): Promise<readonly string[]> {
  await backfill(scene);
  const apart = [...(await recordAgain(scene)), ...(await repairShop(scene))];
  const reconciled = await run(scene, 'paidonce-stripe', 'reconcile', '--since', '1h');
  return reconciled.code === 0 ? apart : [...apart, `reconcile: ${reconciled.out}${reconciled.err}`];
}

/** Money by hand is at no provider: a person records it again in the orders that lost it. */
async function recordAgain(scene: Scene): Promise<readonly string[]> {
  const log = await scene.log();
  const known = new Set(log.flatMap(({ type, data }) => (type === 'PaymentObserved' ? [(data as Observed).payment.id] : [])));
  const apart: string[] = [];
  for (const [paymentId, { sessionId }] of scene.byHand) {
    if (known.has(paymentId)) continue;
    const status = await observeByHand(scene, sessionId, paymentId);
    if (status !== 303) apart.push(`${paymentId} was answered ${status} when it was recorded again`);
  }
  return apart;
}

interface Observed {
  readonly payment: { readonly id: string };
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
