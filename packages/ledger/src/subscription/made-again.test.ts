// Each decision can be made again from the stream alone, append by append: what was known and dropped changed nothing. That is what
// `verify` rests on.
import { fc, test } from '@fast-check/vitest';
import { afterAll, describe, expect } from 'vitest';
import { meetsEveryCase, runs } from '../testing/runs.ts';
import { decide } from './decide.ts';
import type { SubscriptionEvent, SubscriptionObserved } from './events.ts';
import { isSubscriptionDecision } from './events.ts';
import type { SubscriptionFact } from './observation.ts';
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
  placed1,
  policy1,
  reference1,
  refund,
  unpaid,
} from './story.test-support.ts';
import { evolve, noSubscription, type SubscriptionState } from './subscription.ts';

const facts: readonly SubscriptionFact[] = [
  month('in_1', 0, { reason: 'create' }),
  month('in_2', 30),
  month('in_2', 30, { totalMinor: 2_000 }),
  month('in_3', 60),
  paid('in_4', [line(40, 60, { price: 'price_gold', role: 'proration' }), line(40, 60, { role: 'credit', credits: 'in_2' })]),
  paid('in_5', [line(70, 100, { price: 'price_unknown' })]),
  unpaid('in_2'),
  unpaid('in_3', 'void'),
  allocation('inpay_1', 'in_1', 'pi_1'),
  allocation('inpay_2', 'in_2', 'pi_2'),
  refund('pi_1'),
  refund('pi_2', 1_000, 'failed'),
  dispute('pi_2', 'open'),
  dispute('pi_2', 'won'),
  creditNote('in_3'),
  lifecycle('active'),
  lifecycle('past_due'),
  lifecycle('active', { collectionPaused: {} }),
  lifecycle('canceled', { endedAt: day(80) }),
];
const statement: fc.Arbitrary<SubscriptionObserved> = fc
  .record({
    fact: fc.constantFrom(...facts),
    days: fc.integer({ min: 0, max: 130 }),
    source: fc.constantFrom('webhook', 'poll', 'status_query'),
    isLook: fc.boolean(),
    isOther: fc.boolean(),
    named: fc.constantFrom(undefined, 'sub-1', 'sub-2'),
  })
  .map(({ fact, days, source, isLook, isOther, named }) => ({
    ...observed(day(days), fact, {
      source,
      ...(isLook ? { look: day(days) } : {}),
      ...(isOther ? { subscription: { ...reference1, id: 'sub_2' } } : {}),
      ...(named === undefined ? {} : { subscriptionId: named }),
    }),
    observedAt: day(days + 0.1),
  }));
type Step =
  | { readonly observed: readonly SubscriptionObserved[]; readonly claimedByAnother: boolean; readonly grace: number }
  | 'place'
  | 'import';
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      observed: fc.array(statement, { minLength: 1, maxLength: 4 }),
      claimedByAnother: fc.boolean(),
      grace: fc.constantFrom(72, 0),
    }),
  },
  { weight: 1, arbitrary: fc.constantFrom<Step>('place', 'import') },
);

function folded(state: SubscriptionState, events: readonly SubscriptionEvent[]): SubscriptionState {
  return events.reduce((to, event) => evolve(to, event), state);
}
function told(events: readonly SubscriptionEvent[]): readonly SubscriptionObserved[] {
  return events.flatMap((event) => (event.type === 'SubscriptionObserved' ? [event.data] : []));
}

describe('what was dropped changed nothing', () => {
  const met = new Set<string>();
  if (meetsEveryCase) afterAll(() => expect([...met].sort()).toEqual(['a decision', 'dropped, and decided', 'imported', 'reviewed']));

  test.prop([fc.array(step, { minLength: 1, maxLength: 14 })], runs(1_000))(
    'each append is made again from its own observations',
    (steps) => {
      let state = noSubscription('sub-1');
      for (const each of steps) {
        const policy = { ...policy1, renewalGraceHours: typeof each === 'string' ? 72 : each.grace };
        if (typeof each === 'string') {
          const subscription = { ...placed1, ...(each === 'import' ? { origin: 'imported' as const } : {}) };
          const all = [observed(day(20), facts[0] as SubscriptionFact, { source: 'poll' })];
          const command =
            each === 'place' ? ({ type: 'place', subscription } as const) : ({ type: 'import', subscription, observed: all } as const);
          const events = decide(state, command, policy);
          const recorded = told(events);
          const again =
            each === 'place' || recorded.length === 0
              ? ({ type: 'place', subscription } as const)
              : ({ ...command, observed: recorded } as const);
          const isLeftOut = ({ type }: SubscriptionEvent): boolean => recorded.length === 0 && type === 'MembershipDelivered';
          const made = decide(state, again, policy).filter((event) => !isOther(event));
          expect(made.map(shape)).toEqual(events.filter((event) => !isOther(event) && !isLeftOut(event)).map(shape));
          if (each === 'import' && events.length > 0) met.add('imported');
          state = folded(state, events);
          continue;
        }
        const events = decide(state, { type: 'observe', ...each }, policy);
        const recorded = told(events);
        const claimedByAnother = events.some((event) => event.type === 'SubscriptionReviewOpened' && event.data.kind === 'claimed_by_two');
        // Where all of it was known, at most a review says whom it named.
        if (recorded.length === 0) expect(events.every(({ type }) => type === 'SubscriptionReviewOpened')).toBe(true);
        else {
          const expected = decide(state, { type: 'observe', observed: recorded, claimedByAnother }, policy);
          expect(expected.filter((event) => !isOther(event)).map(shape)).toEqual(events.filter((event) => !isOther(event)).map(shape));
        }
        if (events.some(isSubscriptionDecision)) met.add(recorded.length < each.observed.length ? 'dropped, and decided' : 'a decision');
        if (claimedByAnother) met.add('reviewed');
        state = folded(state, events);
      }
    },
  );
});

/** In the log all of a batch is of one subscription of the provider; here it need not be. */
function isOther(event: SubscriptionEvent): boolean {
  return event.type === 'SubscriptionReviewOpened' && event.data.kind === 'double_subscription';
}

/** Numbers of reviews depend on the reviews before them, which are left out above. */
function shape({ type, data }: SubscriptionEvent): unknown {
  return type === 'SubscriptionReviewOpened' ? { type, kind: data.kind, invoice: data.invoice, openedAt: data.openedAt } : { type, data };
}
