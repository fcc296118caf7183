// What a log has lost where a backup was put in its place, and which of it the commands of docs/operate/after-a-restore.md name.
import { decisionsOf, isPaid, isRefund, type OrderLog, observationsOf, statusAfter } from '../../examples/demo/laws.ts';
import type { Scene } from '../shop/scene.ts';
import { compare, differingFromStripe } from './commands.ts';

/** The newest decision of each order that has one. */
export function sequencesOf(orders: readonly OrderLog[]): ReadonlyMap<string, number> {
  return new Map(
    orders.flatMap((order) => {
      const last = decisionsOf(order).at(-1);
      return last ? [[order.orderId, last.data.sequence] as const] : [];
    }),
  );
}

/** The orders of which the backup has not the newest decision: grants, also by hand, and what ended access. */
export function lostOf(before: readonly OrderLog[], backup: ReadonlyMap<string, number>): readonly OrderLog[] {
  return before.filter(({ orderId, ...order }) => {
    const newest = decisionsOf({ orderId, ...order }).at(-1)?.data.sequence ?? 0;
    return newest > (backup.get(orderId) ?? 0);
  });
}

/** The orders and payments that the commands name: each line is one that Stripe and the log, or the shop and the log, have differently. */
export async function namedIn(scene: Scene): Promise<ReadonlySet<string>> {
  const atStripe = await differingFromStripe(scene);
  return new Set([...atStripe, ...(await compare(scene)).differing]);
}

export function isNamed(order: OrderLog, named: ReadonlySet<string>): boolean {
  return named.has(order.orderId) || observationsOf(order).some(({ payment }) => named.has(payment.id));
}

/** The orders that are not as they were: of another access, or without a payment or a refund that they had. */
export function notBackIn(now: readonly OrderLog[], orders: readonly OrderLog[]): readonly OrderLog[] {
  const newest = new Map(now.map((order) => [order.orderId, order] as const));
  return orders.filter((order) => {
    const has = newest.get(order.orderId);
    if (has === undefined || givesAccess(has) !== givesAccess(order)) return true;
    const facts = factsIn(has);
    return [...factsIn(order)].some((fact) => !facts.has(fact));
  });
}

function givesAccess(order: OrderLog): boolean {
  return statusAfter(decisionsOf(order).at(-1)?.type) === 'active';
}

function factsIn(order: OrderLog): ReadonlySet<string> {
  const money = observationsOf(order).filter((observed) => isPaid(observed) || isRefund(observed));
  return new Set(money.map(({ payment, fact }) => (fact.kind === 'attempt' ? `${payment.id} paid` : `${fact.id} ${fact.status}`)));
}

/** True: all of its money was recorded by a person, and Stripe has never seen it. */
export function isByHand(order: OrderLog): boolean {
  return observationsOf(order).every(({ payment }) => payment.id.startsWith('manual:'));
}
