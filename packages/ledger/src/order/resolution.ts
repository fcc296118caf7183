// What a resolution changes in an order: its review ends, and a ruling on the payment may follow.
import { invariant } from '../errors.ts';
import { paymentKey } from '../observation.ts';
import type { Resolution, ReviewOpened, ReviewResolved } from './events.ts';
import type { PaymentFacts } from './facts.ts';

export interface ReviewState extends ReviewOpened {
  /** Absent while the review is open. `moved`: its payment went to another order. */
  readonly resolution?: Resolution | 'moved';
}
/** What a person last decided about payments. Key: payment key. */
export type Rulings = Readonly<Record<string, 'accepted' | 'rejected'>>;

interface Reviewed {
  readonly orderId: string;
  readonly payments: Readonly<Record<string, PaymentFacts>>;
  readonly reviews: readonly ReviewState[];
  readonly rulings: Rulings;
}

export function resolvedIn(order: Reviewed, { reviewId, resolution }: ReviewResolved): Pick<Reviewed, 'reviews'> & Partial<Reviewed> {
  const review = order.reviews.find((each) => each.reviewId === reviewId);
  invariant(
    review !== undefined && review.resolution === undefined,
    `order ${order.orderId}: review ${reviewId} is resolved, but is not open`,
  );
  const reviews = order.reviews.map((each) => (each === review ? { ...each, resolution } : each));
  if (resolution === 'dismiss') return { reviews };
  // A person accepts a payment only if it is paid at this point. To resolve a claim accepts no amount that is reported later.
  if (resolution === 'grant' && order.payments[paymentKey(review.payment)]?.attempt?.status !== 'paid') return { reviews };
  const ruling = resolution === 'grant' ? 'accepted' : 'rejected';
  return { reviews, rulings: { ...order.rulings, [paymentKey(review.payment)]: ruling } };
}
