import { describe, expect, test } from 'vitest';
import { subscriptionFactContent, subscriptionFactKey } from './fact-text.ts';
import { joinStatement, joinTimes, noSubscriptionFacts, type SubscriptionFacts } from './facts.ts';
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
  reference1,
  refund,
  unpaid,
} from './story.test-support.ts';

type Told = readonly [days: number, fact: SubscriptionFact];

function joined(...told: readonly Told[]): SubscriptionFacts {
  return told.reduce((facts, [days, fact]) => joinStatement(facts, observed(day(days), fact)), noSubscriptionFacts);
}

/** All orders of what was told. */
function ordersOf(told: readonly Told[]): readonly (readonly Told[])[] {
  if (told.length < 2) return [told];
  return told.flatMap((first, index) => ordersOf(told.filter((_, at) => at !== index)).map((rest) => [first, ...rest]));
}

describe('S1: each register keeps the maximum, in any order and however often it is told', () => {
  const terms = (due: number) => ({ dueAt: day(due), from: day(0) });
  test.each<[string, readonly Told[], Partial<SubscriptionFacts>]>([
    [
      'open < uncollectible < void < paid',
      [
        [4, unpaid('in_1')],
        [3, unpaid('in_1', 'uncollectible')],
        [2, unpaid('in_1', 'void')],
        [1, month('in_1', 0)],
      ],
      { invoices: [{ id: 'in_1', fact: month('in_1', 0), paidAt: day(1) }] },
    ],
    [
      'of open ones, the later due date',
      [
        [1, unpaid('in_1', 'open', terms(30))],
        [2, unpaid('in_1')],
        [3, unpaid('in_1', 'open', terms(9))],
      ],
      { invoices: [{ id: 'in_1', fact: unpaid('in_1', 'open', terms(30)) }] },
    ],
    [
      'of paid ones, the earliest payment',
      [
        [3, month('in_1', 0)],
        [2, month('in_1', 0)],
      ],
      { invoices: [{ id: 'in_1', fact: month('in_1', 0), paidAt: day(2) }] },
    ],
    [
      'allocation: canceled < paid',
      [
        [2, { ...allocation('inpay_1', 'in_1', 'pi_1'), status: 'canceled' }],
        [1, allocation('inpay_1', 'in_1', 'pi_1')],
      ],
      { allocations: [allocation('inpay_1', 'in_1', 'pi_1')] },
    ],
    [
      'credit note: issued < void',
      [
        [2, creditNote('in_1')],
        [1, creditNote('in_1', 1_000, 'void')],
      ],
      { creditNotes: [creditNote('in_1', 1_000, 'void')] },
    ],
    [
      'lifecycle: by its time',
      [
        [3, lifecycle('active')],
        [1, lifecycle('active')],
        [2, lifecycle('past_due')],
      ],
      { lifecycle: { fact: lifecycle('active'), asOf: day(3) } },
    ],
    [
      'lifecycle: ended last',
      [
        [1, lifecycle('canceled')],
        [2, lifecycle('active')],
      ],
      { lifecycle: { fact: lifecycle('canceled'), asOf: day(1) } },
    ],
    [
      'the latest end of a trial',
      [
        [1, lifecycle('trialing', { trialEnd: day(14) })],
        [2, lifecycle('active', { trialEnd: day(2) })],
      ],
      { trialEnd: day(14) },
    ],
    [
      'the greatest time',
      [
        [1, unpaid('in_1')],
        [7, creditNote('in_0')],
        [3, unpaid('in_2')],
      ],
      { seen: day(7) },
    ],
  ])('%s', (_, told, expected) => {
    for (const order of ordersOf(told)) expect(joined(...order, ...order)).toMatchObject(expected);
    expect(new Set(ordersOf(told).map((order) => JSON.stringify(joined(...order)))).size).toBe(1);
  });

  test('the states of an unpaid invoice stand in their order, whichever came first', () => {
    for (const [less, greater] of [
      ['open', 'uncollectible'],
      ['uncollectible', 'void'],
      ['open', 'void'],
    ] as const) {
      const [a, b]: readonly Told[] = [
        [1, unpaid('in_1', less)],
        [2, unpaid('in_1', greater)],
      ];
      for (const order of [
        [a, b],
        [b, a],
      ] as const)
        expect(joined(order[0] as Told, order[1] as Told).invoices).toMatchObject([{ fact: { status: greater } }]);
    }
  });
  test('an end, of either kind, stays whatever is told later', () => {
    for (const status of ['canceled', 'incomplete_expired'] as const) {
      const [end, after]: readonly Told[] = [
        [1, lifecycle(status)],
        [2, lifecycle('active')],
      ];
      for (const order of [
        [end, after],
        [after, end],
      ] as const)
        expect(joined(order[0] as Told, order[1] as Told).lifecycle?.fact.status).toBe(status);
    }
  });
  test('what is not known has no key', () => {
    expect(joined([1, lifecycle('active')])).not.toHaveProperty('trialEnd');
    expect(joined([1, lifecycle('active')])).not.toHaveProperty('looked');
    expect(joinTimes(noSubscriptionFacts, { source: 'webhook', asOf: day(1) })).toStrictEqual({ ...noSubscriptionFacts, seen: day(1) });
  });
  test.each([
    ['paused', lifecycle('paused', { because: 'final_payment_failure' })],
    ['unpaid', lifecycle('unpaid')],
    ['a pause of collection', lifecycle('active', { collectionPaused: {} })],
  ])('of one second, %s gives way to what takes no access, whichever came first', (_, takes) => {
    for (const [first, second] of ordersOf([
      [1, takes],
      [1, lifecycle('active')],
    ])) {
      expect(joined(first as Told, second as Told).lifecycle?.fact).toEqual(lifecycle('active'));
    }
    expect(joined([1, lifecycle('active')], [2, takes]).lifecycle?.fact).toEqual(takes);
  });

  test('equal time and rank: the text of the content decides, not the arrival', () => {
    const [a, b]: readonly Told[] = [
      [1, lifecycle('active')],
      [1, lifecycle('past_due')],
    ];
    expect(joined(a as Told, b as Told)).toEqual(joined(b as Told, a as Told));
  });
  test('refunds and disputes join as those of orders, for each payment', () => {
    const facts = joined(
      [1, refund('pi_1', 1_000, 'failed')],
      [2, refund('pi_1')],
      [3, dispute('pi_2', 'won')],
      [4, dispute('pi_2', 'open')],
    );
    expect(facts.payments).toMatchObject([
      { reference: { id: 'pi_1' }, refunds: [{ status: 'failed' }], disputes: [] },
      { reference: { id: 'pi_2' }, refunds: [], disputes: [{ status: 'won' }] },
    ]);
  });
});

describe('the text and the name of a fact', () => {
  const facts: readonly SubscriptionFact[] = [
    month('in_1', 0),
    month('in_1', 0, { taxMinor: 1 }),
    unpaid('in_1'),
    unpaid('in_1', 'void'),
    allocation('in_1', 'in_1', 'pi_1'),
    creditNote('in_1'),
    lifecycle('active'),
    lifecycle('active', { collectionPaused: {} }),
    lifecycle('active', { endsAt: day(1) }),
    lifecycle('active', { items: [{ price: 'a/1 b', quantity: 2 }] }),
    lifecycle('active', {
      items: [
        { price: 'a', quantity: 1 },
        { price: 'b', quantity: 2 },
      ],
    }),
    paid('in_3', [line(0, 30, { id: 'il_3', price: 'a/b', product: 'c' })]),
    paid('in_3', [line(0, 30, { id: 'il_3', price: 'a', product: 'b/c' })]),
    refund('in_1'),
    dispute('in_1', 'open'),
  ];
  test('facts that differ have texts that differ', () => expect(new Set(facts.map(subscriptionFactContent)).size).toBe(facts.length));
  // Of two contents of one state the greater text wins, in every release: a text that changes would change what an old log folds to.
  test.each<[SubscriptionFact, string]>([
    [
      month('in_1', 0),
      `invoice in_1 paid cycle usd 1000 0 0 0 0 0 il_base_0_price_month/price_month/prod_1/${day(0)}/${day(30)}/base/1/1000/-`,
    ],
    [
      paid('in_2', [line(0, 30), line(0, 30, { id: 'il_b', role: 'credit', credits: 'in_1' })], { taxMinor: 1 }),
      `invoice in_2 paid cycle usd 500 0 1 0 0 0 il_b/price_month/prod_1/${day(0)}/${day(30)}/credit/1/-500/in_1 ` +
        `il_base_0_price_month/price_month/prod_1/${day(0)}/${day(30)}/base/1/1000/-`,
    ],
    [unpaid('in_1'), 'invoice in_1 open'],
    [unpaid('in_1', 'open', { dueAt: day(9), from: day(1) }), `invoice in_1 open ${day(9)} ${day(1)}`],
    [allocation('ip_1', 'in_1', 'pi_1'), 'allocation ip_1 paid in_1 pi_1 1000'],
    [creditNote('in_1'), 'credit_note cn_in_1 issued in_1 1000'],
    [lifecycle('active'), 'lifecycle active collecting - - - - cus_1 price_month/1'],
    [
      lifecycle('canceled', {
        collectionPaused: { resumesAt: day(3) },
        endedAt: day(4),
        endsAt: day(5),
        trialEnd: day(6),
        because: 'payment_failed',
        items: [
          { price: 'price_a', quantity: 2 },
          { price: 'price_b', quantity: 3 },
        ],
      }),
      `lifecycle canceled paused ${day(3)} ${day(4)} ${day(5)} ${day(6)} payment_failed cus_1 price_a/2 price_b/3`,
    ],
    [lifecycle('active', { collectionPaused: {} }), 'lifecycle active paused - - - - - cus_1 price_month/1'],
  ])('has the whole content: %#', (fact, text) => expect(subscriptionFactContent(fact)).toBe(text));
  test('the name has the object and its state, and no amount', () => {
    expect(subscriptionFactKey(reference1, month('in_1', 0))).toBe('in_1:paid');
    expect(subscriptionFactKey(reference1, lifecycle('active'))).toBe('sub_1:active');
    expect(subscriptionFactKey(reference1, dispute('pi_1', 'open'))).toBe('dp_pi_1:open:1');
  });
});
