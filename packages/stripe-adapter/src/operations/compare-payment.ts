// Compares one payment at Stripe with the ledger. There is no second set of rules: the ledger says, in a dry run of its one
// write path, what Stripe's state of the payment would add. A mismatch is what would change who has access, or what a person
// would have to look at.
import type { Observation, OrderView, Statement } from '@paidonce/ledger';
import type { ObservationPreview } from '@paidonce/ledger/adapter';
import { toObservation } from '../mapping/to-observation.ts';
import type { StripeMoney } from '../stripe/money-objects.ts';
import type { StripeCalls } from '../stripe/stripe-calls.ts';
import type { Answer, ListPage } from '../stripe/stripe-request.ts';
import type { BatchContext } from './batch-context.ts';
import { refundedInLedger } from './ledger-payment.ts';
import type { ProviderPayment } from './provider-payments.ts';

type Recorded = Extract<ObservationPreview, { outcome: 'recorded' }>;

/** Undefined: both agree. @throws LedgerError `provider_unavailable`, or a code of the store. */
export async function comparePayment(paid: ProviderPayment, calls: StripeCalls, work: BatchContext): Promise<Mismatch | undefined> {
  const { id: paymentId, account, capturedMinor, currency } = paid;
  const stripe = `paid, ${capturedMinor} ${currency}`;
  const order = await work.ledger.orderOf(paymentId);
  if (paid.ofSubscription !== undefined) return undefined; // Of it the invoice is compared.
  if (order === undefined) return { kind: 'paid_without_grant', paymentId, account, stripe, ledger: 'no order has it' };
  const reversals = await reversalsOf(paid, order, calls, work);
  const preview = await work.ledger.forAdapters.wouldObserve([paidAs(paid), ...reversals]);
  const found = { paymentId, account, orderId: order.orderId, stripe };
  if (preview.outcome === 'held') return { kind: 'paid_without_grant', ...found, ledger: 'no order has it' };
  if (preview.outcome === 'of_subscription') return undefined;
  return mismatchOf(preview, order, found);
}

function mismatchOf(preview: Recorded, order: OrderView, found: Omit<Mismatch, 'kind' | 'ledger'>): Mismatch | undefined {
  const { membership } = order;
  if (preview.isNew) return { kind: 'paid_without_grant', ...found, ledger: 'no source has reported it paid' };
  if (membership === 'active' && preview.membership !== 'active') {
    return { kind: 'refunded_but_active', ...found, ledger: `active; what Stripe has of it would make it ${preview.membership}` };
  }
  if (membership !== 'active' && preview.membership === 'active') {
    return { kind: 'paid_without_grant', ...found, ledger: `membership ${membership}; what Stripe has of it would make it active` };
  }
  if (preview.reviews.length > 0) {
    return { kind: 'amount_differs', ...found, ledger: `another state: it would open a review (${preview.reviews.join(', ')})` };
  }
  if (preview.changesReversals) {
    const kind = membership === 'active' ? 'refunded_but_active' : 'amount_differs';
    return { kind, ...found, ledger: `membership ${membership}, and other refunds or disputes than Stripe has` };
  }
  // Paid, and no refund or dispute explains why nobody has access: a person must decide.
  if (membership === 'active' || preview.payment !== 'does_not_count') return undefined;
  const waits = preview.openReviews.join(', ');
  return { kind: 'paid_without_grant', ...found, ledger: `membership ${membership}${waits ? `, under review: ${waits}` : ''}` };
}

/** The charge says no discount, tax or shipping: a total that is known with its parts stays as it is. */
function paidAs({ id, account, livemode, capturedMinor, currency, answer }: ProviderPayment): Observation {
  return {
    payment: { provider: 'stripe', account, livemode, id },
    fact: { kind: 'attempt', status: 'paid', amount: { totalMinor: capturedMinor, currency } },
    asOf: answer.asOf,
    evidence: { objectId: id },
    source: 'poll',
  };
}

/** What Stripe has as reversed. It is read only if the charge shows something, or if the ledger has another sum. */
async function reversalsOf(
  { id, account, livemode, money }: ProviderPayment,
  { orderId }: OrderView,
  calls: StripeCalls,
  { ledger, ourLedger }: BatchContext,
): Promise<readonly Observation[]> {
  if (money === undefined) return [];
  const pages: (Answer<ListPage> | undefined)[] = [];
  const known = refundedInLedger(await ledger.history(orderId), id);
  if (money.amount_refunded !== known) pages.push(await refundsOf(money, calls));
  if (money.disputed && money.payment_intent !== null) pages.push(await calls.disputes(id));
  return pages.flatMap((page) =>
    (page?.object.objects ?? []).flatMap((object): readonly Observation[] => {
      const mapped = toObservation(object, { account, livemode, asOf: page?.asOf ?? '' }, ourLedger.scope);
      return mapped.kind === 'statement' ? [observationOf(mapped.statement, id)] : [];
    }),
  );
}

function refundsOf({ id, payment_intent: intent }: StripeMoney, calls: StripeCalls): Promise<Answer<ListPage> | undefined> {
  return calls.refunds(intent === null ? { charge: id } : { payment_intent: intent });
}

function observationOf({ orderId: _, ...statement }: Statement, paymentId: string): Observation {
  return { ...statement, payment: { ...statement.payment, id: paymentId }, source: 'poll' };
}

/** A payment on which Stripe and the ledger disagree. */
export interface Mismatch {
  readonly kind: MismatchKind;
  readonly paymentId: string;
  readonly account: string;
  /** Absent: the ledger has no order for it. */
  readonly orderId?: string;
  /** What Stripe has, in words. */
  readonly stripe: string;
  /** What the ledger has, in words. */
  readonly ledger: string;
  /** After a repair: true if the mismatch is gone. Absent: no repair was requested, or only a person can repair it. */
  readonly repaired?: boolean;
}

export type MismatchKind = 'paid_without_grant' | 'granted_without_payment' | 'amount_differs' | 'refunded_but_active';
