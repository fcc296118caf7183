// Compares a subscription at Stripe with the ledger. There is no second set of rules: the ledger says, in a dry run of its one write
// path, what Stripe's state of it would lead to. Pure.
import type { SubscriptionPeriod, SubscriptionView } from '@paidonce/ledger';
import { standingText } from './imported-subscriptions.ts';

/** A subscription on which Stripe and the ledger disagree. */
export interface SubscriptionMismatch {
  readonly kind: SubscriptionMismatchKind;
  /** Stripe's id. */
  readonly subscription: string;
  readonly account: string;
  /** Absent: the ledger has none for it. */
  readonly subscriptionId?: string;
  /** What Stripe has, in words. */
  readonly stripe: string;
  /** What the ledger has, in words. */
  readonly ledger: string;
  /** After a repair: true if the mismatch is gone. Absent: no repair was requested, or only a person can repair it. */
  readonly repaired?: boolean;
}

export type SubscriptionMismatchKind =
  /** Paid at Stripe, and the ledger gives no access for it, or not for so long. */
  | 'paid_not_extended'
  /** The ledger gives access, and at Stripe nothing that is paid for reaches so far. */
  | 'extended_without_payment'
  /** The ledger gives access for a period of which the money went back, or is disputed. */
  | 'given_back_but_active'
  /** The ledger has ended or suspended it, and at Stripe it is paid. */
  | 'ended_but_paid'
  /** Another plan or quantity was paid for. */
  | 'plan_differs'
  /** The same access, by another state: what is scheduled or paused, how long grace lasts, a question that would open. */
  | 'state_differs'
  /** It lives at Stripe, it is ours by its mark or its price, and the ledger has none for it. */
  | 'not_adopted'
  /** A member has a second one that lives at Stripe, of the same kind, and pays for both. */
  | 'two_living';

/** Undefined: both agree. @param would the subscription as it would be, if the ledger observed what Stripe has. */
export function compareSubscription(
  has: SubscriptionView,
  would: SubscriptionView,
): Pick<SubscriptionMismatch, 'kind' | 'stripe' | 'ledger'> | undefined {
  const kind = kindOf(has, would);
  if (kind === undefined) return undefined;
  const others = kind === 'state_differs' ? `; ${differences(has, would).join(', ')}` : '';
  return { kind, stripe: `${standingText(would)}${others}`, ledger: standingText(has) };
}

function kindOf(has: SubscriptionView, would: SubscriptionView): SubscriptionMismatchKind | undefined {
  const [was, is] = [has.status === 'active', would.status === 'active'];
  if (was && !is) return isGivenBack(has, would) ? 'given_back_but_active' : 'extended_without_payment';
  if (!was && is) return has.status === 'none' ? 'paid_not_extended' : 'ended_but_paid';
  if (is && (has.plan !== would.plan || has.quantity !== would.quantity)) return 'plan_differs';
  const [from, to] = [has.paidThrough ?? '', would.paidThrough ?? ''];
  if (is && from < to) return 'paid_not_extended';
  if (is && from > to) return isGivenBack(has, would) ? 'given_back_but_active' : 'extended_without_payment';
  return differences(has, would).length > 0 ? 'state_differs' : undefined;
}

/** True if money of a period went back, or is disputed, and the ledger does not know. */
function isGivenBack(has: SubscriptionView, would: SubscriptionView): boolean {
  const known = new Map(has.periods.map(({ invoice, state }) => [invoice, state]));
  const isBack = ({ state }: SubscriptionPeriod): boolean => state === 'held' || state === 'given_back';
  return would.periods.some((period) => isBack(period) && known.get(period.invoice) !== period.state);
}

/** What of the state differs, in words. An invoice that is open without terms says nothing. */
function differences(has: SubscriptionView, would: SubscriptionView): readonly string[] {
  const found: string[] = [];
  const note = (what: string, a: unknown, b: unknown): void => {
    if (a !== b) found.push(`${what}: ${b ?? 'none'}, not ${a ?? 'none'}`);
  };
  note('access', has.status, would.status);
  note('valid until', has.validUntil, would.validUntil);
  note('paid through', has.paidThrough, would.paidThrough);
  note('cancellation', has.endsAt, would.endsAt);
  note('collection paused', has.collectionPaused, would.collectionPaused);
  note('trial', has.trial, would.trial);
  note('questions', kindsOf(has), kindsOf(would));
  note('periods', periodsOf(has), periodsOf(would));
  return found;
}

function kindsOf({ openReviews }: SubscriptionView): string {
  return openReviews.map(({ kind, invoice = '' }) => `${kind} ${invoice}`.trim()).join(' and ') || 'none';
}

function periodsOf({ periods }: SubscriptionView): string {
  const settled = periods.filter(({ state }) => state !== 'open');
  return settled.map(({ invoice, state }) => `${invoice} ${state}`).join(' and ') || 'none';
}
