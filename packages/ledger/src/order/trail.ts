// What a command adds to an order, event by event, and the order after it.
import { type PaymentReference, paymentKey } from '../observation.ts';
import type { OrderEvent, ReviewKind } from './events.ts';
import { evolve, hasReview, nextReviewId, type OrderState } from './order.ts';

/** The events added so far, and the state that they lead to. Folds only when the state is read: a confirmation never needs it. */
export class Trail {
  readonly events: OrderEvent[] = [];
  #state: OrderState;
  #folded = 0;

  constructor(before: OrderState) {
    this.#state = before;
  }

  add(event: OrderEvent): void {
    this.events.push(event);
  }

  get state(): OrderState {
    for (const event of this.events.slice(this.#folded)) this.#state = evolve(this.#state, event);
    this.#folded = this.events.length;
    return this.#state;
  }

  /** Opens a review, unless one of that kind is open for the payment. */
  openReview(kind: ReviewKind, payment: PaymentReference, openedAt: string): void {
    const key = paymentKey(payment);
    if (this.state.reviews.some((review) => review.resolution === undefined && review.kind === kind && paymentKey(review.payment) === key))
      return;
    this.add({ type: 'ReviewOpened', data: { reviewId: nextReviewId(this.state), kind, payment, openedAt } });
  }

  /** Opens a review once for ever: a question that a person has resolved is not asked again. */
  openReviewOnce(kind: ReviewKind, payment: PaymentReference, openedAt: string): void {
    if (!hasReview(this.state, kind, payment)) this.openReview(kind, payment, openedAt);
  }
}
