// Laws 1, 2, 4, 5 and 6 on the pure core, against a model of access that was written from the prose alone.
import { test } from '@fast-check/vitest';
import * as fc from 'fast-check';
import { afterAll, describe, expect } from 'vitest';
import { paymentKey } from '../observation.ts';
import { meetsEveryCase, runs } from '../testing/runs.ts';
import { type Access, counts, entitled, isInEffect } from './access.ts';
import { accessByTheProse, nameOf, type Ruling } from './access-model.test-support.ts';
import { decide, type OrderCommand } from './decide.ts';
import type { OrderEvent, OrderPlaced, PaymentObserved } from './events.ts';
import { dispute, observe, order1, paid, payment, paymentObserved, place, refund, resolve } from './example-order.test-support.ts';
import type { PaymentFacts } from './facts.ts';
import {
  anyFact,
  anyObservation,
  anyObservationOf,
  anyOrder,
  anyPolicy,
  anySource,
  anyUnpaid,
  shuffled,
  withEqualContent,
} from './observations.test-support.ts';
import { evolve, factContentKey, initialState, type MembershipStatus, type OrderState } from './order.ts';
import { defaultPolicy, type Policy } from './policy.ts';

const often = runs(1_000);

/** The commands in turn, each decided on what the ones before it left. */
function run(commands: readonly OrderCommand[], policy: Policy, from: OrderState = initialState('order-1')) {
  let order = from;
  const events: OrderEvent[] = [];
  for (const command of commands) {
    const decided = decide(order, command, policy);
    order = decided.reduce((to, event) => evolve(to, event), order);
    events.push(...decided);
  }
  return { order, events };
}

/** Places the order after some of what is said of it. */
function placedAfter(order: OrderPlaced, observations: readonly PaymentObserved[], index: number): readonly OrderCommand[] {
  const commands: OrderCommand[] = observations.map((observed) => ({ type: 'observe', observed }));
  commands.splice(index % (observations.length + 1), 0, { type: 'place', order });
  return commands;
}

/** No person interferes: access and whether it was ever granted say the rest. */
function statusBy(access: Access, { sequence }: OrderState): MembershipStatus {
  if (access === 'full') return 'active';
  if (sequence === 0) return 'none';
  return access === 'paused' ? 'suspended' : 'revoked';
}

function fold(observations: readonly PaymentObserved[]): OrderState {
  return observations.reduce((order, data) => evolve(order, { type: 'PaymentObserved', data }), initialState('order-1'));
}

/** Without what law 5 loses of a repetition in other words: see `withEqualContent`. */
function decisive({ payments }: OrderState): unknown {
  const transientStatuses: readonly string[] = ['processing', 'awaiting_customer', 'authorized', 'attempt_failed'];
  return Object.entries(payments)
    .map(([key, { attempt, refunds, disputes, disputesByFirstRules }]: [string, PaymentFacts]) => ({
      key,
      attempt: attempt && (transientStatuses.includes(attempt.status) ? 'passing' : { ...attempt, asOf: '' }),
      refunds,
      disputes,
      disputesByFirstRules,
    }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
}

const several = fc.array(anyObservation, { minLength: 1, maxLength: 14 });

describe('law 1: order, repetition and batching do not matter', () => {
  const met = new Set<string>();
  if (meetsEveryCase)
    afterAll(() => {
      const accesses = ['full', 'paused', 'ended'].flatMap((access) => [`${access} granted`, `${access} never granted`]);
      expect([...met].sort()).toEqual([...accesses.filter((each) => each !== 'full never granted'), 'another way there', 'ruled'].sort());
    });

  test.prop([shuffled(several)], often)('of the fold: any order and repetition joins to the same facts', ({ once, again }) => {
    expect(fold(again).payments).toEqual(fold(once).payments);
  });

  test.prop([shuffled(several.map(withEqualContent)), anyOrder, anyPolicy, fc.nat(), fc.nat()], often)(
    'of what is recorded: the same facts, the same access, the same membership',
    ({ once, again }, placed, policy, first, second) => {
      const a = run(placedAfter(placed, once, first), policy);
      const b = run(placedAfter(placed, again, second), policy);
      expect(b.order.payments).toEqual(a.order.payments);
      const access = accessByTheProse(placed, once, policy);
      for (const { order } of [a, b]) {
        expect(entitled(order, policy).access).toBe(access);
        expect(order.membership).toBe(statusBy(access, order));
        met.add(`${access} ${order.sequence > 0 ? 'granted' : 'never granted'}`);
      }
      if (a.order.sequence !== b.order.sequence) met.add('another way there');
    },
  );

  test.prop([shuffled(several), anyOrder, anyPolicy, fc.nat(), fc.nat()], often)(
    'of repetitions in other words: the same decisive facts, the same access, the same membership',
    ({ once, again }, placed, policy, first, second) => {
      const a = run(placedAfter(placed, once, first), policy).order;
      const b = run(placedAfter(placed, again, second), policy).order;
      expect(decisive(b)).toEqual(decisive(a));
      const access = accessByTheProse(placed, once, policy);
      for (const order of [a, b]) {
        expect(entitled(order, policy).access).toBe(access);
        expect(order.membership).toBe(statusBy(access, order));
      }
    },
  );

  test.prop([shuffled(several), anyOrder, anyPolicy, fc.nat(), fc.nat(), fc.array(fc.constantFrom('grant', 'revoke', 'dismiss'))], often)(
    'with what people said at the end: the same access',
    ({ once, again }, placed, policy, first, second, resolutions) => {
      const both = [run(placedAfter(placed, once, first), policy).order, run(placedAfter(placed, again, second), policy).order];
      // Which reviews were opened on the way may differ; a person can answer only those that are there.
      const underReview = (order: OrderState) => new Set(order.reviews.map((review) => nameOf(review.payment)));
      const names = [...underReview(both[0]!)].filter((name) => underReview(both[1]!).has(name)).sort();
      const rulings: Record<string, Ruling> = {};
      names.forEach((name, index) => {
        const resolution = resolutions[index] ?? 'dismiss';
        if (resolution !== 'dismiss') rulings[name] = resolution === 'grant' ? 'accepted' : 'rejected';
      });
      const access = accessByTheProse(placed, once, policy, rulings);
      for (const before of both) {
        let order = before;
        names.forEach((name, index) => {
          const review = order.reviews.find((each) => nameOf(each.payment) === name);
          order = run([resolve(resolutions[index] ?? 'dismiss', order.revision, review?.reviewId)], policy, order).order;
        });
        expect(entitled(order, policy).access).toBe(access);
        expect(order.membership).toBe(statusBy(access, order));
        if (Object.keys(rulings).length > 0) met.add('ruled');
      }
    },
  );
});

describe('law 2: once per order', () => {
  const met = new Set<string>();
  if (meetsEveryCase) afterAll(() => expect(met.size).toBe(8)); // Each membership status, each kind of command that added something.

  const anyCommand: fc.Arbitrary<(order: OrderState) => OrderCommand> = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.tuple(anyObservation, fc.boolean()).map(
        ([observed, claimedByAnother]) =>
          () =>
            ({ type: 'observe', observed, claimedByAnother }) as const,
      ),
    },
    { weight: 1, arbitrary: anyOrder.map((order) => () => ({ type: 'place', order }) as const) },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom('cs_1', 'cs_2')
        .map((id) => () => ({ type: 'attach', checkout: { payment: payment(id), attachedAt: order1.placedAt } }) as const),
    },
    {
      weight: 3,
      arbitrary: fc
        .tuple(fc.constantFrom('grant', 'revoke', 'dismiss'), fc.nat(), fc.nat(2))
        .map(([resolution, which, missed]) => (order: OrderState) => {
          const { reviewId } = order.reviews[which % order.reviews.length] ?? {};
          const observations = resolve(resolution, Math.max(0, order.revision - missed), reviewId);
          return reviewId === undefined ? ({ type: 'place', order: order1 } as const) : observations;
        }),
    },
  );
  const policies = fc.tuple(
    anyPolicy,
    anyPolicy.map((policy): Policy => ({ ...policy, paidAgain: 'review' })),
  );

  // Drawn commands suspend in one of a hundred runs: that it is met must be no luck.
  const disputed = [place, observe(paid()), observe(dispute('open'))].map((command): [() => OrderCommand, number] => [() => command, 0]);
  const examples: [typeof disputed, [Policy, Policy]][] = [[disputed, [defaultPolicy, defaultPolicy]]];

  test.prop([fc.array(fc.tuple(anyCommand, fc.nat(1)), { maxLength: 20 }), policies], { ...often, examples })(
    'whatever is said, by sources and people and under changing policies: one grant, and asked again nothing',
    (commands, both) => {
      let order = initialState('order-1');
      const decisions: string[] = [];
      for (const [commandOn, which] of commands) {
        const policy = both[which] ?? defaultPolicy;
        const command = commandOn(order);
        const { order: after, events } = run([command], policy, order);
        expect(decide(after, command, policy)).toEqual([]);
        decisions.push(...events.flatMap((event) => (event.type.startsWith('Membership') ? [event.type] : [])));
        if (events.length > 0) met.add(command.type);
        met.add(after.membership);
        order = after;
      }
      expect(decisions.slice(0, 1)).toEqual(decisions.length > 0 ? ['MembershipGranted'] : []);
      expect(decisions.slice(1)).not.toContain('MembershipGranted');
      expect(order.sequence).toBe(decisions.length);
    },
  );
});

describe('law 4: access follows payments', () => {
  const met = new Set<string>();
  if (meetsEveryCase)
    afterAll(() => {
      const kinds = ['amount', 'currency', 'mode', 'account', 'overpaid', 'refunds_exceed'];
      expect([...met].sort()).toEqual(
        [
          ...kinds,
          'one of two undone',
          'good after mismatching',
          'MembershipGranted',
          'MembershipSuspended',
          'MembershipRestored',
          'MembershipRevoked',
        ].sort(),
      );
    });

  // What is drawn is refunded too much in one of two hundred runs: that it is met must be no luck.
  const refundedTooMuch = [paid(), refund(600), refund(600, 'succeeded', 're_2')].map((fact) => paymentObserved(fact));
  const examples: [PaymentObserved[], OrderPlaced, Policy][] = [[refundedTooMuch, order1, defaultPolicy]];

  test.prop([fc.array(anyObservation, { maxLength: 20 }), anyOrder, anyPolicy], { ...often, examples })(
    'after every single observation the membership is what the payments entitle to',
    (observations, placed, policy) => {
      let { order } = run([{ type: 'place', order: placed }], policy);
      for (const [index, observed] of observations.entries()) {
        const { order: after, events } = run([{ type: 'observe', observed }], policy, order);
        order = after;
        const access = accessByTheProse(placed, observations.slice(0, index + 1), policy);
        expect(order.membership).toBe(statusBy(access, order));
        for (const event of events) {
          if (event.type === 'ReviewOpened') met.add(event.data.kind);
          if (event.type.startsWith('Membership')) met.add(event.type);
        }
        const counting = Object.values(order.payments).filter((each) => counts(order, each, policy));
        if (access === 'full' && counting.length > 1 && observations.slice(0, index + 1).some(({ fact }) => fact.kind === 'refund'))
          met.add('one of two undone');
        if (access === 'full' && order.reviews.some(({ kind }) => kind === 'amount')) met.add('good after mismatching');
      }
      for (const kind of ['conflicting_evidence', 'claimed_by_two', 'paid_again']) met.delete(kind);
      // Money that came twice, or does not count, was shown to a person.
      const inEffect = Object.values(order.payments).filter((each) => isInEffect(order, each, policy));
      const asked = inEffect.filter(({ reference }) =>
        order.reviews.some(
          ({ kind, payment: of }) => (kind === 'overpaid' || kind === 'paid_again') && paymentKey(of) === paymentKey(reference),
        ),
      );
      expect(asked.length).toBeGreaterThanOrEqual(inEffect.length - 1);
      for (const each of Object.values(order.payments)) {
        const reviewed = order.reviews.some((review) => paymentKey(review.payment) === paymentKey(each.reference));
        if (each.attempt?.status === 'paid' && !counts(order, each, policy)) expect(reviewed).toBe(true);
      }
    },
  );
});

describe('law 5: corroboration is kept, noise is not', () => {
  test.prop([fc.array(anyObservation, { maxLength: 30 }), fc.nat()], often)(
    'each source is kept with each fact once: no more, no less',
    (observations, placeAt) => {
      const { events } = run(placedAfter(order1, observations, placeAt), defaultPolicy);
      const recorded = events.flatMap((event) =>
        event.type === 'PaymentObserved' ? [`${event.data.source} ${factContentKey(event.data)}`] : [],
      );
      expect(recorded.sort()).toEqual([...new Set(observations.map((each) => `${each.source} ${factContentKey(each)}`))].sort());
    },
  );

  // Seven ways not to be paid yet, four sources: 28 events, however often a thief tries cards.
  test.prop([fc.array(fc.tuple(anyUnpaid, anySource), { minLength: 50, maxLength: 60 })], runs(50))(
    'card testing: thousands of attempts add a bounded number of events',
    (tried) => {
      const attempts = Array.from({ length: 20 }, (_, round) =>
        tried.map(([fact, source], index) =>
          paymentObserved(fact, { source, asOf: new Date(Date.UTC(2026, 0, 1) + round * 1e6 + index).toISOString() }),
        ),
      ).flat();
      const { order, events } = run(
        [{ type: 'place', order: order1 }, ...attempts.map((observed) => ({ type: 'observe', observed }) as const)],
        defaultPolicy,
      );
      expect(attempts.length).toBeGreaterThanOrEqual(1_000);
      expect(events.length).toBe(1 + new Set(tried.map(([fact, source]) => `${source} ${JSON.stringify(fact)}`)).size);
      expect(events.length).toBeLessThanOrEqual(1 + 7 * 4);
      expect(order.membership).toBe('none');
      expect(JSON.stringify(order).length).toBeLessThan(10_000);
    },
  );
});

describe('law 6: undone stays undone', () => {
  const met = new Set<string>();
  if (meetsEveryCase)
    afterAll(() =>
      expect([...met].sort()).toEqual([
        'new payment restores',
        'replayed on active',
        'replayed on none',
        'replayed on revoked',
        'replayed on suspended',
      ]),
    );
  const history = fc.array(fc.oneof(anyObservation, anyObservationOf(fc.constant(paid())), anyObservationOf(anyFact)), {
    minLength: 1,
    maxLength: 14,
  });

  test.prop([history, anyPolicy, fc.array(fc.tuple(fc.nat(), anySource, fc.nat(9)), { minLength: 1, maxLength: 6 })], often)(
    'what was said before, said again by anyone at any time, decides nothing',
    (observations, policy, replays) => {
      let { order } = run(placedAfter(order1, observations, 0), policy);
      for (const [which, source, minutes] of replays) {
        const { payment: of, fact } = observations[which % observations.length]!;
        const replayed = paymentObserved(fact, { of, source, asOf: new Date(Date.UTC(2026, 1, 1, 0, minutes)).toISOString() });
        const { events, order: after } = run([{ type: 'observe', observed: replayed }], policy, order);
        expect(events.map(({ type }) => type).filter((type) => type !== 'PaymentObserved')).toEqual([]);
        met.add(`replayed on ${order.membership}`);
        order = after;
      }
    },
  );

  test.prop([history, anyPolicy], often)(
    'a new good payment on a revoked order restores it, and a person is asked',
    (observations, anyOther) => {
      const policy: Policy = { ...anyOther, fullRefund: 'revoke' };
      const { order: before } = run(placedAfter(order1, [...observations, paymentObserved(paid())], 0), policy);
      // Under both rules all of the money is gone then: what was refunded before does not count beside it.
      const refunds = Object.values(before.payments).flatMap(({ reference, attempt, refunds }) => {
        const undone = refunds.map(({ id }) => refund(1, 'failed', id));
        const whole = attempt?.status === 'paid' ? attempt.amount.totalMinor : 5_000;
        return [...undone, refund(whole, 'succeeded', 're_end')].map((fact) => paymentObserved(fact, { of: reference }));
      });
      const commands = refunds.map((observed): OrderCommand => ({ type: 'observe', observed }));
      const { order } = run(commands, policy, before);
      if (order.sequence > 0) expect(order.membership).toBe('revoked');
      const { events } = run([{ type: 'observe', observed: paymentObserved(paid(), { of: payment('pi_new') }) }], policy, order);
      if (order.sequence === 0) {
        expect(events).toMatchObject([{ type: 'PaymentObserved' }, { type: 'MembershipGranted' }]);
        return;
      }
      expect(events).toMatchObject([
        { type: 'PaymentObserved' },
        { type: 'ReviewOpened', data: { kind: 'paid_again' } },
        { type: 'MembershipRestored' },
      ]);
      met.add('new payment restores');
    },
  );
});
