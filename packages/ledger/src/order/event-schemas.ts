// The shapes of the events of an order, version by version.
import * as z from 'zod';
import { type EventReader, type EventVersions, eventReader } from '../event-store/event-versions.ts';
import {
  currencySchema,
  evidenceSchema,
  factSchema,
  idSchema,
  manualActionSchema,
  minorSchema,
  paymentReferenceSchema,
  sourceSchema,
  timeSchema,
} from '../observation.ts';
import type { AllowedParts, DeliveryError, MembershipDecided, OrderEvent, OrderPlaced } from './events.ts';

const sequenceSchema = z.number().int().min(1);
const revisionSchema = z.number().int().min(0);
const countSchema = z.number().int().min(0);
const millisecondsSchema = z.number().min(0);
const observedShape = {
  payment: paymentReferenceSchema,
  aliases: z.exactOptional(z.array(idSchema)),
  orderId: z.exactOptional(idSchema),
  fact: factSchema,
  asOf: timeSchema,
  occurredAt: z.exactOptional(timeSchema),
  evidence: evidenceSchema,
  observedAt: timeSchema,
  factKey: z.string(),
};
const decidedSchema: z.ZodType<MembershipDecided> = z.strictObject({
  membershipId: idSchema,
  memberId: idSchema,
  plan: idSchema,
  sequence: sequenceSchema,
  paidAt: timeSchema,
  payment: paymentReferenceSchema,
  source: sourceSchema,
});

const reviewShape = { reviewId: idSchema, payment: paymentReferenceSchema, openedAt: timeSchema };
const reviewKinds = ['amount', 'currency', 'mode', 'account', 'overpaid', 'conflicting_evidence', 'claimed_by_two', 'paid_again'] as const;

const allowShape = { discount: z.boolean(), tax: z.boolean(), shipping: z.boolean() };
const placedShape = (allow: z.ZodType<AllowedParts>): z.ZodType<OrderPlaced> =>
  z.strictObject({
    orderId: idSchema,
    memberId: idSchema,
    plan: idSchema,
    expected: z.strictObject({ amountMinor: minorSchema, currency: currencySchema, allow }),
    livemode: z.boolean(),
    account: idSchema,
    placedAt: timeSchema,
  });

const attachedShape = {
  payment: paymentReferenceSchema,
  attachedAt: timeSchema,
  expiresAt: z.exactOptional(timeSchema),
  recoverableUntil: z.exactOptional(timeSchema),
};
const failedShape = {
  sequence: sequenceSchema,
  waitMs: millisecondsSchema,
  spentMs: millisecondsSchema,
  reason: z.enum(['error', 'timeout']),
};
const errorWord = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/);
const deliveryErrorSchema: z.ZodType<DeliveryError> = z.strictObject({ name: errorWord, code: z.exactOptional(errorWord) });

/** The shapes of each type, version by version. A changed shape is a new version at the end. */
export const orderEventVersions: EventVersions<OrderEvent> = {
  OrderPlaced: [
    placedShape(z.strictObject(allowShape)),
    placedShape(z.strictObject({ ...allowShape, more: z.exactOptional(z.literal(true)) })),
  ],
  CheckoutAttached: [z.strictObject(attachedShape), z.strictObject({ ...attachedShape, by: z.exactOptional(manualActionSchema) })],
  PaymentObserved: [
    z.discriminatedUnion('source', [
      z.strictObject({ ...observedShape, source: z.enum(['webhook', 'poll', 'status_query']) }),
      z.strictObject({ ...observedShape, source: z.literal('manual'), by: manualActionSchema }),
    ]),
  ],
  MembershipGranted: [decidedSchema],
  MembershipSuspended: [decidedSchema],
  MembershipRestored: [decidedSchema],
  MembershipRevoked: [decidedSchema],
  ReviewOpened: [
    z.strictObject({ ...reviewShape, kind: z.enum(reviewKinds) }),
    z.strictObject({ ...reviewShape, kind: z.enum([...reviewKinds, 'refunds_exceed']) }),
    z.strictObject({ ...reviewShape, kind: z.enum([...reviewKinds, 'refunds_exceed', 'withdrawn']) }),
  ],
  ReviewResolved: [
    z.strictObject({
      reviewId: idSchema,
      resolution: z.enum(['grant', 'revoke', 'dismiss']),
      seenRevision: revisionSchema,
      by: manualActionSchema,
    }),
  ],
  PaymentMoved: [
    z.strictObject({ payment: paymentReferenceSchema, toOrderId: idSchema, linkRevision: revisionSchema, by: manualActionSchema }),
  ],
  OrderWithdrawn: [z.strictObject({ by: manualActionSchema })],
  MembershipDelivered: [
    z.strictObject({ sequence: sequenceSchema }),
    z.strictObject({ sequence: sequenceSchema, found: z.exactOptional(z.literal(true)) }),
  ],
  DeliveryFailed: [z.strictObject(failedShape), z.strictObject({ ...failedShape, error: z.exactOptional(deliveryErrorSchema) })],
  DeliveryTakenOver: [z.strictObject({ sequence: sequenceSchema, by: z.exactOptional(manualActionSchema) })],
  DeliveryAbandoned: [z.strictObject({ sequence: sequenceSchema })],
  ShopAhead: [z.strictObject({ sequence: sequenceSchema })],
  StripeRechecked: [z.strictObject({ by: manualActionSchema, recheckedAt: timeSchema, looked: countSchema, recorded: countSchema })],
};

/** Upcasters would be the second argument: no shape has changed yet in a way that a newer schema does not hold. */
const reader: EventReader<OrderEvent> = eventReader<OrderEvent>(orderEventVersions);

/** Gives a stored event of an order's stream in its newest shape. @throws LedgerError `file_newer`, `corrupt`. */
export const readOrderEvent: EventReader<OrderEvent>['read'] = reader.read;

/** The lowest version whose schema holds the event. @throws LedgerError `corrupt`: none does. */
export const versionOf: EventReader<OrderEvent>['versionOf'] = reader.versionOf;
