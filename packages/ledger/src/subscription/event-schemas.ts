// The shapes of the events of a subscription, version by version.
import * as z from 'zod';
import { type EventReader, type EventVersions, eventReader } from '../event-store/event-versions.ts';
import { currencySchema, idSchema, manualActionSchema, paymentReferenceSchema, sourceSchema, timeSchema } from '../observation.ts';
import { orderEventVersions } from '../order/event-schemas.ts';
import type { AccessCause, SubscriptionDecided, SubscriptionEvent, SubscriptionReviewKind } from './events.ts';
import { recordedStatementShape } from './observation-schemas.ts';

const causes = [
  'paid',
  'trial',
  'free',
  'plan',
  'grace',
  'paused',
  'refunded',
  'disputed',
  'canceled',
  'unpaid',
  'expired',
  'person',
] as const satisfies readonly AccessCause[];

const decidedShape = {
  membershipId: idSchema,
  memberId: idSchema,
  plan: idSchema,
  quantity: z.number().int().min(0),
  sequence: z.number().int().min(1),
  paidThrough: z.exactOptional(timeSchema),
  validUntil: timeSchema,
  cause: z.enum(causes),
  trial: z.boolean(),
  paidAt: timeSchema,
  invoice: z.exactOptional(idSchema),
  payment: z.exactOptional(paymentReferenceSchema),
  source: sourceSchema,
};
const decidedSchema: z.ZodType<SubscriptionDecided> = z.strictObject(decidedShape);

const observedShape = {
  ...recordedStatementShape,
  subscription: paymentReferenceSchema,
  subscriptionId: z.exactOptional(idSchema),
  look: z.exactOptional(timeSchema),
  observedAt: timeSchema,
  factKey: z.string(),
};

const reviewKinds = [
  'paid_after_end',
  'paid_for_the_past',
  'credit_of_unpaid',
  'unknown_price',
  'two_plans',
  'double_subscription',
  'shared_payment',
  'dispute_past_period',
  'metered_only',
  'subscription_missing',
  'currency',
  'mode',
  'account',
  'conflicting_evidence',
  'claimed_by_two',
] as const satisfies readonly SubscriptionReviewKind[];

// Events that a subscription shares with an order keep the versions that they have there.
const { CheckoutAttached, MembershipDelivered, DeliveryFailed, DeliveryTakenOver, DeliveryAbandoned, ShopAhead, StripeRechecked } =
  orderEventVersions;

/** The shapes of each type, version by version. A changed shape is a new version at the end. */
export const subscriptionEventVersions: EventVersions<SubscriptionEvent> = {
  SubscriptionPlaced: [
    z.strictObject({
      subscriptionId: idSchema,
      memberId: idSchema,
      plan: idSchema,
      kind: idSchema,
      currency: z.exactOptional(currencySchema),
      account: idSchema,
      livemode: z.boolean(),
      origin: z.enum(['started', 'imported']),
      placedAt: timeSchema,
    }),
  ],
  SubscriptionObserved: [
    z.discriminatedUnion('source', [
      z.strictObject({ ...observedShape, source: z.enum(['webhook', 'poll', 'status_query']) }),
      z.strictObject({ ...observedShape, source: z.literal('manual'), by: manualActionSchema }),
    ]),
  ],
  SubscriptionGranted: [decidedSchema],
  SubscriptionExtended: [decidedSchema],
  SubscriptionChanged: [z.strictObject({ ...decidedShape, change: z.enum(['plan_changed', 'adjusted']) })],
  SubscriptionSuspended: [decidedSchema],
  SubscriptionRestored: [decidedSchema],
  SubscriptionEnded: [decidedSchema],
  SubscriptionRevoked: [decidedSchema],
  SubscriptionReviewOpened: [
    z.strictObject({ reviewId: idSchema, kind: z.enum(reviewKinds), invoice: z.exactOptional(idSchema), openedAt: timeSchema }),
  ],
  SubscriptionReviewResolved: [
    z.strictObject({
      reviewId: idSchema,
      resolution: z.enum(['grant', 'revoke', 'dismiss']),
      seenRevision: z.number().int().min(0),
      by: manualActionSchema,
    }),
  ],
  CheckoutAttached,
  MembershipDelivered,
  DeliveryFailed,
  DeliveryTakenOver,
  DeliveryAbandoned,
  ShopAhead,
  StripeRechecked,
};

const reader: EventReader<SubscriptionEvent> = eventReader<SubscriptionEvent>(subscriptionEventVersions);

/** Gives a stored event of a subscription's stream in its newest shape. @throws LedgerError `file_newer`, `corrupt`. */
export const readSubscriptionEvent: EventReader<SubscriptionEvent>['read'] = reader.read;

/** The lowest version whose schema holds the event. @throws LedgerError `corrupt`: none does. */
export const versionOfSubscriptionEvent: EventReader<SubscriptionEvent>['versionOf'] = reader.versionOf;
