// How long a delivery waits, and which events are its own. What its events change: order.test.ts.
import { expect, test } from 'vitest';
import { backOffMs, deliveryHorizonMs, isDeliveryEvent, isPending, noDelivery } from './delivery-state.ts';
import { isDecision, type OrderEvent, outcomeOf } from './events.ts';
import { decision, observed, paid, placed, review, withdrawn } from './example-order.test-support.ts';

test('a delivery waits for a second, twice as long after each failure, and at most an hour', () => {
  expect([0, 1, 2, 11, 12, 40].map(backOffMs)).toEqual([1_000, 2_000, 4_000, 2_048_000, 3_600_000, 3_600_000]);
});

test('after three days it is abandoned', () => expect(deliveryHorizonMs).toBe(3 * 24 * 60 * 60 * 1_000));

test.each([
  [1, {}, true],
  [1, { settled: 1 }, false],
  [1, { abandoned: true }, false],
  [0, {}, false],
])('decided %i, delivery %j: pending %s', (sequence, differs, pending) => {
  expect(isPending({ sequence, delivery: { ...noDelivery, ...differs } })).toBe(pending);
});

const deliveries: readonly OrderEvent[] = [
  { type: 'MembershipDelivered', data: { sequence: 1 } },
  { type: 'DeliveryFailed', data: { sequence: 1, waitMs: 500, spentMs: 700, reason: 'error' } },
  { type: 'DeliveryTakenOver', data: { sequence: 1 } },
  { type: 'DeliveryAbandoned', data: { sequence: 1 } },
];
const decisions = (['MembershipGranted', 'MembershipSuspended', 'MembershipRestored', 'MembershipRevoked'] as const).map((type) =>
  decision(type, 1),
);
const others = [placed, observed(paid()), review('amount'), withdrawn, { type: 'toString', data: {} } as unknown as OrderEvent];

test('an event is of a delivery, a decision, or neither', () => {
  const kinds = [deliveries, decisions, others].map((events) => events.map((event) => [isDeliveryEvent(event), isDecision(event)]));
  expect(kinds).toEqual([deliveries.map(() => [true, false]), decisions.map(() => [false, true]), others.map(() => [false, false])]);
});

test('each decision has its word', () => {
  expect(Object.values(outcomeOf)).toEqual(['granted', 'suspended', 'restored', 'revoked']);
});
