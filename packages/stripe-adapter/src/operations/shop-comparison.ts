// What the shop's list says of a subscription against what Stripe's invoices entitle to. Pure.
import type { SubscriptionView } from '@paidonce/ledger';
import { type DifferenceKind, type DifferingSubscription, standingText } from './imported-subscriptions.ts';
import type { ShopSubscription } from './shop-subscriptions.ts';

/** A shop may know the day alone, or in another zone. */
const dayMs = 24 * 3_600_000;

/** Undefined: they agree. @param would the subscription as the ledger would have it. */
export function compareWithShop(shop: ShopSubscription, would: SubscriptionView): DifferingSubscription | undefined {
  const { subscription, memberId, plan, active, until } = shop;
  const kinds: DifferenceKind[] = [];
  const isActive = would.status === 'active';
  if (active && !isActive) kinds.push('active_but_unpaid');
  if (!active && isActive) kinds.push('paid_but_inactive');
  if (active && isActive) {
    if (would.plan !== plan) kinds.push('plan_differs');
    if (until !== undefined && !isUntil(until, would)) kinds.push('until_differs');
  }
  if (kinds.length === 0) return undefined;
  const ends = until === undefined ? '' : `, until ${until}`;
  const text = active ? `active, ${plan}${ends}` : `no access (${plan})`;
  return { subscription, subscriptionId: would.subscriptionId, memberId, kinds, shop: text, stripe: standingText(would) };
}

/** The end of what is paid for, or of the days of grace, or between, is the same to a shop: within a day. */
function isUntil(until: string, { paidThrough, validUntil }: SubscriptionView): boolean {
  const at = Date.parse(until);
  return at >= Date.parse(paidThrough ?? until) - dayMs && at <= Date.parse(validUntil ?? until) + dayMs;
}
