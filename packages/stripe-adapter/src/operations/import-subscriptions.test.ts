// Taking over subscriptions that a shop runs by its own webhooks: at the sandbox, over sockets.
import { describe, expect, test } from 'vitest';
import { type Members, openMembers, seller } from '../members.test-support.ts';
import { refusal } from '../shop.test-support.ts';
import { stripePayments } from '../stripe-payments.ts';
import { importSubscriptions, reconcile, type ShopSubscription } from './index.ts';

const until = '2026-05-01';

function member(subscription: string, changes: Partial<ShopSubscription> = {}): ShopSubscription {
  return { subscription, memberId: 'member-1', plan: 'silver', active: true, ...changes };
}

/** What a dry run says; it must write nothing. The run must say the same. */
async function imported(members: Members, ...subscriptions: ShopSubscription[]) {
  const before = await members.events();
  const { calls: _, ...dry } = await importSubscriptions(members.on, { subscriptions, dryRun: true });
  expect(await members.events()).toBe(before);
  const { calls: __, ...result } = await importSubscriptions(members.on, { subscriptions });
  expect(result).toEqual(dry);
  return result;
}

describe('where the shop and Stripe agree', () => {
  test('each is placed, linked and settled: no second welcome, and the renewal is the first that is delivered', async () => {
    const members = await openMembers();
    const { ledger, sandbox, stripe } = members;
    const sub = await members.subscribed('silver');
    const result = await imported(members, member(sub, { until }));
    expect(result).toMatchObject({ examined: 1, imported: 1, known: 0, differing: [], problems: [] });
    expect(result.subscriptions).toEqual([
      {
        outcome: 'imported',
        subscription: sub,
        subscriptionId: sub,
        memberId: 'member-1',
        plan: 'silver',
        quantity: 1,
        status: 'active',
        validUntil: '2026-05-04T00:00:00.000Z',
        sequence: 1,
      },
    ]);
    await ledger.settle();
    expect(members.delivered).toEqual([]);
    expect(await ledger.subscriptionOf(await members.intentOf(sub))).toMatchObject({ subscriptionId: sub, delivered: 1 });

    await sandbox.advance({ months: 1, ms: 2 * 3_600_000 });
    const payments = stripePayments({ ledger, stripe, webhookSecrets: false, poll: false });
    await using _payments = payments;
    await payments.recheck(sub);
    await ledger.settle();
    expect(members.delivered).toEqual(['member-1 extended 2']);
  });

  test('run again it changes nothing, and asks Stripe nothing of those that are there', async () => {
    const members = await openMembers();
    const subscriptions = [member(await members.subscribed('silver'))];
    await importSubscriptions(members.on, { subscriptions });
    const before = await members.events();
    expect(await importSubscriptions(members.on, { subscriptions })).toMatchObject({ known: 1, imported: 0, problems: [], calls: 1 });
    expect(await members.events()).toBe(before);
  });

  test('under the id of the shop, its own kind and plan; who imported stands in the log', async () => {
    const members = await openMembers();
    const sub = await members.subscribed('gold');
    const by = { actor: 'ops-1', reason: 'go live' };
    const given = member(sub, { subscriptionId: 'club-7', kind: 'club', plan: 'gold' });
    await importSubscriptions(members.on, { subscriptions: [given], by });
    expect(await members.ledger.subscription('club-7')).toMatchObject({
      memberId: 'member-1',
      kind: 'club',
      plan: 'gold',
      status: 'active',
    });
    const history = (await members.ledger.console.subscriptions?.history('club-7')) ?? [];
    expect(history.map(({ data }) => data)).toContainEqual(expect.objectContaining({ by }));
  });

  test('on a connected account, which reconcile looks at from then on', async () => {
    const members = await openMembers({ policy: { plans: {} } });
    const { stripe, sandbox, ledger, on, store } = members;
    const there = { stripeAccount: seller };
    const { id: product } = await stripe.products.create({ name: 'Club' }, there);
    const price = { product, currency: 'usd', unit_amount: 1_000, recurring: { interval: 'month' } } as const;
    const { id } = await stripe.prices.create(price, there);
    const session = await stripe.checkout.sessions.create(
      { mode: 'subscription', line_items: [{ price: id, quantity: 1 }], success_url: 'https://shop.example/done' },
      there,
    );
    sandbox.pay(session.id, { fate: 'never_made' });
    const sub = String((await stripe.checkout.sessions.retrieve(session.id, {}, there)).subscription);
    expect(await imported(members, member(sub))).toMatchObject({ problems: [expect.stringContaining('Stripe has no such subscription')] });
    expect(await imported(members, member(sub, { account: seller }))).toMatchObject({ imported: 1, problems: [] });
    expect(await ledger.subscription(sub)).toMatchObject({ account: seller, plan: 'silver', status: 'active' });
    const since = new Date('2026-03-01');
    expect(await reconcile(on, { eventStore: store, since })).toMatchObject({
      accounts: [sandbox.account, seller],
      subscriptions: 1,
      mismatches: [],
      subscriptionMismatches: [],
    });
  });

  test('one that ended long ago, and is inactive at the shop, is placed and grants nothing', async () => {
    const members = await openMembers();
    const sub = await members.subscribed('silver');
    await members.stripe.subscriptions.cancel(sub);
    const result = await imported(members, member(sub, { active: false }));
    expect(result).toMatchObject({ imported: 1, subscriptions: [{ status: 'none', sequence: 0 }] });
  });

  test('who has one cannot start another one', async () => {
    const members = await openMembers();
    const sub = await members.subscribed('silver');
    await importSubscriptions(members.on, { subscriptions: [member(sub)] });
    const { ledger, stripe } = members;
    await using payments = stripePayments({ ledger, stripe, webhookSecrets: false, poll: false });
    const start = { subscriptionId: 'second', memberId: 'member-1', plan: 'gold', successUrl: 'https://shop.example/done' };
    expect(await refusal(payments.startSubscription(start))).toMatchObject({ code: 'already_subscribed' });
  });

  test('a page that the member left open leads to no second subscription', async () => {
    const members = await openMembers();
    const { ledger, stripe } = members;
    await using payments = stripePayments({ ledger, stripe, webhookSecrets: false, poll: false });
    const start = { subscriptionId: 'second', memberId: 'member-1', plan: 'gold', successUrl: 'https://shop.example/done' };
    const { sessionId } = await payments.startSubscription(start);
    await importSubscriptions(members.on, { subscriptions: [member(await members.subscribed('silver'))] });
    expect((await stripe.checkout.sessions.retrieve(sessionId)).status).toBe('expired');
  });
});

describe('where they differ, the line is left alone', () => {
  type Deed = (members: Members, sub: string) => Promise<unknown>;
  const none: Deed = async () => undefined;
  const refunded: Deed = async ({ sandbox, intentOf }, sub) => sandbox.refund(await intentOf(sub), { fate: 'never_made' });
  test.each<[string, Deed, Partial<ShopSubscription>, string[], RegExp]>([
    ['ended', ({ stripe }, sub) => stripe.subscriptions.cancel(sub), {}, ['active_but_unpaid'], /no access, paid through/],
    ['refunded', refunded, {}, ['active_but_unpaid'], /no access.*given back/],
    [
      'disputed',
      async ({ sandbox, intentOf }, sub) => sandbox.dispute(await intentOf(sub), { fate: 'never_made' }),
      {},
      ['active_but_unpaid'],
      /the last period is disputed/,
    ],
    ['paid, and locked out', none, { active: false }, ['paid_but_inactive'], /active, silver/],
    ['on another plan', none, { plan: 'gold' }, ['plan_differs'], /active, silver/],
    ['let in too long', none, { until: '2026-06-01' }, ['until_differs'], /valid until 2026-05-04/],
    ['let in too short', none, { until: '2026-04-20T00:00:00Z' }, ['until_differs'], /paid through 2026-05-01/],
    ['too long, on another plan', none, { plan: 'gold', until: '2027-01-01' }, ['plan_differs', 'until_differs'], /active, silver/],
  ])('%s', async (_name, deed, changes, kinds, stripe) => {
    const members = await openMembers();
    const sub = await members.subscribed('silver');
    await deed(members, sub);
    const before = await members.events();
    const result = await imported(members, member(sub, changes));
    expect(result).toMatchObject({
      imported: 0,
      problems: [],
      differing: [{ subscription: sub, memberId: 'member-1', kinds, stripe: expect.stringMatching(stripe) }],
    });
    expect(await members.ledger.subscription(sub)).toBeUndefined();
    expect(await members.events()).toBe(before);
  });

  test('at a price that no plan names, and says so', async () => {
    const members = await openMembers();
    const result = await imported(members, member(await members.subscribed('addon')));
    expect(result.differing).toMatchObject([{ kinds: ['active_but_unpaid'], stripe: expect.stringContaining('unknown_price') }]);
  });

  test('the others are imported all the same, and it once they agree', async () => {
    const members = await openMembers();
    const [good, bad] = [await members.subscribed('silver'), await members.subscribed('silver')];
    const lines = [member(good), member(bad, { memberId: 'member-2', plan: 'gold' })];
    expect(await imported(members, ...lines)).toMatchObject({ imported: 1, differing: [{ subscription: bad }] });
    const corrected = [member(good), member(bad, { memberId: 'member-2' })];
    expect(await imported(members, ...corrected)).toMatchObject({ imported: 1, known: 1, differing: [] });
  });
});

describe('what a person must check', () => {
  test('one that Stripe does not have', async () => {
    const members = await openMembers();
    expect(await imported(members, member('sub_gone'))).toMatchObject({
      imported: 0,
      problems: ['subscriptions[0]: sub_gone: Stripe has no such subscription. Is it of another account, or of the other mode?'],
    });
  });

  test('one that is here already, of another member or under another id', async () => {
    const members = await openMembers();
    const sub = await members.subscribed('silver');
    await importSubscriptions(members.on, { subscriptions: [member(sub, { subscriptionId: 'club-7' })] });
    const problems = [`subscriptions[0]: ${sub}: it is subscription club-7 of member member-1 here`];
    for (const changes of [{ memberId: 'member-2', subscriptionId: 'club-7' }, { subscriptionId: 'club-8' }, {}])
      expect(await imported(members, member(sub, changes))).toMatchObject({ imported: 0, known: 0, problems });
  });

  test('an id that follows another subscription', async () => {
    const members = await openMembers();
    const [one, other] = [await members.subscribed('silver'), await members.subscribed('silver')];
    await importSubscriptions(members.on, { subscriptions: [member(one, { subscriptionId: 'club-7' })] });
    const result = await imported(members, member(other, { subscriptionId: 'club-7', memberId: 'member-2' }));
    expect(result.problems).toEqual([`subscriptions[0]: ${other}: club-7 follows ${one} here`]);
  });

  test('a member who has a living one here already', async () => {
    const members = await openMembers();
    const [one, other] = [await members.subscribed('silver'), await members.subscribed('gold')];
    await importSubscriptions(members.on, { subscriptions: [member(one)] });
    const result = await imported(members, member(other, { plan: 'gold' }));
    expect(result).toMatchObject({ imported: 1, problems: [expect.stringContaining(`two living subscriptions, ${one} and ${other}`)] });
  });

  test('a member who pays for two: both stand, and he is named', async () => {
    const members = await openMembers();
    const [one, other] = [await members.subscribed('silver'), await members.subscribed('silver')];
    const result = await imported(members, member(one), member(other));
    expect(result.imported).toBe(2);
    expect(result.problems).toEqual([
      `member member-1 has two living subscriptions, ${one} and ${other}, and pays for both. End one at Stripe`,
    ]);
  });
});

describe('is refused before anything is done', () => {
  test('every bad element is named', async () => {
    const members = await openMembers();
    const good = member(await members.subscribed('silver'));
    const bad = [good, { ...good, subscription: 'in_1' }, { ...good, subscription: 'sub_x', until: 'soon' }, good] as ShopSubscription[];
    const error = await refusal(importSubscriptions(members.on, { subscriptions: bad }));
    expect(error.code).toBe('invalid_input');
    expect(error.message.split('\n')).toEqual([
      'Nothing was imported:',
      'subscriptions[1]: subscription: must be sub_… of Stripe',
      'subscriptions[2]: until: must be a day like 2026-05-01, or a time with its zone',
      `subscriptions[3]: ${good.subscription} stands there twice: subscriptions[0] has it`,
    ]);
    expect(await members.events()).toBe(0);
  });

  test('a plan that the policy does not have', async () => {
    const members = await openMembers();
    const subscriptions = [member(await members.subscribed('silver')), member('sub_2', { plan: 'tin' })];
    const error = await refusal(importSubscriptions(members.on, { subscriptions }));
    expect(error.message).toContain('subscriptions[1]: plan: the policy has no plan tin; it has silver, gold');
    expect(await members.events()).toBe(0);
  });

  test('a ledger without subscriptions', async () => {
    const members = await openMembers({ policy: false });
    const error = await refusal(importSubscriptions(members.on, { subscriptions: [] }));
    expect(error).toMatchObject({ code: 'invalid_input', message: expect.stringContaining('keeps no subscriptions') });
  });
});
