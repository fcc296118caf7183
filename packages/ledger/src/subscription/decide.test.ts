// What a command adds to a subscription: what is recorded, which questions are asked of a person, and what a person's word does.
import { describe, expect, test } from 'vitest';
import type { Resolution } from '../order/events.ts';
import { decide, type SubscriptionCommand } from './decide.ts';
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
  Story,
  support,
  unpaid,
} from './story.test-support.ts';

function member(policy: ConstructorParameters<typeof Story>[0] = {}): Story {
  return Story.placed(policy).tell(0, month('in_1', 0), lifecycle('active'), allocation('inpay_1', 'in_1', 'pi_1'));
}

function recorded(story: Story): number {
  return story.events.filter(({ type }) => type === 'SubscriptionObserved').length;
}

function resolve(story: Story, resolution: Resolution, reviewId = 'r1', seenRevision = story.state.revision): SubscriptionCommand {
  return { type: 'resolve', reviewId, resolution, seenRevision, by: support, at: day(99) };
}

describe('place and attach', () => {
  test('what waited for the subscription is decided as it is placed, by whoever told it first', () => {
    const story = new Story().tellAs({ source: 'poll' }, 0, month('in_1', 0), lifecycle('active')).tell(0, month('in_1', 0));
    expect(story.row).toEqual([]);
    story.run({ type: 'place', subscription: placed1 });
    expect(story.row).toEqual(['granted paid 33']);
    expect(story.state.decided?.source).toBe('poll');
  });
  test('placed again, also otherwise, it stays as it was', () => {
    const story = Story.placed().run({ type: 'place', subscription: { ...placed1, plan: 'gold' } });
    expect(story.state.placed?.plan).toBe('silver');
  });
  test('a checkout is attached once', () => {
    const checkout = { payment: { ...reference1, id: 'cs_1' }, attachedAt: day(0) };
    const story = Story.placed()
      .run({ type: 'attach', checkout })
      .run({ type: 'attach', checkout: { ...checkout, attachedAt: day(1) } });
    expect(story.state.checkouts).toEqual([checkout]);
  });
});

describe('what is recorded', () => {
  test('of a lifecycle, what changes it: it goes round, and what is known it confirms in silence', () => {
    const story = member();
    const before = recorded(story);
    story.tell(1, lifecycle('active')).tellAs({ source: 'poll' }, 2, lifecycle('active'));
    expect(recorded(story)).toBe(before);
    story.tell(30, lifecycle('past_due')).tell(31, lifecycle('active')).tell(32, lifecycle('past_due'));
    expect(recorded(story)).toBe(before + 3);
    expect(story.state.facts.lifecycle?.fact.status).toBe('past_due');
  });
  test('an old lifecycle that loses is recorded at no time, unless it told of a longer trial', () => {
    const story = member().tell(10, lifecycle('past_due'));
    const before = recorded(story);
    story.tell(5, lifecycle('active')).tell(5, lifecycle('active'));
    expect(recorded(story)).toBe(before);
    story.tell(5, lifecycle('trialing', { trialEnd: day(7) }));
    expect(recorded(story)).toBe(before + 1);
    expect(story.state.facts).toMatchObject({ trialEnd: day(7), lifecycle: { fact: { status: 'past_due' } } });
  });
  test('of two lifecycles in one batch the later one wins, whichever is told first and whatever was known', () => {
    for (const batch of [['active', 40, 'past_due', 35] as const, ['past_due', 35, 'active', 40] as const]) {
      const [first, firstAt, second, secondAt] = batch;
      const story = member().tell(30, lifecycle('active'));
      story.run({ type: 'observe', observed: [observed(day(firstAt), lifecycle(first)), observed(day(secondAt), lifecycle(second))] });
      expect(story.state.facts.lifecycle?.fact.status).toBe('active');
      expect(story.row).toEqual(['granted paid 33']);
    }
  });
  test('an ended lifecycle wins over a later one of every other state', () => {
    const story = member()
      .tell(10, lifecycle('canceled', { endedAt: day(10) }))
      .tell(20, lifecycle('active'));
    expect(story.state.facts.lifecycle?.fact.status).toBe('canceled');
  });
  test('a batch is one append and one decision: a backfill of a subscription long over is never granted', () => {
    const batch = [month('in_1', 0), month('in_2', 30), lifecycle('canceled', { endedAt: day(60) })];
    const story = Story.placed().tellAs({ source: 'poll', look: day(300) }, 300, ...batch);
    expect(story.row).toEqual([]);
    expect(recorded(story)).toBe(3);
  });
  test('a look that crosses no boundary and tells nothing new is not recorded; one that crosses is, once', () => {
    const story = member();
    const before = recorded(story);
    story.look(20, lifecycle('active')).look(32, lifecycle('active'), month('in_1', 0));
    expect(story.row).toEqual(['granted paid 33']);
    const [atPoll] = [recorded(story) - before]; // The poll confirmed the invoice.
    expect(atPoll).toBe(1);
    story.look(33, lifecycle('active'), month('in_1', 0));
    expect(recorded(story) - before).toBe(2);
    expect(story.row).toEqual(['granted paid 33', 'ended expired 33']);
    story.look(40, lifecycle('active'), month('in_1', 0));
    expect(recorded(story) - before).toBe(2);
  });
  test('a look where the policy now decides otherwise is recorded: a price was added to a plan', () => {
    const story = Story.placed().look(0, paid('in_1', [line(0, 30, { price: 'price_new' })]), lifecycle('active'));
    expect(story.row).toEqual([]);
    expect(story.reviews).toEqual(['unknown_price in_1']);
    const policy = { ...policy1, plans: { ...policy1.plans, silver: ['price_month', 'price_new'] } };
    const look = observed(day(1), lifecycle('active'), { source: 'poll', look: day(1) });
    const { look: _, ...word } = look;
    story.run({ type: 'observe', observed: [word] }, policy);
    expect(story.row).toEqual([]);
    story.run({ type: 'observe', observed: [look] }, policy);
    expect(story.row).toEqual(['granted paid 33']);
  });
  test('a repeated word moves the time where that begins something', () => {
    const story = Story.placed().tell(0, month('in_1', 10));
    story.tell(5, month('in_1', 10));
    expect(story.state.facts.seen).toBe(day(0));
    story.tell(10, month('in_1', 10));
    expect(story.row).toEqual(['granted paid 43']);
  });
  test('any word may begin, only a look may end: no other time ends what was paid', () => {
    const story = member()
      .tell(100, creditNote('in_0'))
      .tellAs({ source: 'poll' }, 101, lifecycle('active', { endsAt: day(200) }));
    expect(story.row).toEqual(['granted paid 33']);
  });
  test('what a doubtful clock told counts, and moves no time; nor does what a person says', () => {
    const story = member();
    const { seen, looked } = story.state.facts;
    story.tellAs({ doubtful: true, look: day(500), source: 'poll' }, 500, month('in_2', 30));
    story.tellAs({ source: 'manual' }, 600, month('in_3', 60));
    expect(story.row).toEqual(['granted paid 33', 'extended paid 63', 'extended paid 93']);
    expect(story.state.facts).toMatchObject({ seen, ...(looked === undefined ? {} : { looked }) });
    expect(story.state.facts.looked).toBe(looked);
  });
});

describe('questions for a person', () => {
  const question = (story: Story): readonly string[] => story.reviews;

  test('currency: the invoice does not stand; accepted, it does', () => {
    const story = member().tell(30, month('in_2', 30, { currency: 'eur' }));
    expect(question(story)).toEqual(['currency in_2']);
    expect(story.row).toEqual(['granted paid 33']);
    story.run(resolve(story, 'grant'));
    expect(story.row.slice(1)).toEqual(['extended person 63']);
  });
  test('mode and account: nothing of it stands', () => {
    const testMode = new Story().run({ type: 'place', subscription: { ...placed1, livemode: false } }).tell(0, month('in_1', 0));
    expect(question(testMode)).toEqual(['mode in_1']);
    const other = new Story().run({ type: 'place', subscription: { ...placed1, account: 'acct_2' } }).tell(0, month('in_1', 0));
    expect(question(other)).toEqual(['account in_1']);
    expect([...testMode.row, ...other.row]).toEqual([]);
  });
  test('conflicting_evidence: once while it is open, of each invoice, and again where a person has answered', () => {
    const told = (story: Story, id: string, taxMinor: number): readonly string[] =>
      question(story.tell(taxMinor, month(id, 0, { taxMinor })));
    const story = member();
    expect(told(story, 'in_1', 1)).toEqual(['conflicting_evidence in_1']);
    expect(told(story, 'in_1', 2)).toEqual(['conflicting_evidence in_1']);
    expect(told(story, 'in_2', 3)).toEqual(['conflicting_evidence in_1']);
    expect(told(story, 'in_2', 4)).toEqual(['conflicting_evidence in_1', 'conflicting_evidence in_2']);
    story.run(resolve(story, 'dismiss'));
    expect(told(story, 'in_1', 5).slice(2)).toEqual(['conflicting_evidence in_1']);
    expect(told(story, 'in_1', 6).length).toBe(3);
  });
  test('conflicting_evidence: another open question of the invoice keeps none away', () => {
    const story = member()
      .tell(30, month('in_2', 30, { currency: 'eur' }))
      .tell(31, month('in_2', 30, { currency: 'eur', taxMinor: 1 }));
    expect(question(story)).toEqual(['currency in_2', 'conflicting_evidence in_2']);
  });
  test('unknown_price: accepted, its lines carry the plan that was placed', () => {
    const story = Story.placed().tell(0, paid('in_1', [line(0, 30, { price: 'price_new' })]));
    expect(question(story)).toEqual(['unknown_price in_1']);
    story.run(resolve(story, 'grant'));
    expect(story.row).toEqual(['granted person 33']);
    expect(story.state.decided?.plan).toBe('silver');
  });
  test('unknown_price: asked at the renewal and the upgrade that would lock out, and not of an add-on beside a plan', () => {
    const addOn = (from: number) => paid('in_2', [line(from, from + 7, { price: 'price_addon' })]);
    expect(question(member().tell(28, addOn(28)))).toEqual([]);
    expect(question(member().tell(30, paid('in_2', [line(30, 60, { price: 'price_new' })])))).toEqual(['unknown_price in_2']);
    const upgrade = [line(10, 30, { role: 'credit' }), line(10, 30, { role: 'proration', price: 'price_new' })];
    expect(question(member().tell(10, paid('in_2', upgrade, { reason: 'update' })))).toEqual(['unknown_price in_2']);
    const only = lifecycle('active', { items: [{ price: 'price_addon', quantity: 1 }] });
    expect(question(member().tell(28, only, addOn(28)))).toEqual(['unknown_price in_2']);
  });
  test('unknown_price: where a price is retired, what was paid at it runs out; the next renewal is asked about', () => {
    const policy = { ...policy1, plans: { gold: ['price_gold'] }, retired: ['price_month'] };
    const story = member().tell(30, month('in_2', 30));
    const told = (days: number, fact: SubscriptionFact): void => {
      story.run({ type: 'observe', observed: [observed(day(days), fact, { source: 'poll', look: day(days) })] }, policy);
    };
    told(59, lifecycle('past_due'));
    expect(question(story)).toEqual([]);
    expect(story.row).toEqual(['granted paid 33', 'extended paid 63', 'adjusted paid 76']);
    told(60, month('in_3', 60));
    expect(question(story)).toEqual(['unknown_price in_3']);
    told(76, month('in_3', 60));
    expect(story.row.slice(3)).toEqual(['ended unpaid 76']);
    expect(story.state.decided?.plan).toBe('silver');
  });
  test('credit_of_unpaid: time that nobody paid is credited, and gives nothing', () => {
    const story = member().tell(30, unpaid('in_2'), lifecycle('past_due'));
    const change = [line(35, 60, { role: 'credit', credits: 'in_2', netMinor: -9_000 }), line(35, 65, { price: 'price_gold' })];
    story.tell(35, paid('in_3', change, { reason: 'update' }));
    expect(question(story)).toEqual(['credit_of_unpaid in_3']);
    expect(story.row).toEqual(['granted paid 33', 'adjusted grace 46']);
  });
  test('two_plans: one is picked, and a person is asked once', () => {
    const items = [
      { price: 'price_month', quantity: 1 },
      { price: 'price_gold', quantity: 1 },
    ];
    const story = member().tell(1, lifecycle('active', { items })).tell(2, lifecycle('past_due', { items }));
    expect(question(story)).toEqual(['two_plans']);
  });
  test('paid_after_end and paid_for_the_past: see the cases; a refunded one is no question', () => {
    const canceled = lifecycle('canceled', { endedAt: day(30) });
    const batch = [month('in_2', 30), allocation('inpay_2', 'in_2', 'pi_2'), refund('pi_2')];
    expect(
      question(
        member()
          .tell(30, canceled)
          .tell(35, ...batch),
      ),
    ).toEqual([]);
  });
  test('dispute_past_period', () => {
    const story = member().tell(30, month('in_2', 30)).tell(40, dispute('pi_1', 'open'));
    expect(question(story)).toEqual(['dispute_past_period in_1']);
    expect(story.row).toHaveLength(2);
  });
  test('conflicting_evidence: void and paid, or paid with other content; paid wins', () => {
    const both = member().tell(10, unpaid('in_1', 'void'));
    expect(question(both)).toEqual(['conflicting_evidence in_1']);
    expect(both.row).toEqual(['granted paid 33']);
    expect(question(member().tell(10, month('in_1', 0, { taxMinor: 7 })))).toEqual(['conflicting_evidence in_1']);
  });
  test('claimed_by_two: by the caller, or by what the object itself names', () => {
    const story = member().run({ type: 'observe', observed: [observed(day(1), month('in_1', 0))], claimedByAnother: true });
    expect(question(story)).toEqual(['claimed_by_two']);
    expect(question(member().tellAs({ subscriptionId: 'sub-2' }, 30, month('in_2', 30)))).toEqual(['claimed_by_two']);
    expect(question(member().tellAs({ subscriptionId: 'sub-1' }, 30, month('in_2', 30)))).toEqual([]);
  });
  test('double_subscription: the state of another subscription of the provider says nothing about this one', () => {
    const other = { ...reference1, id: 'sub_2' };
    const story = member().tellAs({ subscription: other }, 10, lifecycle('canceled', { endedAt: day(10) }));
    expect(question(story)).toEqual(['double_subscription']);
    expect(story.row).toEqual(['granted paid 33']);
    expect(story.state.reference).toEqual(reference1);
  });
  test.each(['shared_payment', 'metered_only', 'subscription_missing', 'double_subscription'] as const)(
    '%s: the caller sees it, once',
    (kind) => {
      const story = member().run({ type: 'review', kind, at: day(1) });
      story.run({ type: 'review', kind, at: day(2) });
      expect(question(story)).toEqual([kind]);
      expect(story.row).toEqual(['granted paid 33']);
      expect(new Story().run({ type: 'review', kind, at: day(1) }).events).toEqual([]);
    },
  );
});

describe('resolve', () => {
  test('a rejected invoice is taken back at once, without grace', () => {
    const story = member().tell(10, unpaid('in_1', 'void'));
    story.run(resolve(story, 'revoke'));
    expect(story.row).toEqual(['granted paid 33', 'revoked person 30']);
  });
  test('dismissed, nothing changes; the question is not asked again', () => {
    const story = member().tell(30, month('in_2', 30, { currency: 'eur' }));
    story.run(resolve(story, 'dismiss')).tell(31, lifecycle('past_due'));
    expect(story.row).toEqual(['granted paid 33', 'adjusted grace 46']);
    expect(story.reviews).toEqual(['currency in_2']);
  });
  test('to accept what is not paid accepts nothing that is told later', () => {
    const story = member()
      .tell(30, unpaid('in_2', 'void'))
      .run({ type: 'review', kind: 'shared_payment', invoice: 'in_2', at: day(30) });
    story.run(resolve(story, 'grant'));
    expect(story.state.rulings).toEqual({});
  });
  test('a person who has not seen the news changes nothing; a mere confirmation is none', () => {
    const story = member().tell(30, month('in_2', 30, { currency: 'eur' }));
    const { revision } = story.state;
    story.tellAs({ source: 'poll' }, 31, month('in_1', 0));
    expect(decide(story.state, resolve(story, 'grant', 'r1', revision), story.policy)).not.toEqual([]);
    story.tell(32, lifecycle('past_due'));
    expect(decide(story.state, resolve(story, 'grant', 'r1', revision), story.policy)).toEqual([]);
  });
  test('to reject what is about no invoice is refused: it would take nothing away, and say that it had', () => {
    const story = member().run({ type: 'review', kind: 'double_subscription', at: day(1) });
    expect(() => decide(story.state, resolve(story, 'revoke'), policy1)).toThrow(/is about no invoice/);
    expect(story.run(resolve(story, 'dismiss')).row).toEqual(['granted paid 33']);
  });
  test('an unknown review, or a revision to come, is refused', () => {
    const story = member();
    expect(() => decide(story.state, resolve(story, 'grant', 'r9'), policy1)).toThrow(/has no review r9/);
    story.tell(10, unpaid('in_1', 'void'));
    expect(() => decide(story.state, resolve(story, 'grant', 'r1', 99), policy1)).toThrow(/nobody saw 99/);
  });
});

describe('import', () => {
  const imported = { ...placed1, origin: 'imported' as const };
  const told = [observed(day(31), month('in_1', 0)), observed(day(31), month('in_2', 30)), observed(day(31), lifecycle('active'))];
  const command: SubscriptionCommand = {
    type: 'import',
    subscription: imported,
    observed: told.map((each) => ({ ...each, look: day(31) })),
  };
  test('placed, joined, decided and settled in one append: the shop has it already', () => {
    const story = new Story().run(command);
    expect(story.row).toEqual(['granted paid 63']);
    expect(story.state.delivery.settled).toBe(1);
    expect(story.tell(60, month('in_3', 60)).row.slice(1)).toEqual(['extended paid 93']);
    expect(story.state.delivery.settled).toBe(1);
  });
  test('one that is long over is placed, and there is nothing to settle', () => {
    const story = new Story().run({ ...command, observed: told.map((each) => ({ ...each, look: day(300) })) });
    expect(story.row).toEqual([]);
    expect(story.state.delivery.settled).toBe(0);
  });
  test('one that is there already is left as it is', () => {
    expect(decide(member().state, command, policy1)).toEqual([]);
  });
  test('what waited for it is decided in the same append, once', () => {
    const story = new Story().tell(5, month('in_1', 0)).run(command);
    expect(story.row).toEqual(['granted paid 63']);
  });
});

describe('shop_ahead and recheck', () => {
  test('the state of now is said again above what the shop has', () => {
    const story = member().run({ type: 'shop_ahead', sequence: 7 });
    expect(story.row).toEqual(['granted paid 33', 'restored paid 33']);
    expect(story.state.sequence).toBe(8);
    const over = member().tell(5, refund('pi_1')).run({ type: 'shop_ahead', sequence: 7 });
    expect(over.row.at(-1)).toBe('revoked refunded 30');
    expect(decide(new Story().state, { type: 'shop_ahead', sequence: 7 }, policy1)).toEqual([]);
  });
  test('who had it read again is recorded, once in ten seconds', () => {
    const recheck: SubscriptionCommand = { type: 'recheck', by: support, recheckedAt: day(1), looked: 2, recorded: 0 };
    const story = member().run(recheck);
    expect(story.events.at(-1)?.type).toBe('StripeRechecked');
    expect(() => decide(new Story().state, recheck, policy1)).toThrow(/is not placed/);
  });
});
