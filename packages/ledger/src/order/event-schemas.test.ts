import { test as property } from '@fast-check/vitest';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LedgerError, type LedgerErrorCode } from '../errors.ts';
import { observationSchema } from '../observation.ts';
import { runs } from '../testing/runs.ts';
import { orderEventVersions, readOrderEvent, versionOf } from './event-schemas.ts';
import type { DeliveryError, OrderEvent, OrderEventType } from './events.ts';
import { at, decision, observed, order1, paidInParts, payment, pi1, refund, review, support } from './example-order.test-support.ts';
import { anyObservation } from './observations.test-support.ts';

const examples: { readonly [T in OrderEventType]: readonly OrderEvent[] } = {
  OrderPlaced: [{ type: 'OrderPlaced', data: order1 }],
  CheckoutAttached: [
    { type: 'CheckoutAttached', data: { payment: pi1, attachedAt: at(0) } },
    { type: 'CheckoutAttached', data: { payment: payment('cs_1'), attachedAt: at(0), expiresAt: at(30) } },
  ],
  PaymentObserved: [
    observed(paidInParts({ tax: 80 }), { aliases: ['cs_1'], orderId: 'order-1', occurredAt: at(0) }),
    observed(refund(10), { source: 'manual' }),
  ],
  MembershipGranted: [decision('MembershipGranted', 1)],
  MembershipSuspended: [decision('MembershipSuspended', 2)],
  MembershipRestored: [decision('MembershipRestored', 3)],
  MembershipRevoked: [decision('MembershipRevoked', 2)],
  ReviewOpened: [review('overpaid')],
  OrderWithdrawn: [{ type: 'OrderWithdrawn', data: { by: support } }],
  PaymentMoved: [{ type: 'PaymentMoved', data: { payment: pi1, toOrderId: 'order-2', linkRevision: 0, by: support } }],
  ReviewResolved: [{ type: 'ReviewResolved', data: { reviewId: 'r1', resolution: 'grant', seenRevision: 0, by: support } }],
  MembershipDelivered: [{ type: 'MembershipDelivered', data: { sequence: 1 } }],
  DeliveryFailed: [{ type: 'DeliveryFailed', data: { sequence: 1, waitMs: 500, spentMs: 700, reason: 'timeout' } }],
  DeliveryTakenOver: [
    { type: 'DeliveryTakenOver', data: { sequence: 1 } },
    { type: 'DeliveryTakenOver', data: { sequence: 1, by: support } },
  ],
  DeliveryAbandoned: [{ type: 'DeliveryAbandoned', data: { sequence: 1 } }],
  ShopAhead: [{ type: 'ShopAhead', data: { sequence: 3 } }],
  StripeRechecked: [{ type: 'StripeRechecked', data: { by: support, recheckedAt: at(0), looked: 3, recorded: 0 } }],
};
const types = Object.keys(examples) as OrderEventType[];
const every = Object.values(examples).flat();

function stored({ type, data }: { readonly type: string; readonly data: object }, metadata: Record<string, string> = { version: '1' }) {
  return { stream: 'order-order-1', revision: 7, type, data: JSON.parse(JSON.stringify(data)) as object, metadata };
}

function refusal(read: () => unknown): { readonly code: LedgerErrorCode; readonly message: string } {
  try {
    read();
  } catch (error) {
    if (error instanceof LedgerError) return error;
    throw error;
  }
  throw new Error('it was read');
}

describe('an event that was stored', () => {
  test.each(every)('$type reads back as it was', (event) => expect(readOrderEvent(stored(event))).toEqual(event));

  property.prop([anyObservation], runs(1_000))('whatever comes through the door reads back as it was', (original) => {
    const { observedAt, factKey, ...observation } = original;
    const data = { ...observationSchema.parse(observation), observedAt, factKey };
    expect(readOrderEvent(stored({ type: 'PaymentObserved', data }))).toEqual({ type: 'PaymentObserved', data });
  });

  property.prop(
    [
      fc.date({ noInvalidDate: true, min: new Date('0000-01-01'), max: new Date('9999-12-31T23:59:59.999Z') }),
      fc.integer({ min: -1439, max: 1439 }),
    ],
    {
      ...runs(1_000),
    },
  )('a time in any offset is either refused at the door or reads back, and sorts', (date, offset) => {
    const sign = offset < 0 ? '-' : '+';
    const two = (value: number) => String(Math.floor(Math.abs(value))).padStart(2, '0');
    const asOf = date.toISOString().replace('Z', `${sign}${two(offset / 60)}:${two(offset % 60)}`);
    const { factKey, observedAt, ...observation } = observed(refund(1)).data as Extract<OrderEvent, { type: 'PaymentObserved' }>['data'];
    const parsed = observationSchema.safeParse({ ...observation, asOf });
    if (!parsed.success) {
      expect(parsed.error.issues).toMatchObject([{ path: ['asOf'] }]);
      return;
    }
    const event: OrderEvent = { type: 'PaymentObserved', data: { ...parsed.data, observedAt, factKey } };
    expect(readOrderEvent(stored(event))).toEqual(event);
    expect(parsed.data.asOf).toMatch(/^\d{4}-/);
  });
});

describe('an event that cannot be read', () => {
  test.each(types)('%s of a newer version: upgrade', (type) => {
    const { code, message } = refusal(() =>
      readOrderEvent(stored(examples[type][0]!, { version: String(orderEventVersions[type].length + 1) })),
    );
    expect(code).toBe('file_newer');
    expect(message).toBe(`order-order-1@7 (${type}) was written by a newer release. Upgrade @paidonce/ledger`);
  });
  test('a type that this release does not know: upgrade', () => {
    expect(refusal(() => readOrderEvent(stored({ type: 'PaymentSplit', data: {} }))).code).toBe('file_newer');
    expect(refusal(() => readOrderEvent(stored({ type: 'toString', data: {} }))).code).toBe('file_newer');
  });
  test.each(every)('$type with a field too many, or one too few, is corrupt', (event) => {
    for (const data of [{ ...event.data, extra: 1 }, Object.fromEntries(Object.entries(event.data).slice(1))]) {
      const { code, message } = refusal(() => readOrderEvent(stored({ type: event.type, data })));
      expect(code).toBe('corrupt');
      expect(message).toContain(`order-order-1@7 (${event.type}) is not what version 1 looks like: `);
    }
  });
  test.each([{}, { version: '' }, { version: '0' }, { version: '0.5' }, { version: 'one' }])(
    'version metadata %o is corrupt',
    (metadata) => {
      const { code, message } = refusal(() => readOrderEvent(stored({ type: 'OrderPlaced', data: order1 }, metadata)));
      expect(code).toBe('corrupt');
      expect(message).toContain('has no schema version in its metadata');
    },
  );
});

describe('an event that is written', () => {
  test('of an order that allows more is of version 2, which an older release refuses, and no other order is', () => {
    const { expected } = order1;
    const data = { ...order1, expected: { ...expected, allow: { ...expected.allow, more: true as const } } };
    expect(versionOf({ type: 'OrderPlaced', data })).toBe(2);
    expect(readOrderEvent(stored({ type: 'OrderPlaced', data }, { version: '2' }))).toEqual({ type: 'OrderPlaced', data });
    expect(versionOf({ type: 'OrderPlaced', data: order1 })).toBe(1);
  });

  const linked: OrderEvent = { type: 'CheckoutAttached', data: { payment: pi1, attachedAt: at(0), by: support } };
  const failed = (error: DeliveryError): OrderEvent => ({
    type: 'DeliveryFailed',
    data: { sequence: 1, waitMs: 500, spentMs: 700, reason: 'error', error },
  });
  const found: OrderEvent = { type: 'MembershipDelivered', data: { sequence: 1, found: true } };
  test.each([linked, found, failed({ name: 'ShopClosed' }), failed({ name: 'Error', code: 'P2002' })])(
    '$type with what only later releases write is of version 2, and reads back',
    (event) => {
      expect(versionOf(event)).toBe(2);
      expect(readOrderEvent(stored(event, { version: '2' }))).toEqual(event);
    },
  );
  test.each([
    ['amount', 1],
    ['refunds_exceed', 2],
    ['withdrawn', 3],
  ] as const)('a review %s is of version %i, and reads back', (kind, version) => {
    expect(versionOf(review(kind))).toBe(version);
    expect(readOrderEvent(stored(review(kind), { version: String(version) }))).toEqual(review(kind));
  });
  test.each(['grant', 'revoke', 'dismiss'] as const)('a resolution %s reads back', (resolution) => {
    const event: OrderEvent = { type: 'ReviewResolved', data: { reviewId: 'r1', resolution, seenRevision: 0, by: support } };
    expect(readOrderEvent(stored(event, { version: '1' }))).toEqual(event);
  });
  test.each(['', 'a b', 'Müller', 'a'.repeat(65), 'x@example.com', 'line\nbreak'])('never keeps %j as the name of an error', (name) => {
    expect(refusal(() => versionOf(failed({ name }))).code).toBe('corrupt');
    expect(refusal(() => versionOf(failed({ name: 'Error', code: name }))).code).toBe('corrupt');
  });

  test.each(every)('$type has the lowest version that holds it', (event) => expect(versionOf(event)).toBe(1));
  test('that could not be read again is refused before it is stored', () => {
    const { code, message } = refusal(() => versionOf({ type: 'MembershipDelivered', data: { sequence: 0.5 } }));
    expect(code).toBe('corrupt');
    expect(message).toContain('MembershipDelivered was not written: it could not be read again');
  });
});
