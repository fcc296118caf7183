// Which lines of an invoice are of a plan.
import { type CoverLine, planOf, type SubscriptionPolicy } from '@paidonce/ledger/adapter';

/** Whether a plan names the price or the product. Without plans every recurring line is of the plan that was placed. */
export function isOfPlan(line: Pick<CoverLine, 'price' | 'product'>, plans: SubscriptionPolicy['plans']): boolean {
  return planOf(line, { plans }, 'placed') !== undefined;
}
