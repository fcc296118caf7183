// Reads the events of an order: the schema version of each type, and how older shapes are lifted to it.
// An event in the log is never rewritten; it is read through `upcasters`.
import * as z from 'zod';
import { LedgerError } from '../errors.ts';
import type { StoredEvent } from '../event-store/event-store.ts';
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
import type { MembershipDecided, OrderEvent, OrderEventData, OrderEventType } from './events.ts';

const sequenceSchema = z.number().int().min(1);
const revisionSchema = z.number().int().min(0);
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

/** The current shapes. A changed shape gets the next version here, and an upcaster below. */
const schemas: { readonly [T in OrderEventType]: { readonly version: number; readonly schema: z.ZodType<OrderEventData[T]> } } = {
  OrderPlaced: {
    version: 1,
    schema: z.strictObject({
      orderId: idSchema,
      memberId: idSchema,
      plan: idSchema,
      expected: z.strictObject({
        amountMinor: minorSchema,
        currency: currencySchema,
        allow: z.strictObject({ discount: z.boolean(), tax: z.boolean(), shipping: z.boolean() }),
      }),
      livemode: z.boolean(),
      account: idSchema,
      placedAt: timeSchema,
    }),
  },
  CheckoutAttached: {
    version: 1,
    schema: z.strictObject({
      payment: paymentReferenceSchema,
      attachedAt: timeSchema,
      expiresAt: z.exactOptional(timeSchema),
      recoverableUntil: z.exactOptional(timeSchema),
    }),
  },
  PaymentObserved: {
    version: 1,
    schema: z.discriminatedUnion('source', [
      z.strictObject({ ...observedShape, source: z.enum(['webhook', 'poll', 'status_query']) }),
      z.strictObject({ ...observedShape, source: z.literal('manual'), by: manualActionSchema }),
    ]),
  },
  MembershipGranted: { version: 1, schema: decidedSchema },
  MembershipSuspended: { version: 1, schema: decidedSchema },
  MembershipRestored: { version: 1, schema: decidedSchema },
  MembershipRevoked: { version: 1, schema: decidedSchema },
  ReviewOpened: {
    version: 1,
    schema: z.strictObject({
      reviewId: idSchema,
      kind: z.enum(['amount', 'currency', 'mode', 'account', 'overpaid', 'conflicting_evidence', 'claimed_by_two', 'paid_again']),
      payment: paymentReferenceSchema,
      openedAt: timeSchema,
    }),
  },
  ReviewResolved: {
    version: 1,
    schema: z.strictObject({
      reviewId: idSchema,
      resolution: z.enum(['grant', 'revoke', 'dismiss']),
      seenRevision: revisionSchema,
      by: manualActionSchema,
    }),
  },
  PaymentMoved: {
    version: 1,
    schema: z.strictObject({ payment: paymentReferenceSchema, toOrderId: idSchema, linkRevision: revisionSchema, by: manualActionSchema }),
  },
  MembershipDelivered: { version: 1, schema: z.strictObject({ sequence: sequenceSchema }) },
  DeliveryFailed: {
    version: 1,
    schema: z.strictObject({
      sequence: sequenceSchema,
      waitMs: millisecondsSchema,
      spentMs: millisecondsSchema,
      reason: z.enum(['error', 'timeout']),
    }),
  },
  DeliveryTakenOver: { version: 1, schema: z.strictObject({ sequence: sequenceSchema, by: z.exactOptional(manualActionSchema) }) },
  DeliveryAbandoned: { version: 1, schema: z.strictObject({ sequence: sequenceSchema }) },
};

/** Turns an event's data of one version into data of the next. */
export type Upcaster = (data: unknown) => unknown;
/** Upcasters by event type, then by the version that they start from: `{ OrderPlaced: { 1: fromVersion1To2 } }`. */
export type Upcasters = Readonly<Partial<Record<OrderEventType, Readonly<Record<number, Upcaster>>>>>;
/** Empty: no shape has changed yet. */
const upcasters: Upcasters = {};

/** The schema version in which new events of the type are written. */
export function versionOf(type: OrderEventType): number {
  return schemas[type].version;
}

/**
 * Lifts data of an older version to `current`, step by step. Does nothing where it is of that version.
 * @throws LedgerError `corrupt`: a step has no upcaster.
 */
export function upcast(
  type: OrderEventType,
  version: number,
  data: unknown,
  current: number = versionOf(type),
  table: Upcasters = upcasters,
): unknown {
  let lifted = data;
  for (let at = version; at < current; at++) {
    const step = table[type]?.[at];
    if (!step) throw new LedgerError('corrupt', `${type} version ${at} has no upcaster to version ${at + 1}`);
    lifted = step(lifted);
  }
  return lifted;
}

function isOrderEventType(type: string): type is OrderEventType {
  return Object.hasOwn(schemas, type);
}

/**
 * Reads a stored event of an order's stream, and gives it in its current shape.
 * @throws LedgerError `file_newer`: a newer release wrote it, so its type or version is unknown here. `corrupt`: it has no
 *   version, or its data does not fit the schema.
 */
export function readOrderEvent(stored: Pick<StoredEvent, 'stream' | 'revision' | 'type' | 'data' | 'metadata'>): OrderEvent {
  const { type } = stored;
  const place = `${stored.stream}@${stored.revision} (${type})`;
  const version = Number(stored.metadata['version']);
  if (!isOrderEventType(type) || version > versionOf(type)) {
    throw new LedgerError('file_newer', `${place} was written by a newer release. Upgrade @paidonce/ledger`);
  }
  if (!Number.isInteger(version) || version < 1) throw new LedgerError('corrupt', `${place} has no schema version in its metadata`);
  const parsed = schemas[type].schema.safeParse(upcast(type, version, stored.data));
  if (!parsed.success)
    throw new LedgerError('corrupt', `${place} is not what version ${version} looks like: ${z.prettifyError(parsed.error)}`);
  return { type, data: parsed.data } as OrderEvent;
}
