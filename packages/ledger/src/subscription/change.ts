// What the shop is told of a decision about a subscription.
import type { AccessCause, SubscriptionOutcome } from './events.ts';
import type { SubscriptionState } from './subscription.ts';

/**
 * A decision about a subscription, as `deliver` gets it. It says the whole state to be in, so that a newer one replaces an older
 * one: store it where your stored sequence is lower. Mails belong to `granted`, `suspended`, `ended` and `revoked`.
 */
export interface SubscriptionChange {
  /** Tells it from the change of an order, which has no `type`. */
  readonly type: 'subscription';
  /** The subscription's id in the shop. */
  readonly membershipId: string;
  readonly memberId: string;
  readonly plan: string;
  /** How many of the plan were paid for, such as seats. */
  readonly quantity: number;
  readonly change: SubscriptionOutcome;
  /** The status after this change. An end is `revoked` with the change `ended`. */
  readonly status: 'active' | 'suspended' | 'revoked';
  /** 1, 2, 3… within the subscription. It jumps only where the shop had answered a higher one. */
  readonly sequence: number;
  /** True: access rests on a trial. */
  readonly trial: boolean;
  /** The end of what is paid for, without grace. ISO 8601 UTC. Absent: nothing that was paid counts. */
  readonly paidThrough?: string;
  /** While `active`: let in until then without hearing from us, graces included. Else: when it ended, or would. ISO 8601 UTC. */
  readonly validUntil: string;
  readonly cause: AccessCause;
  /** When the invoice that access rests on was paid; of a trial, its start. Provider's clock, ISO 8601 UTC. */
  readonly paidAt: string;
  /** `subscription/${membershipId}:${sequence}`. It never changes, also not at a repeated delivery. */
  readonly idempotencyKey: string;
}

/** The newest decision. Answers undefined where nothing was decided. */
export function subscriptionChangeOf({ decided, membership }: SubscriptionState): SubscriptionChange | undefined {
  if (decided === undefined || membership === 'none') return undefined;
  const { membershipId, memberId, plan, quantity, sequence, trial, paidThrough, validUntil, cause, paidAt, outcome } = decided;
  return {
    type: 'subscription',
    membershipId,
    memberId,
    plan,
    quantity,
    change: outcome,
    status: membership,
    sequence,
    trial,
    ...(paidThrough === undefined ? {} : { paidThrough }),
    validUntil,
    cause,
    paidAt,
    idempotencyKey: `subscription/${membershipId}:${sequence}`,
  };
}
