// A person has a subscription looked at again: at the sandbox, over sockets.
import { createPaymentLedger } from '@paidonce/ledger';
import { openMemoryEventStore } from '@paidonce/ledger/memory';
import { startGround } from '@paidonce/sandbox/testing';
import { expect, onTestFinished, test } from 'vitest';
import { stripePayments } from '../stripe-payments.ts';

/** The ledger knows of `club-7` only that it began. */
async function joined() {
  const { stripe, sandbox } = await startGround({ automatic: false });
  const { id: product } = await stripe.products.create({ name: 'Club' });
  const { id: price } = await stripe.prices.create({ product, currency: 'usd', unit_amount: 3_000, recurring: { interval: 'month' } });
  const session = await stripe.checkout.sessions.create({
    mode: 'subscription',
    line_items: [{ price, quantity: 1 }],
    success_url: 'https://shop.example/done',
  });
  sandbox.pay(session.id);
  const { subscription: sub, invoice } = await stripe.checkout.sessions.retrieve(session.id);
  const ledger = createPaymentLedger({
    eventStore: openMemoryEventStore(),
    background: false,
    runtime: { patience: 50 },
    subscriptions: { policy: { plans: { club: [price] } } },
  });
  const payments = stripePayments({ ledger, stripe, webhookSecrets: ['whsec_recheck'], poll: false });
  onTestFinished(async () => {
    await payments[Symbol.asyncDispose]();
    await ledger[Symbol.asyncDispose]();
  });
  const at = { account: sandbox.account, livemode: false };
  await ledger.placeSubscription({ subscriptionId: 'club-7', memberId: 'm-7', plan: 'club', ...at });
  const asOf = new Date(Date.now() - 60_000).toISOString();
  await ledger.observeSubscription({
    subscription: { provider: 'stripe', ...at, id: String(sub) },
    subscriptionId: 'club-7',
    source: 'webhook',
    statements: [
      { fact: { kind: 'lifecycle', status: 'incomplete', customer: 'cus_1', items: [] }, asOf, evidence: { objectId: String(sub) } },
    ],
  });
  return { stripe, ledger, payments, sub, invoice };
}

test('by its own id, its sub_ and its invoice: what Stripe says is recorded, signed once, and decided', async () => {
  const { ledger, payments, sub, invoice } = await joined();
  expect(await payments.recheck('club-7', { by: { actor: 'sup-3', reason: 'ticket 1' } })).toMatchObject({
    objects: [{ objectId: sub, outcome: 'granted' }],
    subscription: { subscriptionId: 'club-7', status: 'active', plan: 'club' },
  });
  const history = (await ledger.console.subscriptions?.history('club-7')) ?? [];
  expect(history.filter(({ type }) => type === 'StripeRechecked').map(({ data }) => data)).toEqual([
    { by: { actor: 'sup-3', reason: 'ticket 1' }, looked: 1, recorded: 1, recheckedAt: expect.any(String) },
  ]);
  for (const name of [String(sub), String(invoice)])
    expect(await payments.recheck(name)).toMatchObject({ subscription: { subscriptionId: 'club-7', status: 'active' } });
});

test('where an order has its id, the one that is meant is asked about and has the signature', async () => {
  const { ledger, payments, sub } = await joined();
  const { account = '', livemode = false } = (await ledger.subscription('club-7')) ?? {};
  const terms = { memberId: 'm-7', plan: 'book', amountMinor: 1_000, currency: 'usd', account, livemode };
  await ledger.placeOrder({ orderId: 'club-7', ...terms });
  const by = { actor: 'sup-3', reason: 'ticket 1' };
  const signed = async () => {
    const histories = [await ledger.history('club-7'), (await ledger.console.subscriptions?.history('club-7')) ?? []];
    return histories.map((history) => history.filter(({ type }) => type === 'StripeRechecked').length);
  };
  const ofSubscription = await payments.recheck('club-7', { by, of: 'subscription' });
  expect(ofSubscription).toMatchObject({ objects: [{ objectId: sub, outcome: 'granted' }], subscription: { status: 'active' } });
  expect([ofSubscription.order, await signed()]).toEqual([undefined, [0, 1]]);
  expect(await payments.recheck('club-7', { by })).toMatchObject({ objects: [], order: { orderId: 'club-7' } });
  expect(await signed()).toEqual([1, 1]);
  expect(await payments.recheck('club-7', { by, of: 'order' })).toMatchObject({ order: { orderId: 'club-7' } });
});

test('where Stripe does not have it nothing ends, and a person has to look', async () => {
  const { stripe, payments, ledger, sub } = await joined();
  await payments.recheck('club-7');
  const retrieve = stripe.subscriptions.retrieve.bind(stripe.subscriptions);
  stripe.subscriptions.retrieve = ((_: string, ...asked: []) => retrieve('sub_gone', ...asked)) as typeof retrieve;
  expect(await payments.recheck('club-7')).toMatchObject({ objects: [{ objectId: sub, outcome: 'not_ours' }] });
  await payments.recheck(String(sub)); // Asked again, it opens no second review.
  expect(await ledger.subscription('club-7')).toMatchObject({ status: 'active', openReviews: [{ kind: 'subscription_missing' }] });
});

test('a look of which only some answers have a time says so, and is not taken for one that found nothing', async () => {
  const { stripe, payments, ledger } = await joined();
  await payments.recheck('club-7'); // The next look lists the invoices as well.
  const list = stripe.invoices.list.bind(stripe.invoices);
  stripe.invoices.list = (async (...asked: Parameters<typeof list>) => {
    const page = await list(...asked);
    delete page.lastResponse.headers['date'];
    return page;
  }) as unknown as typeof list;
  const by = { actor: 'sup-3', reason: 'ticket 2' };
  await expect(payments.recheck('club-7', { by })).rejects.toMatchObject({
    code: 'provider_unavailable',
    message: expect.stringContaining('Nothing was recorded; ask again'),
  });
  const history = (await ledger.console.subscriptions?.history('club-7')) ?? [];
  expect(history.filter(({ type }) => type === 'StripeRechecked')).toEqual([]);
});
