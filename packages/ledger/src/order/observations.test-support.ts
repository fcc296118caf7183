// Arbitrary observations of `order-1` for fast-check: several payments (some in another account or mode), all kinds of facts,
// amounts with and without parts, several sources, in any order.

import * as fc from 'fast-check';
import { defined } from '../defined.ts';
import { type Fact, factKey, type PaymentReference, type Source } from '../observation.ts';
import type { OrderPlaced, PaymentObserved } from './events.ts';
import { at, order1, payment, support } from './example-order.test-support.ts';
import { factContentKey } from './order.ts';
import type { Policy } from './policy.ts';

export const anyPolicy: fc.Arbitrary<Policy> = fc
  .record<Required<Omit<Policy, 'rules'>> & { readonly rules: 2 | undefined }>({
    fullRefund: fc.constantFrom('revoke', 'keep'),
    partialRefund: fc.constantFrom('keep', 'revoke'),
    openDispute: fc.constantFrom('suspend', 'keep'),
    lostDispute: fc.constantFrom('revoke', 'keep'),
    returnedDebit: fc.constantFrom('revoke', 'suspend'),
    paidAgain: fc.constant('restore'),
    rules: fc.constantFrom(2, undefined),
  })
  .map(({ rules, ...policy }) => ({ ...policy, ...defined({ rules }) }));

export const anyOrder: fc.Arbitrary<OrderPlaced> = fc
  .record({ discount: fc.boolean(), tax: fc.boolean(), shipping: fc.boolean(), more: fc.constantFrom(undefined, true) })
  .map(({ more, ...parts }) => ({ ...order1, expected: { ...order1.expected, allow: { ...parts, ...defined({ more }) } } }));

export const anySource: fc.Arbitrary<Source> = fc.constantFrom('webhook', 'poll', 'status_query', 'manual');

const anyPayment: fc.Arbitrary<PaymentReference> = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(payment('pi_1'), payment('pi_2'), payment('pi_3')) },
  { weight: 1, arbitrary: fc.constantFrom(payment('pi_1', { livemode: false }), payment('pi_2', { account: 'acct_2' })) },
);

const anyParts = fc.record({
  subtotalMinor: fc.constantFrom(1_000, 900, 1_100),
  discountMinor: fc.constantFrom(0, 100),
  taxMinor: fc.constantFrom(0, 80),
  shippingMinor: fc.constantFrom(0, 50),
});

const anyPaid: fc.Arbitrary<Fact> = fc.oneof(
  { weight: 5, arbitrary: fc.constant<Fact>({ kind: 'attempt', status: 'paid', amount: { totalMinor: 1_000, currency: 'usd' } }) },
  {
    weight: 2,
    arbitrary: fc
      .record({ totalMinor: fc.constantFrom(1_000, 900, 1_100, 1_080), currency: fc.constantFrom('usd', 'eur') })
      .map((amount): Fact => ({ kind: 'attempt', status: 'paid', amount })),
  },
  {
    weight: 2,
    arbitrary: fc.record({ parts: anyParts, currency: fc.constantFrom('usd', 'usd', 'eur') }).map(({ parts, currency }): Fact => {
      const totalMinor = parts.subtotalMinor - parts.discountMinor + parts.taxMinor + parts.shippingMinor;
      return { kind: 'attempt', status: 'paid', amount: { totalMinor, currency, parts } };
    }),
  },
);

export const anyUnpaid: fc.Arbitrary<Fact> = fc.record({
  kind: fc.constant('attempt'),
  status: fc.constantFrom('processing', 'awaiting_customer', 'authorized', 'attempt_failed', 'canceled', 'expired', 'failed'),
});

const anyRefund: fc.Arbitrary<Fact> = fc.record({
  kind: fc.constant('refund'),
  id: fc.constantFrom('re_1', 're_2'),
  status: fc.constantFrom('pending', 'requires_action', 'succeeded', 'succeeded', 'canceled', 'failed'),
  amountMinor: fc.constantFrom(1_000, 600, 400),
});

const anyDispute: fc.Arbitrary<Fact> = fc.record({
  kind: fc.constant('dispute'),
  id: fc.constantFrom('dp_1', 'dp_2'),
  status: fc.constantFrom('inquiry', 'open', 'open', 'prevented', 'lost', 'won', 'won'),
  amountMinor: fc.constantFrom(1_000, 500),
  returnedDebit: fc.constantFrom(false, false, true),
  movements: fc.nat(2),
});

export const anyFact: fc.Arbitrary<Fact> = fc.oneof(
  { weight: 4, arbitrary: anyPaid },
  { weight: 1, arbitrary: anyUnpaid },
  { weight: 2, arbitrary: anyRefund },
  { weight: 2, arbitrary: anyDispute },
);

interface Draw {
  readonly of: PaymentReference;
  readonly fact: Fact;
  readonly source: Source;
  readonly asOf: string;
  readonly occurredAt: string | undefined;
  readonly aliases: readonly string[] | undefined;
  readonly orderId: string | undefined;
}

function observationOf({ of, fact, source, asOf, occurredAt, aliases, orderId }: Draw): PaymentObserved {
  const observations = {
    payment: of,
    fact,
    asOf,
    ...defined({ occurredAt, aliases, orderId }),
    evidence: { objectId: of.id },
    observedAt: at(60),
    factKey: factKey(of, fact),
  };
  return source === 'manual' ? { ...observations, source, by: support } : { ...observations, source };
}

export function anyObservationOf(fact: fc.Arbitrary<Fact>): fc.Arbitrary<PaymentObserved> {
  return fc
    .record({
      of: anyPayment,
      fact,
      source: anySource,
      asOf: fc.nat(4).map(at),
      occurredAt: fc.option(fc.nat(2).map(at), { nil: undefined }),
      aliases: fc.option(fc.subarray(['cs_1', 'cs_2']), { nil: undefined }),
      orderId: fc.constantFrom(undefined, 'order-1', 'order-1', 'order-2'),
    })
    .map(observationOf);
}

export const anyObservation: fc.Arbitrary<PaymentObserved> = anyObservationOf(anyFact);

/**
 * Gives repeated facts of one source the same asOf, occurredAt and aliases. Law 5 keeps only the first observation of a fact,
 * so other values in a repetition would be lost, and law 1 would not hold for these three fields.
 */
export function withEqualContent(observations: readonly PaymentObserved[]): readonly PaymentObserved[] {
  const first = new Map<string, PaymentObserved>();
  return observations.map((each) => {
    const key = `${each.source} ${factContentKey(each)}`;
    const earlier = first.get(key) ?? each;
    first.set(key, earlier);
    return { ...earlier, ...defined({ orderId: each.orderId }) } as PaymentObserved;
  });
}

export interface Shuffled {
  readonly once: readonly PaymentObserved[];
  /** The same observations in another order, some of them several times. */
  readonly again: readonly PaymentObserved[];
}

export function shuffled(of: fc.Arbitrary<readonly PaymentObserved[]>): fc.Arbitrary<Shuffled> {
  return of.chain((once) =>
    fc
      .tuple(
        fc.shuffledSubarray([...once], { minLength: once.length, maxLength: once.length }),
        fc.array(fc.record({ which: fc.nat(), to: fc.nat() }), { maxLength: 6 }),
      )
      .map(([all, repeats]) => {
        const again = [...all];
        for (const { which, to } of repeats) {
          const one = once[which % Math.max(1, once.length)];
          if (one) again.splice(to % (again.length + 1), 0, one);
        }
        return { once, again };
      }),
  );
}
