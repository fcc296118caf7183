// What a command adds to a subscription, event by event, and the subscription after it.
import type { SubscriptionEvent, SubscriptionReviewKind } from './events.ts';
import { evolve, hasReview, nextReviewId, type SubscriptionState } from './subscription.ts';

export class SubscriptionTrail {
  readonly events: SubscriptionEvent[] = [];
  #state: SubscriptionState;

  constructor(before: SubscriptionState) {
    this.#state = before;
  }

  get state(): SubscriptionState {
    return this.#state;
  }

  add(event: SubscriptionEvent): void {
    this.events.push(event);
    this.#state = evolve(this.#state, event);
  }

  /** Opens a review, unless one of that kind is open for the invoice. */
  openReview(kind: SubscriptionReviewKind, invoice: string | undefined, openedAt: string): void {
    if (this.state.reviews.some((review) => review.resolution === undefined && review.kind === kind && review.invoice === invoice)) return;
    const data = { reviewId: nextReviewId(this.state), kind, ...(invoice === undefined ? {} : { invoice }), openedAt };
    this.add({ type: 'SubscriptionReviewOpened', data });
  }

  /** Opens a review once for ever: a question that a person has resolved is not asked again. */
  openReviewOnce(kind: SubscriptionReviewKind, invoice: string | undefined, openedAt: string): void {
    if (!hasReview(this.state, kind, invoice)) this.openReview(kind, invoice, openedAt);
  }
}
