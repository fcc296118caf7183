// What is accepted at the door, and what a log may hold.
import { describe, expect, test } from 'vitest';
import { parse } from '../input.ts';
import { readSubscriptionEvent, versionOfSubscriptionEvent } from './event-schemas.ts';
import type { SubscriptionEvent } from './events.ts';
import type { PaidInvoice, SubscriptionFact, SubscriptionObservation } from './observation.ts';
import { subscriptionObservationSchema } from './observation-schemas.ts';
import {
  allocation,
  creditNote,
  day,
  dispute,
  lifecycle,
  line,
  month,
  observed,
  paid,
  reference1,
  refund,
  Story,
  support,
  unpaid,
} from './story.test-support.ts';

function observationOf(...facts: readonly unknown[]): SubscriptionObservation {
  const statements = facts.map((fact) => ({ fact: fact as SubscriptionFact, asOf: day(1), evidence: { objectId: 'sub_1' } }));
  return { subscription: reference1, statements, source: 'webhook' };
}

describe('an observation at the door', () => {
  test.each<[string, SubscriptionFact]>([
    ['a paid invoice', month('in_1', 0)],
    ['one whose credits exceed it', paid('in_1', [line(0, 30, { role: 'credit', netMinor: -9_000, credits: 'in_0' }), line(0, 30)])],
    ['one without lines', paid('in_1', [])],
    ['an open one with terms', unpaid('in_1', 'open', { dueAt: day(30), from: day(0) })],
    ['an uncollectible one', unpaid('in_1', 'uncollectible')],
    ['an allocation', allocation('inpay_1', 'in_1', 'pi_1')],
    ['a credit note', creditNote('in_1')],
    ['a lifecycle', lifecycle('paused', { collectionPaused: { resumesAt: day(9) }, endsAt: day(9), trialEnd: day(3), because: 'x' })],
    ['a refund', refund('pi_1')],
    ['a dispute', dispute('pi_1', 'open')],
    [
      'a price and a product of before 2018',
      paid('in_1', [line(0, 30, { id: 'il_1', price: 'Gold (monthly) 20€', product: 'gold/2017' })]),
    ],
    ['a life at such a price', lifecycle('active', { items: [{ price: 'Gold Plan', quantity: 1 }] })],
  ])('%s is accepted as it is', (_, fact) => {
    expect(parse(subscriptionObservationSchema, observationOf(fact), 'observation')).toEqual(observationOf(fact));
  });

  test('of any status, reason and role that the provider knows', () => {
    const invoice = (differs: Partial<PaidInvoice>): SubscriptionFact => month('in_1', 0, differs);
    const lifecycles = ['incomplete', 'incomplete_expired', 'trialing', 'active', 'past_due', 'unpaid', 'paused', 'canceled'] as const;
    const facts: readonly SubscriptionFact[] = [
      ...lifecycles.map((status) => lifecycle(status)),
      ...(['create', 'cycle', 'update', 'threshold', 'other'] as const).map((reason) => invoice({ reason })),
      ...(['base', 'proration', 'credit'] as const).map((role) => invoice({ lines: [line(0, 30, { role })] })),
      ...(['open', 'uncollectible', 'void'] as const).map((status) => unpaid('in_1', status)),
      ...(['canceled', 'paid'] as const).map((status) => ({ ...allocation('inpay_1', 'in_1', 'pi_1'), status })),
      ...(['issued', 'void'] as const).map((status) => creditNote('in_1', 1, status)),
      ...(['pending', 'requires_action', 'succeeded', 'canceled', 'failed'] as const).map((status) => refund('pi_1', 1, status)),
      ...(['inquiry', 'open', 'prevented', 'lost', 'won'] as const).map((status) => dispute('pi_1', status)),
    ];
    expect(parse(subscriptionObservationSchema, observationOf(...facts), 'observation')).toEqual(observationOf(...facts));
  });
  test('by any source, and of a doubtful clock where its time does not decide', () => {
    const { statements, subscription } = observationOf(month('in_1', 0, { lines: [line(0, 30, { id: 'A' })] }));
    const doubtful = statements.map((each) => ({ ...each, doubtful: true }));
    for (const from of [{ source: 'webhook' }, { source: 'poll' }, { source: 'status_query' }, { source: 'manual', by: support }]) {
      const observation = { subscription, statements: doubtful, ...from };
      expect(parse(subscriptionObservationSchema, observation, 'observation')).toEqual(observation);
    }
  });

  test.each<[string, unknown, RegExp]>([
    ['a line that ends where it begins', paid('in_1', [line(5, 5)]), /lines\.0\.to: must lie after/],
    ['lines out of order', { ...month('in_1', 0), lines: [line(1, 2), line(0, 1)] }, /must be sorted by id/],
    ['a line twice', { ...month('in_1', 0), lines: [line(0, 1), line(0, 1)] }, /must be sorted by id/],
    ['terms of a void invoice', { ...unpaid('in_1', 'void'), terms: { dueAt: day(1), from: day(0) } }, /terms/],
    ['an unknown status', { ...lifecycle('active'), status: 'dormant' }, /status/],
    ['an unknown field', { ...month('in_1', 0), paid: true }, /paid/],
    ['a negative refund', refund('pi_1', -1), /must not be negative/],
    [
      'a price with a line break',
      lifecycle('active', { items: [{ price: 'Gold\nPlan', quantity: 1 }] }),
      /items\.0\.price: must be .*one line/,
    ],
    ['a customer by his address', lifecycle('active', { customer: 'amy@example.com' }), /customer: must be/],
    ['part of a minor unit', { ...month('in_1', 0), totalMinor: 0.5 }, /whole number/],
    ['an unknown currency', { ...month('in_1', 0), currency: 'zzz' }, /ISO 4217/],
  ])('%s is refused', (_, fact, message) => {
    expect(() => parse(subscriptionObservationSchema, observationOf(fact), 'observation')).toThrow(message);
  });

  test('250 lines are accepted, 251 are not', () => {
    const lines = (count: number) => Array.from({ length: count }, (_, n) => line(0, 30, { id: `il_${String(n).padStart(3, '0')}` }));
    expect(() => parse(subscriptionObservationSchema, observationOf(paid('in_1', lines(250))), 'observation')).not.toThrow();
    expect(() => parse(subscriptionObservationSchema, observationOf(paid('in_1', lines(251))), 'observation')).toThrow(/at most 250 lines/);
  });
  test('a lifecycle of a doubtful clock is refused, and a look of a person', () => {
    const { statements, subscription } = observationOf(lifecycle('active'));
    const doubtful = { subscription, statements: statements.map((each) => ({ ...each, doubtful: true })), source: 'poll' };
    expect(() => parse(subscriptionObservationSchema, doubtful, 'observation')).toThrow(/doubtful: must be absent of a lifecycle/);
    const look = { subscription, statements, look: day(1), source: 'manual', by: support };
    expect(() => parse(subscriptionObservationSchema, look, 'observation')).toThrow(/look: must be absent/);
  });
  test('it tells something', () => {
    expect(() => parse(subscriptionObservationSchema, observationOf(), 'observation')).toThrow(/statements/);
  });
});

describe('an event in the log', () => {
  const read = (event: SubscriptionEvent, version = '1') =>
    readSubscriptionEvent({ stream: 'subscription-sub-1', revision: 0, type: event.type, data: event.data, metadata: { version } });

  test('a currency that was known once is read for ever', () => {
    const event: SubscriptionEvent = { type: 'SubscriptionObserved', data: observed(day(0), month('in_1', 0, { currency: 'zzz' })) };
    expect(read(event)).toEqual(event);
  });
  test('events that orders have too keep their versions', () => {
    expect(versionOfSubscriptionEvent({ type: 'MembershipDelivered', data: { sequence: 1 } })).toBe(1);
    const attached = { payment: { ...reference1, id: 'cs_1' }, attachedAt: day(0), by: support };
    expect(versionOfSubscriptionEvent({ type: 'CheckoutAttached', data: attached })).toBe(2);
  });
  test('an extra field, a field that is missing, a version to come: none is guessed', () => {
    const [granted] = Story.placed().tell(0, month('in_1', 0)).events.slice(-1);
    if (granted?.type !== 'SubscriptionGranted') throw new Error('nothing was granted');
    expect(() => read({ ...granted, data: { ...granted.data, mood: 'good' } as typeof granted.data })).toThrow(/mood/);
    const { validUntil: _, ...without } = granted.data;
    expect(() => read({ ...granted, data: without as typeof granted.data })).toThrow(/validUntil/);
    expect(() => read(granted, '2')).toThrow(/newer release/);
  });
});
