// The cases that are asked for most, one by one, each with the exact row of its decisions.
import { describe, expect, test } from 'vitest';
import { allocation, day, dispute, lifecycle, line, month, paid, paymentReference, refund, Story, unpaid } from './story.test-support.ts';

/** A member who has paid the first month. */
function member(policy: ConstructorParameters<typeof Story>[0] = {}): Story {
  return Story.placed(policy).tell(0, month('in_1', 0, { reason: 'create' }), lifecycle('active'), allocation('inpay_1', 'in_1', 'pi_1'));
}

describe('renewals', () => {
  test('the first invoice that is paid grants, to the end of its period and the grace of renewals', () => {
    const story = member();
    expect(story.row).toEqual(['granted paid 33']);
    expect(story.state.decided).toMatchObject({
      plan: 'silver',
      quantity: 1,
      paidThrough: day(30),
      paidAt: day(0),
      invoice: 'in_1',
      payment: paymentReference('pi_1'),
      trial: false,
    });
  });
  test('a renewal that four sources tell five times extends once; the confirmations are kept, and nothing else', () => {
    const story = member().tell(30.1, month('in_2', 30)).tell(30.1, month('in_2', 30));
    for (const source of ['poll', 'status_query', 'manual'] as const) story.tellAs({ source }, 30.2, month('in_2', 30));
    expect(story.row).toEqual(['granted paid 33', 'extended paid 63']);
    expect(story.state.decided).toMatchObject({ invoice: 'in_2', paidThrough: day(60) });
    expect(story.events.filter((event) => event.type === 'SubscriptionObserved' && event.data.fact.kind === 'invoice')).toHaveLength(5);
  });
  test('month 2 that is told after month 3 extends nothing, and no gap between paid months is a gap in access', () => {
    const story = member().tell(60, month('in_3', 60)).tell(60.1, month('in_2', 30));
    expect(story.row).toEqual(['granted paid 33', 'extended paid 93']);
  });
  test('a month paid ahead of any access begins when it begins', () => {
    const story = Story.placed().tell(0, month('in_1', 10));
    expect(story.row).toEqual([]);
    expect(story.access).toMatchObject({ access: 'over', dueAt: day(10) });
    expect(story.look(10, lifecycle('active')).row).toEqual(['granted paid 43']);
  });
  test('a renewal that is late costs no access: the grace of dunning, the renewal, the plain grace again', () => {
    const story = member().tell(30, lifecycle('past_due'), unpaid('in_2')).look(34, lifecycle('past_due'));
    story.tell(39, month('in_2', 30)).tell(39.01, lifecycle('active'));
    expect(story.row).toEqual(['granted paid 33', 'adjusted grace 46', 'extended paid 76', 'adjusted paid 63']);
  });
  test('an invoice that is paid outside the provider is paid', () => {
    const story = member().tell(30, month('in_2', 30, { outsideMinor: 1_000 }));
    expect(story.row).toEqual(['granted paid 33', 'extended paid 63']);
  });
  test('no renewal, and nothing said: nothing ends by itself; the look that finds none ends it', () => {
    const story = member();
    expect(story.access.dueAt).toBe(day(33));
    story.tell(40, unpaid('in_9', 'void'));
    expect(story.row).toEqual(['granted paid 33']);
    story.look(40, lifecycle('active'));
    expect(story.row).toEqual(['granted paid 33', 'ended expired 33']);
  });
  test('a lost renewal that the look finds extends, and nothing ended in between', () => {
    const story = member().look(33, lifecycle('active'), month('in_2', 30));
    expect(story.row).toEqual(['granted paid 33', 'extended paid 63']);
  });
});

describe('trials', () => {
  const trialInvoice = paid('in_1', [line(0, 14, { netMinor: 0 })], { reason: 'create' });
  const trialing = lifecycle('trialing', { trialEnd: day(14) });
  test('under `none` a trial gives nothing, at any time', () => {
    const story = Story.placed().tell(0, trialInvoice, trialing);
    story.tell(14, lifecycle('past_due', { trialEnd: day(14) }), unpaid('in_2')).look(18, lifecycle('past_due', { trialEnd: day(14) }));
    expect(story.row).toEqual([]);
  });
  test('under `grant` it gives access with the grace of renewals alone: no 16 days for a bad card', () => {
    const story = Story.placed({ trial: 'grant' }).tell(0, trialInvoice, trialing);
    expect(story.state.decided).toMatchObject({ trial: true, cause: 'trial', paidAt: day(0) });
    story.tell(14, lifecycle('past_due', { trialEnd: day(14) }), unpaid('in_2')).look(18, lifecycle('past_due', { trialEnd: day(14) }));
    expect(story.row).toEqual(['granted trial 17', 'ended unpaid 17']);
  });
  test('a trial that is ended early was one all the same: the provider moves its end back', () => {
    const story = Story.placed()
      .tell(0, trialing)
      .tell(3, lifecycle('active', { trialEnd: day(3) }), trialInvoice);
    expect(story.row).toEqual([]);
  });
  test('a setup fee beside a trial pays for no plan', () => {
    const story = Story.placed().tell(0, { ...trialInvoice, totalMinor: 500 }, trialing);
    expect(story.row).toEqual([]);
  });
  test('free time that is given to a payer by the end of a trial is free, not a trial', () => {
    const story = member().tell(30, lifecycle('trialing', { trialEnd: day(60) }), paid('in_2', [line(30, 60, { netMinor: 0 })]));
    expect(story.row).toEqual(['granted paid 33', 'extended free 63']);
  });
  test('a coupon of 100 % is free, and earns no grace of dunning', () => {
    const coupon = paid('in_1', [line(0, 30, { netMinor: 0 })], { reason: 'create', discountMinor: 1_000 });
    const story = Story.placed()
      .tell(0, coupon, trialing)
      .tell(30, lifecycle('past_due', { trialEnd: day(14) }));
    expect(story.row).toEqual(['granted free 33']);
    expect(Story.placed({ free: 'none' }).tell(0, coupon).row).toEqual([]);
  });
});

describe('the end', () => {
  test('the provider gives up: what is valid falls back to what is paid, so it is due, and the look ends it', () => {
    const story = member().tell(30, lifecycle('past_due'), unpaid('in_2')).tell(45, lifecycle('unpaid'));
    expect(story.row).toEqual(['granted paid 33', 'adjusted grace 46', 'adjusted grace 30']);
    expect(story.access.dueAt).toBe(day(30));
    expect(story.look(45.1, lifecycle('unpaid')).row.slice(3)).toEqual(['ended unpaid 30']);
  });
  test('canceled since nobody paid ends at once', () => {
    const story = member().tell(30, lifecycle('past_due'), unpaid('in_2'));
    story.tell(46, lifecycle('canceled', { endedAt: day(46), because: 'payment_failed' }));
    expect(story.row).toEqual(['granted paid 33', 'adjusted grace 46', 'ended unpaid 30']);
  });
  test('canceled for the end of the period is a flag; at the end it ends', () => {
    const story = member().tell(10, lifecycle('active', { endsAt: day(30) }));
    expect(story.row).toEqual(['granted paid 33']);
    story.tell(30, lifecycle('canceled', { endedAt: day(30), because: 'cancellation_requested' }));
    expect(story.row).toEqual(['granted paid 33', 'ended canceled 30']);
  });
  test('a cancellation that is undone: nothing happened', () => {
    const story = member()
      .tell(10, lifecycle('active', { endsAt: day(30) }))
      .tell(12, lifecycle('active'))
      .tell(30, month('in_2', 30));
    expect(story.row).toEqual(['granted paid 33', 'extended paid 63']);
  });
  test('canceled now ends now, and no later state undoes it', () => {
    const story = member()
      .tell(10, lifecycle('canceled', { endedAt: day(10) }))
      .tell(11, lifecycle('active'));
    expect(story.row).toEqual(['granted paid 33', 'ended canceled 10']);
  });
  test('under `run_out` what was paid for runs out, without grace', () => {
    const story = member({ canceledNow: 'run_out' }).tell(10, lifecycle('canceled', { endedAt: day(10) }));
    expect(story.row).toEqual(['granted paid 33', 'adjusted paid 30']);
    expect(story.look(30, lifecycle('canceled', { endedAt: day(10) })).row.slice(2)).toEqual(['ended canceled 30']);
  });
  test('under `run_out` a credit for the rest, once its invoice is paid, moves the end to the cancellation', () => {
    const canceled = lifecycle('canceled', { endedAt: day(10) });
    const story = member({ canceledNow: 'run_out' }).tell(
      10,
      canceled,
      paid('in_2', [line(10, 30, { role: 'credit' })], { reason: 'update' }),
    );
    expect(story.row).toEqual(['granted paid 33', 'adjusted grace 10']);
    expect(story.look(10.1, canceled).row.slice(2)).toEqual(['ended canceled 10']);
  });
  test('an invoice that is paid after the end is a question: somebody paid and is out', () => {
    const story = member().tell(30, unpaid('in_2'), lifecycle('canceled', { endedAt: day(30), because: 'payment_failed' }));
    story.look(35, month('in_2', 30), lifecycle('canceled', { endedAt: day(30), because: 'payment_failed' }));
    expect(story.row).toEqual(['granted paid 33', 'ended unpaid 30']);
    expect(story.reviews).toEqual(['paid_after_end in_2']);
    const { revision } = story.state;
    story.run({
      type: 'resolve',
      reviewId: 'r1',
      resolution: 'grant',
      seenRevision: revision,
      by: { actor: 'a', reason: 'paid' },
      at: day(36),
    });
    expect(story.row.slice(2)).toEqual(['restored person 60']);
    expect(story.look(61, lifecycle('canceled', { endedAt: day(30), because: 'payment_failed' })).row.slice(3)).toEqual([
      'ended unpaid 60',
    ]);
  });
});

describe('money given back', () => {
  test('a refund of the running month revokes at once, without grace or look', () => {
    const story = member()
      .tell(30, month('in_2', 30), allocation('inpay_2', 'in_2', 'pi_2'))
      .tell(35, refund('pi_2'));
    expect(story.row).toEqual(['granted paid 33', 'extended paid 63', 'revoked refunded 30']);
    expect(story.state.decided).toMatchObject({ invoice: 'in_2', payment: paymentReference('pi_2') });
  });
  test('a refund that failed in the end gives it back, and extends nothing a second time', () => {
    const story = member()
      .tell(5, refund('pi_1'))
      .tell(6, refund('pi_1', 1_000, 'failed'));
    expect(story.row).toEqual(['granted paid 33', 'revoked refunded 30', 'restored paid 33']);
  });
  test('a refund of a month long over changes nothing', () => {
    const story = member()
      .tell(30, month('in_2', 30), allocation('inpay_2', 'in_2', 'pi_2'))
      .tell(45, refund('pi_1'));
    expect(story.row).toEqual(['granted paid 33', 'extended paid 63']);
    expect(story.reviews).toEqual([]);
  });
  test('a chargeback of the running month suspends; won later, it is restored', () => {
    const story = member().tell(5, dispute('pi_1', 'open')).tell(20, dispute('pi_1', 'won'));
    expect(story.row).toEqual(['granted paid 33', 'suspended disputed 30', 'restored paid 33']);
  });
  test('a dispute of a month long over is a question, and changes no access', () => {
    const story = member().tell(30, month('in_2', 30)).tell(45, dispute('pi_1', 'lost'));
    expect(story.row).toEqual(['granted paid 33', 'extended paid 63']);
    expect(story.reviews).toEqual(['dispute_past_period in_1']);
  });
});

describe('changes of plan', () => {
  const toGold = [line(10, 30, { role: 'credit' }), line(10, 30, { role: 'proration', price: 'price_gold' })];
  test('an upgrade that is invoiced at once changes the plan when it is paid; the end stays', () => {
    const story = member().tell(10, unpaid('in_2'), lifecycle('active', { items: [{ price: 'price_gold', quantity: 1 }] }));
    expect(story.row).toEqual(['granted paid 33']);
    story.tell(10.1, paid('in_2', toGold, { reason: 'update' }));
    expect(story.row).toEqual(['granted paid 33', 'plan_changed plan 33']);
    expect(story.state.decided).toMatchObject({ plan: 'gold', paidThrough: day(30), invoice: 'in_2' });
  });
  test('an upgrade that is canceled against a credit ends there, although the credit is of another price', () => {
    const story = member({ canceledNow: 'run_out' }).tell(10, paid('in_2', toGold, { reason: 'update' }));
    story.tell(
      20,
      paid('in_3', [line(20, 30, { role: 'credit', price: 'price_gold' })], { reason: 'update' }),
      lifecycle('canceled', { endedAt: day(20) }),
    );
    expect(story.state.decided).toMatchObject({ paidThrough: day(20), validUntil: day(20) });
  });
  test('gold, back, silver in one minute costs nobody his month', () => {
    const back = [line(10, 30, { role: 'credit', price: 'price_gold' }), line(10, 30, { role: 'proration' })];
    const story = member()
      .tell(10, paid('in_2', toGold, { reason: 'update' }))
      .tell(10, paid('in_3', back, { reason: 'update' }));
    expect(story.state.decided).toMatchObject({ paidThrough: day(30), validUntil: day(33) });
  });
  test('monthly to yearly has a base line of its own: extended, and the new plan in one decision', () => {
    const year = [line(10, 30, { role: 'credit' }), line(10, 370, { price: 'price_gold', netMinor: 10_000 })];
    const story = member().tell(10, paid('in_2', year, { reason: 'update' }));
    expect(story.row).toEqual(['granted paid 33', 'extended paid 373']);
    expect(story.state.decided).toMatchObject({ plan: 'gold', invoice: 'in_2' });
  });
  test('yearly to monthly against a greater credit: the monthly plan, its shorter end, and months from the balance that extend', () => {
    const story = Story.placed({ plans: { year: ['price_year'], month: ['price_month'] } });
    story.tell(0, paid('in_1', [line(0, 360, { price: 'price_year', netMinor: 10_000 })], { reason: 'create' }));
    const change = [line(40, 360, { role: 'credit', price: 'price_year', netMinor: -8_800, credits: 'in_1' }), line(40, 70)];
    story.tell(40, paid('in_2', change, { reason: 'update' }));
    expect(story.row).toEqual(['granted paid 363', 'plan_changed plan 73']);
    expect(story.state.decided).toMatchObject({ plan: 'month', paidThrough: day(70) });
    story.tell(70, month('in_3', 70, { balanceMinor: 1_000 }));
    expect(story.row.slice(2)).toEqual(['extended paid 103']);
  });
  test('a credit of a year that free time began, paid or owed, gives back nothing of the year before, which ends earlier', () => {
    const year = (id: string, from: number) => paid(id, [line(from, from + 360, { price: 'price_year', netMinor: 10_000 })]);
    const credit = line(40, 390, { role: 'credit', price: 'price_year', netMinor: -9_722, credits: 'in_3' });
    const story = Story.placed({ plans: { year: ['price_year'], month: ['price_month'] } });
    story.tell(0, year('in_1', 0)).tell(20, paid('in_2', [line(20, 30, { price: 'price_year', netMinor: 0 })], { reason: 'update' }));
    story.tell(30, unpaid('in_3')).tell(40, paid('in_4', [credit, line(40, 70)], { reason: 'update', totalMinor: -8_722 }));
    expect(story.row).toEqual(['granted paid 363']);
    expect(story.look(45, lifecycle('active'), year('in_3', 30)).row.slice(1)).toEqual(['plan_changed plan 363']);
    expect(story.state.decided).toMatchObject({ plan: 'month', paidThrough: day(360) });
  });
  test('seats: 3 to 5 with the next invoice stays 3 until it is paid; 5 to 2 against a credit is 2 at once', () => {
    const story = Story.placed().tell(0, paid('in_1', [line(0, 30, { quantity: 3, netMinor: 3_000 })], { reason: 'create' }));
    story.tell(10, lifecycle('active', { items: [{ price: 'price_month', quantity: 5 }] }));
    expect(story.state.decided).toMatchObject({ quantity: 3 });
    const next = [
      line(10, 30, { role: 'credit', quantity: 3, netMinor: -2_000 }),
      line(10, 30, { role: 'proration', quantity: 5, netMinor: 3_300 }),
      line(30, 60, { quantity: 5, netMinor: 5_000 }),
    ];
    story.tell(30, paid('in_2', next));
    expect(story.state.decided).toMatchObject({ quantity: 5, validUntil: day(63) });
    const fewer = [
      line(40, 60, { role: 'credit', quantity: 5, netMinor: -3_300 }),
      line(40, 60, { role: 'proration', quantity: 2, netMinor: 1_300 }),
    ];
    story.tell(40, paid('in_3', fewer, { reason: 'update' }));
    expect(story.row).toEqual(['granted paid 33', 'extended paid 63', 'plan_changed plan 63']);
    expect(story.state.decided).toMatchObject({ quantity: 2, paidThrough: day(60) });
  });
  test('an add-on at another interval is no membership; two plans on one subscription are a question', () => {
    const story = Story.placed().tell(
      0,
      paid('in_1', [line(0, 360, { price: 'price_year' }), line(0, 30, { price: 'price_addon' })], { reason: 'create' }),
    );
    story.tell(30, paid('in_2', [line(30, 60, { price: 'price_addon' })]));
    expect(story.row).toEqual(['granted paid 363']);
    expect(story.reviews).toEqual([]);
    const both = Story.placed().tell(0, paid('in_1', [line(0, 30), line(0, 360, { price: 'price_gold' })], { reason: 'create' }));
    expect(both.row).toEqual(['granted paid 363']);
    expect(both.reviews).toEqual(['two_plans']);
  });
});

describe('open invoices', () => {
  const terms = { dueAt: day(60), from: day(30) };
  test('with terms they hold until the due date and the grace: adjusted; paid: extended', () => {
    const story = member().tell(30, unpaid('in_2', 'open', terms));
    expect(story.row).toEqual(['granted paid 33', 'adjusted grace 63']);
    expect(story.tell(55, month('in_2', 30)).row.slice(2)).toEqual(['extended paid 63']);
  });
  test('with terms and never paid: the look ends it', () => {
    const story = member()
      .tell(30, unpaid('in_2', 'open', terms))
      .look(62, lifecycle('active'));
    expect(story.row).toEqual(['granted paid 33', 'adjusted grace 63']);
    expect(story.look(63, lifecycle('active')).row.slice(2)).toEqual(['ended expired 63']);
  });
  test('the very first with terms gives nothing until it is paid, and a row of them holds no longer than one', () => {
    expect(Story.placed().tell(0, unpaid('in_1', 'open', { dueAt: day(30), from: day(0) })).row).toEqual([]);
    const row = member()
      .tell(30, unpaid('in_2', 'open', terms))
      .tell(60, unpaid('in_3', 'open', { dueAt: day(90), from: day(60) }));
    expect(row.row).toEqual(['granted paid 33', 'adjusted grace 63']);
  });
  test('void or uncollectible while collection is paused: nothing', () => {
    const paused = lifecycle('active', { collectionPaused: {} });
    const story = member().tell(10, paused).tell(30, unpaid('in_2', 'void')).tell(60, unpaid('in_3', 'uncollectible'));
    expect(story.row).toEqual(['granted paid 33']);
    expect(story.look(61, paused).row.slice(1)).toEqual(['ended expired 33']);
  });
});

describe('pauses', () => {
  test('a paused subscription is suspended at once, and restored when it goes on', () => {
    const story = member().tell(10, lifecycle('paused')).tell(12, lifecycle('active'));
    expect(story.row).toEqual(['granted paid 33', 'suspended paused 33', 'restored paid 33']);
  });
  test('a pause of the collection lets run out what was paid for, or suspends, as the policy says', () => {
    const paused = lifecycle('active', { collectionPaused: { resumesAt: day(90) } });
    expect(member().tell(10, paused).row).toEqual(['granted paid 33']);
    expect(member({ collectionPaused: 'suspend' }).tell(10, paused).row).toEqual(['granted paid 33', 'suspended paused 33']);
  });
});

describe('what is long over', () => {
  test('an old month that is paid when it is over: nothing but a question', () => {
    const story = member().tell(30, unpaid('in_2')).look(50, lifecycle('active'));
    expect(story.row).toEqual(['granted paid 33', 'ended expired 33']);
    story.look(100, month('in_2', 30), lifecycle('active'));
    expect(story.row).toHaveLength(2);
    expect(story.reviews).toEqual(['paid_for_the_past in_2']);
  });
  test('an old month whose webhook was lost is no question: it was paid in time', () => {
    const story = member()
      .tell(60, month('in_3', 60))
      .tellAs({ source: 'poll', occurredAt: day(31) }, 61, month('in_2', 30));
    expect(story.reviews).toEqual([]);
  });
  test('a backdated start whose first period is over: nothing; one that is partly over is granted to its end', () => {
    const past = Story.placed().look(100, month('in_1', 0, { reason: 'create' }), lifecycle('active'));
    expect(past.row).toEqual([]);
    const partly = Story.placed().look(20, month('in_1', 0, { reason: 'create' }), lifecycle('active'));
    expect(partly.row).toEqual(['granted paid 33']);
  });
});
