// Which lines of an invoice are of a plan.
import type { CoverLine, SubscriptionPolicy } from '@paidonce/ledger/adapter';

/** Whether a plan names the price or the product. Without plans every recurring line is of the plan that was placed. */
export function isOfPlan({ price, product }: Pick<CoverLine, 'price' | 'product'>, plans: SubscriptionPolicy['plans']): boolean {
  const named = Object.values(plans);
  return named.length === 0 || named.some((names) => names.includes(price) || names.includes(product));
}
