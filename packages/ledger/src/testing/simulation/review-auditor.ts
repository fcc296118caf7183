// The auditor's rules for reviews: when one is opened, and how a person resolves it.
import type { PaymentReference } from '../../observation.ts';
import type { AuditContext } from './audit-context.ts';
import type { AuditedEvent, AuditedOrder } from './audited-log.ts';
import { paymentOf } from './audited-payments.ts';
import type { Coverage, Place } from './coverage.ts';
import { isPaidInVain, mismatchesOf } from './expected-access.ts';
import { nameOf } from './fact-text.ts';

const reviewPlaces: Readonly<Record<string, Place>> = {
  amount: 'amount',
  currency: 'currency',
  mode: 'mode',
  account: 'account',
  overpaid: 'overpaid',
  conflicting_evidence: 'conflicting evidence',
  claimed_by_two: 'claimed by two',
  paid_again: 'paid again',
  refunds_exceed: 'refunds exceed',
  withdrawn: 'paid after its order was withdrawn',
};

export function reviewOpened(order: AuditedOrder, { data, place }: AuditedEvent, { broken, world }: AuditContext): void {
  const { reviewId, kind, payment } = data as { reviewId: string; kind: string; payment: PaymentReference };
  const open = [...order.reviews.values()].some(
    (review) => !review.resolved && review.kind === kind && review.paymentId === nameOf(payment),
  );
  if (open || order.reviews.has(reviewId)) broken('a review is opened once', `${place}: ${kind} of ${nameOf(payment)}`);
  order.reviews.set(reviewId, { kind, paymentId: nameOf(payment), resolved: false });
  const met = reviewPlaces[kind];
  if (met) world.coverage.met(met);
  meetReview(order, kind, nameOf(payment), world.coverage);
  if (!hasReason(order, kind, nameOf(payment))) broken('a review has its reason', `${place}: ${kind} of ${nameOf(payment)}`);
}

function meetReview(order: AuditedOrder, kind: string, paymentId: string, coverage: Coverage): void {
  const before = [...order.reviews.values()].filter((review) => review.kind === kind && review.paymentId === paymentId);
  if (kind === 'conflicting_evidence' && before.length > 1) coverage.met('conflicting evidence again');
  if (kind === 'paid_again' && order.policy?.paidAgain === 'review') coverage.met('paid again, and waits for a person');
  const paid = order.facts.has(paymentId) ? paymentOf(order, paymentId).paid : undefined;
  if (kind === 'currency' && order.placed && paid && paid.totalMinor < order.placed.amountMinor) coverage.met('two mismatches at once');
}

/** True if the recorded facts call for the review. */
function hasReason(order: AuditedOrder, kind: string, paymentId: string): boolean {
  const { placed, policy, status, facts } = order;
  if (!placed || !policy) return kind === 'claimed_by_two' || kind === 'conflicting_evidence'; // These need no placed order.
  const payment = facts.has(paymentId) ? paymentOf(order, paymentId) : undefined;
  const isMismatch = payment !== undefined && mismatchesOf(placed, payment).some((mismatch) => mismatch === kind);
  switch (kind) {
    case 'amount':
    case 'currency':
    case 'mode':
    case 'account':
      return isMismatch;
    case 'overpaid':
      return isMismatch || facts.size > 1;
    case 'paid_again':
      return status === 'revoked';
    case 'withdrawn':
      return payment !== undefined && isPaidInVain(placed, payment, policy);
    default:
      return true;
  }
}

export function reviewResolved(order: AuditedOrder, { data, place }: AuditedEvent, { broken }: AuditContext): void {
  const { reviewId, resolution, seenRevision } = data as {
    reviewId: string;
    resolution: 'grant' | 'revoke' | 'dismiss';
    seenRevision: number;
  };
  const review = order.reviews.get(reviewId);
  if (!review || review.resolved) {
    broken('a review is resolved once', `${place}: ${reviewId}`);
    return;
  }
  if (seenRevision < order.newsAtRevision) {
    broken(
      'nobody rules on what they have not seen',
      `${place} saw revision ${seenRevision}, the order had news at ${order.newsAtRevision}`,
    );
  }
  order.reviews.set(reviewId, { ...review, resolved: true });
  // `grant` decides about the payment only if it is paid; otherwise it accepts only the claim.
  const facts = order.facts.get(review.paymentId);
  const isPaid = facts?.known.payment(facts.reference, undefined).paid !== undefined;
  if (resolution === 'revoke' || (resolution === 'grant' && isPaid)) order.rulings.set(review.paymentId, resolution);
}
