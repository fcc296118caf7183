// On which occasion something is decided: who told it last, when it was asked, and what a person has ruled.
import { describe, expect, test } from 'vitest';
import { decide, type SubscriptionCommand } from './decide.ts';
import {
  allocation,
  day,
  lifecycle,
  line,
  month,
  observed,
  paid,
  placed1,
  policy1,
  reference1,
  Story,
  support,
} from './story.test-support.ts';

const member = (): Story => Story.placed().tell(0, month('in_1', 0), lifecycle('active'), allocation('inpay_1', 'in_1', 'pi_1'));
const resolve = (story: Story, resolution: 'grant' | 'revoke' | 'dismiss', reviewId = 'r1'): SubscriptionCommand => ({
  type: 'resolve',
  reviewId,
  resolution,
  seenRevision: story.state.revision,
  by: support,
  at: day(99),
});
const lastSource = (story: Story): string | undefined => story.state.decided?.source;

describe('of what was told together', () => {
  test('the newest that is news is the occasion, wherever it stands among the rest', () => {
    const older = observed(day(29), month('in_1', 0, { taxMinor: 1 }), { source: 'status_query' });
    const newer = observed(day(30), month('in_2', 30), { source: 'poll' });
    const story = member().run({ type: 'observe', observed: [older, newer] });
    expect(story.reviews).toEqual(['conflicting_evidence in_1']);
    expect([story.row.at(-1), lastSource(story)]).toEqual(['extended paid 63', 'poll']);
  });
  test('what was known is no occasion, though it is newer', () => {
    const known = observed(day(40), month('in_1', 0), { source: 'webhook' });
    const news = observed(day(30), month('in_2', 30), { source: 'poll' });
    expect(lastSource(member().run({ type: 'observe', observed: [known, news] }))).toBe('poll');
  });
  test('one that names another is enough for a question', () => {
    const [own, others] = [observed(day(30), month('in_2', 30)), month('in_3', 60)];
    const named = member().run({ type: 'observe', observed: [own, observed(day(30), others, { subscriptionId: 'sub-2' })] });
    expect(named.reviews).toEqual(['claimed_by_two']);
    const ofAnother = observed(day(30), others, { subscription: { ...reference1, id: 'sub_2' } });
    expect(member().run({ type: 'observe', observed: [own, ofAnother] }).reviews).toEqual(['double_subscription']);
  });
  test('nothing adds nothing, whoever claims it', () => {
    expect(decide(member().state, { type: 'observe', observed: [], claimedByAnother: true }, policy1)).toEqual([]);
  });
});

describe('what waited is asked about at the time at which it is placed', () => {
  const subscription = { ...placed1, placedAt: day(3) };
  const waiting = (): Story => new Story().tell(0, month('in_1', 0), month('in_2', 30, { currency: 'eur' }));
  const [all, claimed] = [[observed(day(0), month('in_1', 0))], { claimedByAnother: true }];
  test.each<[string, SubscriptionCommand]>([
    ['placed', { type: 'place', subscription }],
    ['imported with nothing', { type: 'import', subscription, observed: [] }],
    ['imported with what was known', { type: 'import', subscription, observed: all }],
  ])('%s', (_, command) => {
    const story = waiting().run(command);
    expect(story.row).toEqual(['granted paid 33']);
    expect(story.state.reviews).toMatchObject([{ kind: 'currency', openedAt: day(3) }]);
  });
  test('an import is claimed by another only where its caller says so', () => {
    const command = { type: 'import', subscription, observed: [observed(day(1), month('in_1', 0))] } as const;
    expect(new Story().run(command).reviews).toEqual([]);
    expect(new Story().run({ ...command, ...claimed }).reviews).toEqual(['claimed_by_two']);
  });
});

describe('what a person says', () => {
  const asked = (): Story => member().tell(30, month('in_2', 30, { currency: 'eur' }), month('in_3', 60, { currency: 'eur' }));
  test('is about the review that he names, and nothing once that is resolved', () => {
    const story = asked();
    story.run(resolve(story, 'dismiss'));
    expect(decide(story.state, resolve(story, 'grant'), policy1)).toEqual([]);
    story.run(resolve(story, 'grant', 'r2'));
    expect(story.row.at(-1)).toBe('extended person 93');
    expect(lastSource(story)).toBe('manual');
  });
  test('is the cause of what follows from a ruling, also where what is left was paid as any other', () => {
    const toGold = (taxMinor: number) =>
      paid('in_2', [line(10, 30, { role: 'proration', price: 'price_gold' })], { reason: 'update', taxMinor });
    const story = member().tell(10, toGold(0)).tell(11, toGold(1));
    expect(story.row.at(-1)).toBe('plan_changed plan 33');
    story.run(resolve(story, 'revoke'));
    expect(story.row.at(-1)).toBe('plan_changed person 33');
  });
  test('is no cause where he dismisses, and another policy decides', () => {
    const story = asked();
    story.run(resolve(story, 'dismiss'), { ...story.policy, renewalGraceHours: 96 });
    expect(story.row.at(-1)).toBe('adjusted grace 34');
  });
  test('is asked about at that time', () => {
    const story = Story.placed().tell(0, paid('in_1', [line(0, 30, { price: 'price_new' })]));
    story.run(resolve(story, 'grant'));
    const later = member().tell(1, month('in_1', 0, { taxMinor: 1 }));
    later.run(resolve(later, 'dismiss'), { ...later.policy, plans: { gold: ['price_gold'] } });
    expect(later.state.reviews.map(({ kind, openedAt }) => [kind, openedAt]).slice(1)).toEqual([['unknown_price', day(99)]]);
  });
  test.each<[string, Partial<SubscriptionCommand>]>([
    ['an unknown review', { reviewId: 'r9' } as Partial<SubscriptionCommand>],
    ['a revision that was never reached', { seenRevision: 99 } as Partial<SubscriptionCommand>],
  ])('is refused of %s', (_, differs) => {
    const story = asked();
    const command = { ...resolve(story, 'grant'), ...differs } as SubscriptionCommand;
    expect(() => decide(story.state, command, policy1)).toThrow(expect.objectContaining({ code: 'invalid_input' }));
  });
  test('cannot reject where there is no invoice', () => {
    const story = member().run({
      type: 'observe',
      observed: [observed(day(1), lifecycle('active', { endsAt: day(30) }))],
      claimedByAnother: true,
    });
    expect(story.reviews).toEqual(['claimed_by_two']);
    expect(() => decide(story.state, resolve(story, 'revoke'), policy1)).toThrow(expect.objectContaining({ code: 'invalid_input' }));
  });
});

test('a shop that has just what was decided is ahead too: its row may be of another log', () => {
  expect(member().run({ type: 'shop_ahead', sequence: 1 }).row).toEqual(['granted paid 33', 'restored paid 33']);
  expect(decide(member().tell(30, month('in_2', 30)).state, { type: 'shop_ahead', sequence: 1 }, policy1)).toEqual([]);
});

test('what is not placed is not had read again', () => {
  const recheck: SubscriptionCommand = { type: 'recheck', by: support, recheckedAt: day(1), looked: 2, recorded: 0 };
  expect(() => decide(new Story().state, recheck, policy1)).toThrow(expect.objectContaining({ code: 'subscription_unknown' }));
});

test('each checkout is attached', () => {
  const checkout = (id: string) => ({ payment: { ...reference1, id }, attachedAt: day(0) });
  const story = Story.placed()
    .run({ type: 'attach', checkout: checkout('cs_1') })
    .run({ type: 'attach', checkout: checkout('cs_2') });
  expect(story.state.checkouts.length).toBe(2);
});
