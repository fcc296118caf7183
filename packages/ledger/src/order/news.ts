// What moves an order on in what people decide about: new decisions, reviews and payments. A mere confirmation, a delivery, a
// checkout or a recheck does not: who looked at the order before it would decide the same after it.
import { LedgerError } from '../errors.ts';
import { amountText, paymentKey } from '../observation.ts';
import type { OrderEvent } from './events.ts';
import type { AttemptRegister, PaymentFacts } from './facts.ts';

type Payments = Readonly<Record<string, PaymentFacts>>;

/** True if the event is news to a person who looked at the order before it. */
export function isNews(event: OrderEvent, before: Payments, after: Payments): boolean {
  switch (event.type) {
    case 'OrderPlaced':
    case 'OrderWithdrawn':
    case 'PaymentMoved':
    case 'ReviewOpened':
    case 'ReviewResolved':
    case 'ShopAhead':
    case 'MembershipGranted':
    case 'MembershipSuspended':
    case 'MembershipRestored':
    case 'MembershipRevoked':
      return true;
    case 'PaymentObserved': {
      const key = paymentKey(event.data.payment);
      return !isSame(before[key], after[key]);
    }
    case 'CheckoutAttached':
    case 'StripeRechecked':
    case 'MembershipDelivered':
    case 'DeliveryFailed':
    case 'DeliveryTakenOver':
    case 'DeliveryAbandoned':
      return false;
  }
}

/** True if all that decisions rest on is as it was. Times and further names of the payment are not. */
function isSame(before: PaymentFacts | undefined, after: PaymentFacts | undefined): boolean {
  return textOf(before) === textOf(after);
}

function textOf(facts: PaymentFacts | undefined): string | undefined {
  return facts && JSON.stringify([attemptText(facts.attempt), facts.refunds, facts.disputes, facts.disputesByFirstRules]);
}

function attemptText(attempt: AttemptRegister | undefined): string | undefined {
  return attempt?.status === 'paid' ? amountText(attempt.amount) : attempt?.status;
}

interface Seen {
  readonly revision: number;
  readonly newsAtRevision: number;
}

/**
 * True if the order, or the subscription, has news since the revision that a person saw. Undefined: he did not say which one he saw.
 * @throws LedgerError `invalid_input`: it has not come so far.
 */
export function isStale(
  of: Seen & ({ readonly orderId: string } | { readonly subscriptionId: string }),
  seenRevision: number | undefined,
): boolean {
  const { revision, newsAtRevision } = of;
  if (seenRevision === undefined) return false;
  if (seenRevision > revision) {
    throw new LedgerError(
      'invalid_input',
      `${'orderId' in of ? `Order ${of.orderId}` : `Subscription ${of.subscriptionId}`} is at revision ${revision}, so nobody saw ` +
        `${seenRevision}. Pass the \`revision\` of the view that the person saw`,
    );
  }
  return seenRevision < newsAtRevision;
}
