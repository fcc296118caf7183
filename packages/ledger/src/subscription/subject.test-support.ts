// The subscription under test: what is told to it, and what it has decided, read from its events alone.
import { isDeepStrictEqual } from 'node:util';
import type { Resolution } from '../order/events.ts';
import { decide } from './decide.ts';
import {
  isSubscriptionDecision,
  type SubscriptionDecision,
  type SubscriptionEvent,
  type SubscriptionObserved,
  type SubscriptionPlaced,
} from './events.ts';
import { subscriptionFactKey } from './fact-text.ts';
import type { Told } from './law.test-support.ts';
import type { SubscriptionPolicy } from './policy.ts';
import { evolve, noSubscription, type SubscriptionState } from './subscription.ts';
import type { Telling } from './tellings.test-support.ts';

const reference = { provider: 'stripe', account: 'acct_1', livemode: true, id: 'sub_1' };

export const placed: SubscriptionPlaced = {
  subscriptionId: 'subscription-1',
  memberId: 'member-1',
  plan: 'silver',
  kind: 'membership',
  currency: 'usd',
  account: 'acct_1',
  livemode: true,
  origin: 'started',
  placedAt: '2026-01-01T00:00:00.000Z',
};

export function observedOf({ statements, look, source }: Telling): readonly SubscriptionObserved[] {
  return statements.map((each) => {
    const observed = {
      ...each,
      fact: { ...each.fact }, // As each source reads it: no two tellings share an object.
      subscription: reference,
      ...(look === undefined ? {} : { look }),
      observedAt: each.asOf,
      factKey: subscriptionFactKey(reference, each.fact),
    };
    return source === 'manual' ? { ...observed, source, by: support } : { ...observed, source };
  });
}

const support = { actor: 'support-7', reason: 'asked the member' };

/** What the shop was told last: how its row of the member stands. */
export interface Row {
  readonly status: 'none' | 'active' | 'suspended' | 'over';
  readonly data?: SubscriptionDecision['data'];
}

const statusOf: Readonly<Record<SubscriptionDecision['type'], Exclude<Row['status'], 'none'> | 'same'>> = {
  SubscriptionGranted: 'active',
  SubscriptionExtended: 'same',
  SubscriptionChanged: 'same',
  SubscriptionSuspended: 'suspended',
  SubscriptionRestored: 'active',
  SubscriptionEnded: 'over',
  SubscriptionRevoked: 'over',
};

export function rowAfter(row: Row, { type, data }: SubscriptionDecision): Row {
  const status = statusOf[type];
  return { status: status === 'same' ? row.status : status, data };
}

export class Subject {
  policy: SubscriptionPolicy;
  readonly events: SubscriptionEvent[] = [];
  readonly recorded: Told[] = [];
  readonly decisions: SubscriptionDecision[] = [];
  row: Row = { status: 'none' };
  #state: SubscriptionState = noSubscription('subscription-1');

  constructor(policy: SubscriptionPolicy) {
    this.policy = policy;
  }

  get state(): SubscriptionState {
    return this.#state;
  }

  place(): void {
    this.#add(decide(this.#state, { type: 'place', subscription: placed }, this.policy));
  }

  /** A person's word about an open review. Answers the invoice that it is about. */
  resolve(reviewId: string, resolution: Resolution): string | undefined {
    const at = '2027-01-01T00:00:00.000Z';
    this.#add(
      decide(this.#state, { type: 'resolve', reviewId, resolution, seenRevision: this.#state.revision, by: support, at }, this.policy),
    );
    return this.#state.reviews.find((review) => review.reviewId === reviewId)?.invoice;
  }

  /** Answers what it decided. */
  tell(telling: Telling): readonly SubscriptionDecision[] {
    const events = this.decidedOn(telling);
    this.#add(events);
    return events.filter(isSubscriptionDecision);
  }

  decidedOn(telling: Telling): readonly SubscriptionEvent[] {
    return decide(this.#state, { type: 'observe', observed: observedOf(telling) }, this.policy);
  }

  /** True if the events alone, folded anew, lead to the same state. */
  isReplayed(): boolean {
    return isDeepStrictEqual(foldOf(JSON.parse(JSON.stringify(this.events)) as SubscriptionEvent[]), this.#state);
  }

  #add(events: readonly SubscriptionEvent[]): void {
    for (const event of events) {
      this.#state = evolve(this.#state, event);
      this.events.push(event);
      if (event.type === 'SubscriptionObserved') this.recorded.push(event.data);
      if (!isSubscriptionDecision(event)) continue;
      this.decisions.push(event);
      this.row = rowAfter(this.row, event);
    }
  }
}

function foldOf(events: readonly SubscriptionEvent[]): SubscriptionState {
  return events.reduce((state, event) => evolve(state, event), noSubscription('subscription-1'));
}
