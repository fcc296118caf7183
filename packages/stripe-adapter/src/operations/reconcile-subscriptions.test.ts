// The proof for subscriptions, both ways: at the sandbox, over sockets.
import { describe, expect, test } from 'vitest';
import { subscriptionMetadata } from '../mapping/claim.ts';
import { type Members, openMembers } from '../members.test-support.ts';
import { stripePayments } from '../stripe-payments.ts';
import { importSubscriptions, reconcile, type SubscriptionMismatch } from './index.ts';

const since = new Date('2026-03-01');

async function compared({ on, store, events }: Members, repair = false) {
  const before = await events();
  const result = await reconcile(on, { eventStore: store, since, repair });
  if (!repair) expect(await events()).toBe(before);
  expect([result.mismatches, result.unproved]).toEqual([[], []]);
  return result;
}

async function member(members: Members, price: 'silver' | 'gold' = 'silver', memberId = 'member-1'): Promise<string> {
  const subscription = await members.subscribed(price);
  const result = await importSubscriptions(members.on, { subscriptions: [{ subscription, memberId, plan: price, active: true }] });
  expect(result).toMatchObject({ imported: 1 });
  return subscription;
}

/** The ledger reads the subscription at Stripe. */
async function recheck({ ledger, stripe }: Members, subscription: string): Promise<void> {
  await using payments = stripePayments({ ledger, stripe, webhookSecrets: false, poll: false });
  await payments.recheck(subscription);
}

describe('all agree', () => {
  test('a payment of a subscription belongs to its invoice, and to no order', async () => {
    const members = await openMembers();
    await member(members);
    expect(await compared(members)).toMatchObject({ payments: 1, subscriptions: 1, notOurs: 0, subscriptionMismatches: [] });
  });

  test('after a renewal, a refund and an end that the ledger knows', async () => {
    const members = await openMembers();
    const [renewed, refunded, ended] = [
      await member(members),
      await member(members, 'silver', 'member-2'),
      await member(members, 'gold', 'member-3'),
    ];
    members.sandbox.refund(await members.intentOf(refunded), { fate: 'never_made' });
    expect((await compared(members, true)).subscriptionMismatches).toMatchObject([{ subscription: refunded, repaired: true }]);
    for (const each of [refunded, ended]) await members.stripe.subscriptions.cancel(each);
    await members.sandbox.advance({ months: 1, ms: 2 * 3_600_000 });
    for (const each of [renewed, refunded, ended]) await recheck(members, each);
    expect(await compared(members)).toMatchObject({ payments: 4, subscriptions: 3, subscriptionMismatches: [] });
  });

  test('where the ledger keeps no subscriptions, none is looked for', async () => {
    const members = await openMembers({ policy: false });
    await members.subscribed('silver');
    expect(await compared(members)).toMatchObject({ subscriptions: 0, subscriptionMismatches: [], notOurs: 1 });
  });

  test('a thousand lists are not asked: one that agrees costs no call of its own', async () => {
    const members = await openMembers();
    await member(members);
    const one = (await compared(members)).calls;
    for (const id of ['member-2', 'member-3', 'member-4']) await member(members, 'gold', id);
    expect((await compared(members)).calls).toBe(one);
  });
});

type Deed = (members: Members, sub: string) => Promise<unknown>;

describe('what differs is found, and repaired where a person need not decide', () => {
  const month = { months: 1, ms: 2 * 3_600_000 };
  test.each<[string, SubscriptionMismatch['kind'], Deed, RegExp, RegExp]>([
    [
      'a renewal that nobody told',
      'paid_not_extended',
      ({ sandbox }) => sandbox.advance(month),
      /paid through 2026-06-01/,
      /paid through 2026-05-01/,
    ],
    [
      'a refund that nobody told',
      'given_back_but_active',
      async ({ sandbox, intentOf }, sub) => sandbox.refund(await intentOf(sub), { fate: 'never_made' }),
      /given back/,
      /active/,
    ],
    [
      'a dispute that nobody told',
      'given_back_but_active',
      async ({ sandbox, intentOf }, sub) => sandbox.dispute(await intentOf(sub), { fate: 'never_made' }),
      /disputed/,
      /active/,
    ],
    ['an end that nobody told', 'extended_without_payment', ({ stripe }, sub) => stripe.subscriptions.cancel(sub), /revoked/, /active/],
    [
      'a month that nobody paid',
      'extended_without_payment',
      async ({ stripe, sandbox }, sub) => {
        await stripe.subscriptions.update(sub, { pause_collection: { behavior: 'void' } });
        await sandbox.advance(month);
        await sandbox.advance({ ms: 5 * 24 * 3_600_000 });
      },
      /revoked, paid through 2026-05-01/,
      /active/,
    ],
    [
      'a plan that was paid for',
      'plan_differs',
      async ({ stripe, prices, sandbox }, sub) => {
        await sandbox.advance({ ms: 10 * 24 * 3_600_000 });
        const [item] = (await stripe.subscriptions.retrieve(sub)).items.data;
        await stripe.subscriptions.update(sub, {
          items: [{ id: String(item?.id), price: prices.gold }],
          proration_behavior: 'always_invoice',
        });
      },
      /active, gold/,
      /active, silver/,
    ],
    [
      'a cancellation that is scheduled',
      'state_differs',
      ({ stripe }, sub) => stripe.subscriptions.update(sub, { cancel_at_period_end: true }),
      /cancellation: 2026-05-01T00:00:00.000Z, not none/,
      /active/,
    ],
  ])('%s', async (_name, kind, deed, stripe, ledger) => {
    const members = await openMembers();
    const sub = await member(members);
    await deed(members, sub);
    const found = {
      kind,
      subscription: sub,
      subscriptionId: sub,
      stripe: expect.stringMatching(stripe),
      ledger: expect.stringMatching(ledger),
    };
    expect((await compared(members)).subscriptionMismatches).toEqual([{ ...found, account: members.sandbox.account }]);
    expect((await compared(members, true)).subscriptionMismatches).toMatchObject([{ ...found, repaired: true }]);
    expect((await compared(members)).subscriptionMismatches).toEqual([]);
  });

  test('a refund of a payment that is older than what is asked for', async () => {
    const members = await openMembers();
    const { sandbox, intentOf, on, store } = members;
    const sub = await member(members);
    await sandbox.advance({ ms: 10 * 24 * 3_600_000 });
    sandbox.refund(await intentOf(sub), { fate: 'never_made' });
    const result = await reconcile(on, { eventStore: store, since: new Date('2026-04-05') });
    expect(result).toMatchObject({ payments: 0, subscriptionMismatches: [{ kind: 'given_back_but_active', subscription: sub }] });
  });

  test('one that was ended here, and paid again at Stripe', async () => {
    const members = await openMembers();
    const { sandbox, stripe, intentOf, ledger } = members;
    const sub = await member(members);
    const { id } = sandbox.refund(await intentOf(sub), { fate: 'never_made' });
    expect((await compared(members, true)).subscriptionMismatches).toMatchObject([{ repaired: true }]);
    expect(await ledger.subscription(sub)).toMatchObject({ status: 'revoked' });
    sandbox.failRefund(id);
    expect((await compared(members)).subscriptionMismatches).toMatchObject([{ kind: 'ended_but_paid', subscription: sub }]);
    expect((await compared(members, true)).subscriptionMismatches).toMatchObject([{ repaired: true }]);
    expect((await stripe.subscriptions.retrieve(sub)).status).toBe('active');
    expect(await ledger.subscription(sub)).toMatchObject({ status: 'active' });
  });

  test('one that was started here, and paid for in silence: no payment of it is an order’s', async () => {
    const members = await openMembers();
    const { ledger, stripe, sandbox } = members;
    await using payments = stripePayments({ ledger, stripe, webhookSecrets: false, poll: false });
    const start = { subscriptionId: 'club-1', memberId: 'member-1', plan: 'gold', successUrl: 'https://shop.example/done' };
    const { sessionId } = await payments.startSubscription(start);
    sandbox.pay(sessionId, { fate: 'never_made' });
    const found = { kind: 'paid_not_extended', subscriptionId: 'club-1' };
    expect((await compared(members, true)).subscriptionMismatches).toMatchObject([{ ...found, repaired: true }]);
    expect(await compared(members)).toMatchObject({ payments: 1, notOurs: 0, subscriptions: 1, subscriptionMismatches: [] });
  });

  test('one of ours that begun while every event of it was lost', async () => {
    const members = await openMembers();
    const { ledger, sandbox } = members;
    await ledger.placeSubscription({
      subscriptionId: 'club-1',
      memberId: 'member-1',
      plan: 'silver',
      account: sandbox.account,
      livemode: false,
    });
    const sub = await members.subscribed('silver', subscriptionMetadata('paidonce', 'club-1', await ledger.forAdapters.ensureLedgerId()));
    const found = { kind: 'paid_not_extended', subscription: sub, subscriptionId: 'club-1' };
    expect((await compared(members)).subscriptionMismatches).toMatchObject([found]);
    expect((await compared(members, true)).subscriptionMismatches).toMatchObject([{ ...found, repaired: true }]);
    await ledger.settle();
    expect(members.delivered).toEqual(['member-1 granted 1']);
  });
});

describe('what a person must decide', () => {
  test('one that lives at a price of a plan, and that the ledger lacks; one at another price is a stranger', async () => {
    const members = await openMembers();
    await member(members);
    const [missing] = [await members.subscribed('gold'), await members.subscribed('addon')];
    const ended = await members.subscribed('gold');
    await members.stripe.subscriptions.cancel(ended);
    const result = await compared(members, true);
    expect(result.subscriptionMismatches).toEqual([
      {
        kind: 'not_adopted',
        subscription: missing,
        account: members.sandbox.account,
        stripe: 'active, at a price of a plan',
        ledger: 'no subscription has it',
      },
    ]);
    expect(result.subscriptions).toBe(2);
  });

  test('one that bears our mark, and was never placed here', async () => {
    const members = await openMembers();
    await member(members);
    const sub = await members.subscribed(
      'gold',
      subscriptionMetadata('paidonce', 'club-9', (await members.ledger.forAdapters.ledgerId()) ?? ''),
    );
    expect((await compared(members)).subscriptionMismatches).toMatchObject([
      { kind: 'not_adopted', subscription: sub, subscriptionId: 'club-9', ledger: 'it is not placed, and waits' },
    ]);
  });

  test('two of one member that live: the newer one is named', async () => {
    const members = await openMembers();
    const older = await member(members);
    await members.sandbox.advance({ ms: 60_000 });
    const newer = await member(members, 'gold');
    expect((await compared(members)).subscriptionMismatches).toEqual([
      {
        kind: 'two_living',
        subscription: newer,
        subscriptionId: newer,
        account: members.sandbox.account,
        stripe: 'active',
        ledger: `member member-1 has ${older} too, which lives`,
      },
    ]);
  });

  test('an active one that Stripe does not have', async () => {
    const members = await openMembers();
    const { ledger, sandbox } = members;
    const at = { account: sandbox.account, livemode: false };
    const sub = await member(members);
    const known = await ledger.forAdapters.subscriptions.known(sub);
    const [invoice] = known?.invoices ?? [];
    await ledger.placeSubscription({ subscriptionId: 'invented', memberId: 'member-9', plan: 'silver', ...at });
    const asOf = sandbox.now().toISOString();
    await ledger.observeSubscription({
      subscription: { provider: 'stripe', ...at, id: 'sub_invented' },
      subscriptionId: 'invented',
      source: 'poll',
      statements: [{ fact: { ...invoice?.fact, id: 'in_invented' } as never, asOf, evidence: { objectId: 'in_invented' } }],
    });
    expect((await compared(members, true)).subscriptionMismatches).toMatchObject([
      { kind: 'extended_without_payment', subscription: 'sub_invented', subscriptionId: 'invented', ledger: 'active' },
    ]);
  });

  test('an active one whose invoice is not paid at Stripe; of what a person stated, the person answers', async () => {
    const members = await openMembers();
    const { ledger, sandbox } = members;
    const at = { account: sandbox.account, livemode: false };
    const [wrong, byHand] = [await member(members), await member(members, 'silver', 'member-2')];
    for (const [sub, source] of [[wrong, 'poll'] as const, [byHand, 'manual'] as const]) {
      const known = await ledger.forAdapters.subscriptions.known(sub);
      const fact = known?.invoices[0]?.fact as never as { readonly id: string; readonly lines: readonly object[] };
      const next = {
        ...fact,
        id: `in_${source}`,
        lines: fact.lines.map((line) => ({ ...line, from: '2026-05-01T00:00:00Z', to: '2026-06-01T00:00:00Z' })),
      };
      await ledger.observeSubscription({
        subscription: { provider: 'stripe', ...at, id: sub },
        statements: [{ fact: next as never, asOf: sandbox.now().toISOString(), evidence: { objectId: next.id } }],
        ...(source === 'manual' ? { source, by: { actor: 'support-7', reason: 'a transfer' } } : { source }),
      });
    }
    expect((await compared(members, true)).subscriptionMismatches).toMatchObject([
      { kind: 'extended_without_payment', subscription: wrong, stripe: 'invoice in_poll is not paid' },
    ]);
  });
});
