// What the facts entitle to, and when somebody must look next.
import { describe, expect, test } from 'vitest';
import { accessOf, isSameAccess, type SubscriptionAccess } from './access.ts';
import { joinTimes } from './facts.ts';
import type { Rulings } from './invoices.ts';
import {
  allocation,
  creditNote,
  day,
  dispute,
  lifecycle,
  line,
  month,
  paid,
  policy1,
  refund,
  Story,
  unpaid,
} from './story.test-support.ts';

const member = (policy: ConstructorParameters<typeof Story>[0] = {}): Story =>
  Story.placed(policy).tell(0, month('in_1', 0), allocation('inpay_1', 'in_1', 'pi_1'), lifecycle('active'));

/** Access if a look told nothing but its time. */
function lookedAt({ state, policy }: Story, at: string): ReturnType<typeof accessOf> {
  const facts = joinTimes(state.facts, { source: 'poll', asOf: at, look: at });
  return accessOf({ ...state, facts }, policy);
}

describe('S11: the next time at which access changes with nothing new said', () => {
  const ahead = (): Story => Story.placed().tell(0, month('in_1', 10));
  const gold = (): Story => member().tell(1, paid('in_2', [line(30, 60, { price: 'price_gold' })]));
  test.each<[string, () => Story, number]>([
    ['the beginning of a month paid ahead', ahead, 10],
    ['the end of the grace', member, 33],
    ['the end of the grace of dunning', () => member().tell(30, lifecycle('past_due')), 46],
    ['the due date and the grace', () => member().tell(30, unpaid('in_2', 'open', { dueAt: day(45), from: day(30) })), 48],
    ['what is paid, where the provider gave up, though it lies behind', () => member().tell(45, lifecycle('unpaid')), 30],
    ['the start of a line of another plan', gold, 30],
    ['the end of what a dispute holds', () => member().tell(5, dispute('pi_1', 'open')), 30],
    [
      'what stands, where the month after it is held',
      () => member().tell(20, month('in_2', 30), allocation('inpay_2', 'in_2', 'pi_2'), dispute('pi_2', 'open')),
      30,
    ],
    ['an end that lies ahead of what was seen', () => member().tell(5, lifecycle('canceled', { endedAt: day(9) })), 9],
    ['while it is paused, the end of the grace', () => member().tell(5, lifecycle('paused')), 33],
  ])('%s', (_, storyOf, days) => {
    const story = storyOf();
    const { dueAt, access, plan } = story.access;
    expect(dueAt).toBe(day(days));
    const justBefore = new Date(Date.parse(day(days)) - 1).toISOString();
    const { access: before, plan: planBefore } = lookedAt(story, justBefore);
    const { access: after, plan: planAfter } = lookedAt(story, day(days));
    // What is due lies behind where nobody has looked yet: a look at any time finds it.
    if ((story.state.facts.seen ?? '') < day(days)) expect([before, planBefore]).toEqual([access, plan]);
    expect([after, planAfter]).not.toEqual([access, plan]);
  });
  test('nothing is due of what is over, nor before anything was paid', () => {
    for (const story of [
      Story.placed(),
      member().look(40, lifecycle('active')),
      member().tell(9, lifecycle('canceled', { endedAt: day(9) })),
    ]) {
      expect(story.access).toMatchObject({ access: 'over' });
      expect(story.access.dueAt).toBeUndefined();
    }
  });
});

describe('S3 and S10: what an invoice pays for', () => {
  test('plans may name products; without plans every recurring line carries the plan that was placed', () => {
    const invoice = paid('in_1', [line(0, 30, { price: 'price_x', product: 'prod_gold' })]);
    expect(Story.placed({ plans: { gold: ['prod_gold'] } }).tell(0, invoice).state.decided?.plan).toBe('gold');
    expect(Story.placed({ plans: {} }).tell(0, invoice).state.decided?.plan).toBe('silver');
    expect(Story.placed().tell(0, invoice).row).toEqual([]);
  });
  test('a proration is a base line on the first invoice, where an anchor lies ahead', () => {
    const stretch = [line(0, 12, { role: 'proration' }), line(0, 12, { role: 'credit', price: 'price_old', netMinor: -100 })];
    expect(Story.placed().tell(0, paid('in_1', stretch, { reason: 'create' })).row).toEqual(['granted paid 15']);
    expect(Story.placed().tell(0, paid('in_1', stretch, { reason: 'update' })).row).toEqual([]);
  });
  test('a proration is a base line where its invoice credits nothing of worth: nobody had paid for that time', () => {
    const seats = line(10, 30, { role: 'proration', quantity: 3, netMinor: 2_000 });
    const worthless = line(10, 30, { role: 'credit', netMinor: 0, credits: 'in_1' });
    const free = () =>
      Story.placed({ free: 'none' }).tell(0, paid('in_1', [line(0, 30, { netMinor: 0 })], { totalMinor: 0, discountMinor: 1_000 }));
    expect(free().tell(10, paid('in_2', [seats], { reason: 'update' })).row).toEqual(['granted paid 33']);
    expect(free().tell(10, paid('in_2', [worthless, seats], { reason: 'update' })).row).toEqual(['granted paid 33']);
    const difference = [line(10, 30, { role: 'credit', netMinor: -1, credits: 'in_0' }), seats];
    expect(free().tell(10, paid('in_2', difference, { reason: 'update' })).row).toEqual([]);
  });
  test('written off in full before payment it is free; in part it is money', () => {
    const none = { free: 'none' } as const;
    expect(Story.placed(none).tell(0, month('in_1', 0, { writtenOffMinor: 1_000 })).row).toEqual([]);
    expect(Story.placed(none).tell(0, month('in_1', 0, { writtenOffMinor: 400 })).row).toEqual(['granted paid 33']);
  });
  test('paid by credits that exceed it, or from the balance, it is money', () => {
    const credited = paid('in_1', [line(0, 30), line(0, 30, { role: 'credit', price: 'price_old', netMinor: -5_000 })]);
    expect(Story.placed({ free: 'none' }).tell(0, credited).row).toEqual(['granted paid 33']);
  });
  test('a credit of an invoice that was undone cuts nothing', () => {
    const change = [
      line(10, 30, { role: 'credit', netMinor: -600 }),
      line(10, 30, { role: 'proration', price: 'price_gold', netMinor: 1_300 }),
    ];
    const story = member().tell(10, paid('in_2', change, { reason: 'update' }), allocation('inpay_2', 'in_2', 'pi_2', 700));
    story.tell(12, refund('pi_2', 700));
    expect(story.state.decided).toMatchObject({ plan: 'silver', paidThrough: day(30), validUntil: day(33) });
  });
  test('an item that is removed against a credit ends there, also after the credit of an upgrade in one invoice with the next month', () => {
    const next = [
      line(10, 30, { role: 'credit' }),
      line(10, 30, { role: 'proration', price: 'price_gold' }),
      line(30, 60, { price: 'price_gold' }),
    ];
    const story = member()
      .tell(30, paid('in_2', next))
      .tell(45, paid('in_3', [line(45, 60, { role: 'credit', price: 'price_gold' })]));
    expect(story.state.decided).toMatchObject({ paidThrough: day(45), validUntil: day(48) });
  });
});

test('a product that is retired, as a price that is: what was paid at it runs out', () => {
  const gold = (id: string, from: number) => paid(id, [line(from, from + 30, { price: 'price_x', product: 'prod_gold' })]);
  const { state } = Story.placed({ plans: { gold: ['prod_gold'] } }).tell(0, gold('in_1', 0));
  const retired = { ...policy1, plans: { silver: ['price_month'] }, retired: ['prod_gold'] };
  expect(accessOf(state, retired)).toMatchObject({ access: 'full', plan: 'gold', paidThrough: day(30) });
  expect(accessOf(state, { ...retired, retired: [] })).toMatchObject({ access: 'over' });
});

describe('S5: money that goes back', () => {
  const shared = (): Story =>
    Story.placed().tell(
      30,
      month('in_1', 0),
      month('in_2', 30),
      allocation('inpay_1', 'in_1', 'pi_1'),
      allocation('inpay_2', 'in_2', 'pi_1'),
      lifecycle('active'),
    );
  test('a part keeps the month, or takes it, as the policy says', () => {
    expect(member().tell(5, refund('pi_1', 400)).row).toEqual(['granted paid 33']);
    expect(member({ partialRefund: 'revoke' }).tell(5, refund('pi_1', 400)).row.slice(1)).toEqual(['revoked refunded 30']);
  });
  test('refunds and credit notes add up; a note that is void counts for nothing', () => {
    const story = member().tell(5, refund('pi_1', 400)).tell(6, creditNote('in_1', 600));
    expect(story.row).toEqual(['granted paid 33', 'revoked refunded 30']);
    expect(story.tell(7, creditNote('in_1', 600, 'void')).row.slice(2)).toEqual(['restored paid 33']);
  });
  test('a payment that was shared gives back at most what it gave to each', () => {
    expect(shared().tell(35, refund('pi_1', 999)).row).toEqual(['granted paid 63']);
    expect(shared().tell(35, refund('pi_1', 2_000)).row).toEqual(['granted paid 63', 'revoked refunded 60']);
  });
  test('a refund of a payment that is not known to pay for it undoes nothing, until the allocation is told', () => {
    const story = Story.placed().tell(0, month('in_1', 0), refund('pi_1'));
    expect(story.row).toEqual(['granted paid 33']);
    expect(story.tell(1, allocation('inpay_1', 'in_1', 'pi_1')).row.slice(1)).toEqual(['revoked refunded 30']);
  });
  test('a dispute that was lost revokes; a debit that the bank returned does as the policy says', () => {
    expect(member().tell(5, dispute('pi_1', 'lost')).row.slice(1)).toEqual(['revoked disputed 30']);
    const returned = dispute('pi_1', 'lost', { returnedDebit: true });
    expect(member({ returnedDebit: 'suspend' }).tell(5, returned).row.slice(1)).toEqual(['suspended disputed 30']);
  });
  test('a chargeback of all that the card paid is one of the invoice, though a part came from the balance; a refund of it is a part', () => {
    const mixed = (): Story =>
      Story.placed().tell(0, month('in_1', 0, { balanceMinor: 100 }), allocation('inpay_1', 'in_1', 'pi_1', 900), lifecycle('active'));
    expect(
      mixed()
        .tell(5, dispute('pi_1', 'open', { amountMinor: 900 }))
        .row.slice(1),
    ).toEqual(['suspended disputed 30']);
    expect(
      mixed()
        .tell(5, dispute('pi_1', 'lost', { amountMinor: 900 }))
        .row.slice(1),
    ).toEqual(['revoked disputed 30']);
    expect(
      mixed()
        .tell(5, dispute('pi_1', 'lost', { amountMinor: 400 }))
        .row.slice(1),
    ).toEqual([]);
    expect(mixed().tell(5, refund('pi_1', 900)).row.slice(1)).toEqual([]);
    expect(mixed().tell(5, refund('pi_1', 900), creditNote('in_1', 100)).row.slice(1)).toEqual(['revoked refunded 30']);
  });
  test('where the next month is disputed, access is full to the end of this one, and suspended in the next', () => {
    const story = member()
      .tell(20, month('in_2', 30), allocation('inpay_2', 'in_2', 'pi_2'))
      .tell(25, dispute('pi_2', 'open'));
    expect(story.row).toEqual(['granted paid 33', 'extended paid 63', 'adjusted paid 30']);
    expect(story.tell(31, unpaid('in_9')).row.slice(3)).toEqual(['suspended disputed 60']);
    expect(story.look(60, lifecycle('active')).row.slice(4)).toEqual(['ended expired 30']);
  });
});

describe('what is the same to a shop', () => {
  const full: SubscriptionAccess = {
    access: 'full',
    plan: 'silver',
    quantity: 1,
    validUntil: day(33),
    cause: 'paid',
    trial: false,
    isTakenBack: false,
  };
  test.each<[string, Partial<SubscriptionAccess>, boolean]>([
    ['another cause', { cause: 'grace' }, true],
    ['another level', { access: 'suspended' }, false],
    ['another plan', { plan: 'gold' }, false],
    ['another quantity', { quantity: 2 }, false],
    ['another end', { validUntil: day(63) }, false],
  ])('%s', (_, differs, isSame) => {
    expect(isSameAccess(full, { ...full, ...differs })).toBe(isSame);
    // To who is out it is all the same.
    const over: SubscriptionAccess = { ...full, access: 'over' };
    expect(isSameAccess(over, { ...over, ...differs })).toBe(differs.access === undefined);
  });
});

describe('when access begins and ends', () => {
  const second = (from: number) => [month('in_2', from), allocation('inpay_2', 'in_2', 'pi_2')] as const;
  test('nobody is entitled by what is not placed', () => {
    const { state } = new Story().tell(0, month('in_1', 0));
    expect(accessOf(state, policy1)).toStrictEqual({ access: 'over', cause: 'expired', trial: false, isTakenBack: false });
  });
  test('a subscription that is placed, and nothing more, has no times', () => {
    expect(Story.placed().access).toStrictEqual({ access: 'over', cause: 'expired', trial: false, isTakenBack: false });
  });
  test('one that ended before anything was paid has no times either', () => {
    const { access } = Story.placed().tell(5, lifecycle('canceled', { endedAt: day(5) }));
    expect(access).toStrictEqual({ access: 'over', cause: 'canceled', trial: false, isTakenBack: false });
  });
  test('with the first base line that stands, in whichever order of ids: no proration of worth credited, no month given back', () => {
    expect(Story.placed().tell(5, month('in_1', 30), month('in_2', 0)).access.access).toBe('full');
    const difference = [line(0, 10, { role: 'proration', id: 'il_1' }), line(0, 10, { role: 'credit', price: 'price_old' })];
    expect(Story.placed().tell(5, paid('in_1', difference, { reason: 'update' }), month('in_2', 10)).access.access).toBe('over');
    expect(member().tell(5, refund('pi_1'), month('in_2', 30)).access.access).toBe('over');
  });
  test('an open invoice holds nothing where the policy says so', () => {
    const terms = { dueAt: day(60), from: day(30) };
    expect(member({ netTerms: 'none' }).tell(30, unpaid('in_2', 'open', terms)).access.validUntil).toBe(day(33));
  });
  test('money given back needs no look only where it reaches further than what stands', () => {
    const story = member().tell(5, ...second(0), refund('pi_2'));
    expect(story.tell(40, unpaid('in_9', 'void')).access).toMatchObject({ access: 'full', cause: 'grace' });
  });
  test('a dispute that was over before what is paid leaves nothing due but the end of the grace', () => {
    const story = member()
      .tell(5, dispute('pi_1', 'open'))
      .look(40, paid('in_2', [line(31, 61, { price: 'price_gold' })]));
    expect(story.access).toMatchObject({ access: 'full', plan: 'gold', dueAt: day(64) });
    const over = member()
      .tell(5, paid('in_2', [line(0, 20)]), allocation('inpay_2', 'in_2', 'pi_2'), dispute('pi_2', 'open'))
      .look(40, lifecycle('active'));
    expect(over.access).not.toHaveProperty('dueAt');
  });
});

describe('what access rests on, and whether it was taken back', () => {
  const next = [month('in_2', 30), allocation('inpay_2', 'in_2', 'pi_2')] as const;
  test.each<[string, () => Story, boolean, string | undefined]>([
    ['the running month, though the next is given back', () => member().tell(5, ...next, refund('pi_2')), false, 'in_1'],
    ['the month given back that reached furthest', () => member().tell(35, ...next, refund('pi_2')), true, 'in_2'],
    [
      'what stood longest and has run out, not what was given back before',
      () =>
        member()
          .tell(35, ...next, refund('pi_1'))
          .look(70, unpaid('in_9')),
      false,
      'in_2',
    ],
    [
      'nothing, where what is held reached further',
      () =>
        member()
          .tell(35, ...next, refund('pi_1'), dispute('pi_2', 'open'))
          .look(70, unpaid('in_9')),
      false,
      undefined,
    ],
    [
      'nothing, where the provider ended it',
      () => member().tell(5, refund('pi_1'), lifecycle('canceled', { endedAt: day(5) })),
      false,
      undefined,
    ],
  ])('%s', (_, storyOf, isTakenBack, invoice) => {
    const { access } = storyOf();
    expect([access.isTakenBack, access.invoice?.id]).toEqual([isTakenBack, invoice]);
  });
});

describe('S12: what a person ruled', () => {
  const ruled = ({ state, policy }: Story, rulings: Rulings) => accessOf({ ...state, rulings }, policy);
  const odd = (id: string, from: number) => month(id, from, { lines: [line(from, from + 30, { price: 'price_odd' })] });
  const canceled = lifecycle('canceled', { endedAt: day(10) });
  test('is the cause: accepted it gives access, rejected it takes it', () => {
    expect(ruled(Story.placed().tell(0, odd('in_1', 0)), { in_1: 'accepted' })).toMatchObject({ access: 'full', cause: 'person' });
    expect(ruled(member(), { in_1: 'rejected' })).toMatchObject({ access: 'over', cause: 'person', isTakenBack: true });
  });
  test('what is accepted stands beside the rest where nothing has ended', () => {
    const story = member().tell(5, odd('in_2', -30));
    expect(ruled(story, { in_2: 'accepted' })).toMatchObject({ access: 'full', paidThrough: day(30) });
  });
  test.each<[string, number, 'full' | 'over']>([
    ['before the end ends with it', 9, 'over'],
    ['at the end ends with it', 10, 'over'],
    ['after the end stands in spite of it', 11, 'full'],
  ])('what is accepted and was paid %s', (_, days, access) => {
    const story = member().tell(days, odd('in_2', 5)).tell(12, canceled);
    expect(ruled(story, { in_2: 'accepted' }).access).toBe(access);
  });
  test('what is accepted after the end, and disputed, is held', () => {
    const story = member()
      .tell(10, canceled)
      .tell(11, odd('in_2', 5), allocation('inpay_2', 'in_2', 'pi_2'), dispute('pi_2', 'open'));
    expect(ruled(story, { in_2: 'accepted' })).toMatchObject({ access: 'suspended', validUntil: day(35) });
  });
});
