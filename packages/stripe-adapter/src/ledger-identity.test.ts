// Two programs on one account of Stripe, under one scope, with the same order numbers: each grants its own orders alone. And
// one program that lost its log.
import { createPaymentLedger, type MembershipChange, type PaymentLedger, type PaymentLedgerOptions } from '@paidonce/ledger';
import { openMemoryEventStore } from '@paidonce/ledger/memory';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type StripePayments, type StripePaymentsOptions, stripePayments } from './index.ts';
import { backfill } from './operations/backfill.ts';
import { openBatchContext } from './operations/batch-context.ts';
import { checkLedgers } from './operations/doctor-ledgers.ts';
import { recheck } from './operations/recheck.ts';
import { reconcile } from './operations/reconcile.ts';
import type { ShopOrder } from './operations/shop-orders.ts';
import { hourMs, openShop, plan, refusal, type Shop, webhookSecret } from './shop.test-support.ts';
import { StripeCalls } from './stripe/stripe-calls.ts';

const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

interface OtherShop {
  readonly store: ReturnType<typeof openMemoryEventStore>;
  readonly ledger: PaymentLedger;
  readonly payments: StripePayments;
  readonly alerts: string[];
}

/** Opens another log on the same account of Stripe. Webhooks still go to the first shop alone. */
function openOther({ stripe }: Shop, options: Partial<StripePaymentsOptions> = {}, of: Partial<PaymentLedgerOptions> = {}): OtherShop {
  const store = openMemoryEventStore();
  const alerts: string[] = [];
  const onAlert: PaymentLedgerOptions['onAlert'] = ({ kind, message }) => void alerts.push(`${kind}: ${message}`);
  const ledger = createPaymentLedger({ eventStore: store, background: false, onAlert, runtime: { patience: 50 }, ...of });
  const payments = stripePayments({ ledger, stripe, webhookSecrets: [webhookSecret], poll: false, ...options });
  onTestFinished(async () => {
    await payments[Symbol.asyncDispose]();
    await ledger[Symbol.asyncDispose]();
  });
  return { store, ledger, payments, alerts };
}

async function identityOf({ ledger }: Pick<Shop, 'ledger'>): Promise<string> {
  return (await ledger.forAdapters.ledgerId()) ?? 'none';
}

const accessOf = async (ledger: PaymentLedger, orderId: string) => (await ledger.order(orderId))?.membership;

describe('what is made for an order bears the identity of its ledger', () => {
  test('a session, its payment intent, and what the shop makes itself', async () => {
    const shop = await openShop();
    const sessionId = await shop.checkout();
    const marks = { paidonce: 'paidonce', paidonce_order: 'order-1', paidonce_ledger: await identityOf(shop) };
    expect(marks.paidonce_ledger).toMatch(/^[0-9a-f-]{36}$/);
    const { metadata } = await shop.stripe.checkout.sessions.retrieve(sessionId);
    expect(metadata).toEqual(marks);
    shop.sandbox.pay(sessionId);
    const { payment_intent: intent } = await shop.stripe.checkout.sessions.retrieve(sessionId, { expand: ['payment_intent'] });
    expect(intent).toMatchObject({ metadata: marks });
    expect(await shop.payments.metadataFor('order-1')).toEqual(marks);
  });

  test('metadataFor gives an empty log its identity; reading never does', async () => {
    const { ledger, payments, store } = await openShop();
    await ledger.order('order-1');
    await payments.status('cs_test_1');
    await payments.sweep();
    expect(await ledger.forAdapters.ledgerId()).toBeUndefined();
    expect(await store.readStream('ledger')).toEqual([]);
    const { paidonce_ledger: ledgerId } = await payments.metadataFor('order-1');
    expect(await ledger.forAdapters.ledgerId()).toBe(ledgerId);
  });

  test.each([[['acct/1']], ['ledger-1'], [[1]]])('formerLedgers %j is refused', async (formerLedgers) => {
    const shop = await openShop();
    const open = () => stripePayments({ ...shop, webhookSecrets: false, poll: false, formerLedgers } as never);
    expect(await refusal((async () => open())())).toMatchObject({ code: 'invalid_input' });
  });
});

describe('two ledgers on one account, with the default scope and equal order numbers', () => {
  test('never grant each other’s orders: by webhook, by each tier of the poll, and by recheck', async () => {
    const shop = await openShop();
    const other = openOther(shop);
    const mine = await shop.checkout();
    const { sessionId: theirs } = await other.payments.startCheckout(plan);
    expect(theirs).not.toBe(mine);
    shop.sandbox.pay(theirs);
    await shop.sandbox.deliverDue();
    expect(shop.answers).toContain('not_ours');
    expect(shop.answers.filter((answer) => answer !== 'not_ours' && answer !== 'ignored')).toEqual([]);
    for (const tier of ['events', 'objects', 'money'] as const) {
      expect(await shop.payments.sweep({ tiers: [tier] })).toMatchObject({ found: 0, rescued: 0 });
    }
    expect(await shop.payments.recheck(theirs)).toEqual({ objects: [{ objectId: theirs, outcome: 'not_ours' }] });
    expect(await shop.ledger.order('order-1')).toMatchObject({ payment: 'none', membership: 'none', openReviews: [] });
    expect(await other.payments.sweep()).toMatchObject({ rescued: 1 });
    expect(await accessOf(other.ledger, 'order-1')).toBe('active');

    shop.sandbox.pay(mine);
    await other.payments.sweep();
    expect(await other.ledger.order('order-1')).toMatchObject({ membership: 'active', openReviews: [] });
    await shop.sandbox.deliverDue();
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'active', openReviews: [] });
    expect(other.alerts).toEqual([expect.stringContaining(`made by ledger ${await identityOf(shop)} under our scope`)]);
  });

  test('a refund of the other’s payment ends nothing here, and what is paid here is not undone there', async () => {
    const shop = await openShop();
    const other = openOther(shop);
    for (const session of [await shop.checkout(), (await other.payments.startCheckout(plan)).sessionId]) shop.sandbox.pay(session);
    await shop.sandbox.deliverDue();
    await other.payments.sweep();
    const { payment_intent: theirs } = await shop.stripe.checkout.sessions.retrieve(
      (await other.ledger.order('order-1'))?.checkouts[0]?.payment.id ?? '',
    );
    shop.sandbox.refund(String(theirs));
    await shop.sandbox.deliverDue();
    await shop.payments.sweep();
    await other.payments.sweep();
    expect(await accessOf(shop.ledger, 'order-1')).toBe('active');
    expect(await accessOf(other.ledger, 'order-1')).toBe('revoked');
  });

  test('the alert names the other ledger once; reconcile and doctor see it too, and nothing of it is a mismatch', async () => {
    const alerts: string[] = [];
    const shop = await openShop({ ledger: { onAlert: ({ kind, message }) => void alerts.push(`${kind}: ${message}`) } });
    const other = openOther(shop);
    await shop.checkout();
    for (const orderId of ['order-1', 'order-2', 'order-3']) {
      shop.sandbox.pay((await other.payments.startCheckout({ ...plan, orderId })).sessionId);
    }
    await shop.sandbox.deliverDue();
    await shop.payments.sweep();
    const theirs = await identityOf(other);
    expect(alerts).toEqual([expect.stringMatching(`^other_ledger: (cs|pi)_\\S+ was made by ledger ${theirs} under our scope "paidonce"`)]);

    const { stripe, ledger, store } = shop;
    const work = openBatchContext({ ledger, stripe, scope: 'paidonce', log: silent });
    const since = new Date(ledger.runtime.now().getTime() - hourMs);
    expect(await reconcile(work, store, { since, repair: true })).toMatchObject({ payments: 0, notOurs: 3, mismatches: [] });
    expect(await backfill(work, { since, by: { actor: 'test', reason: 'test' } })).toMatchObject({ granted: 0, review: 0 });
    expect(await ledger.order('order-1')).toMatchObject({ payment: 'none', membership: 'none' });
    const calls = new StripeCalls({ stripe, runtime: ledger.runtime });
    expect(await checkLedgers(calls, { ledger, scope: 'paidonce' })).toMatchObject([
      { state: 'problem', found: expect.stringContaining(`ledger ${theirs} made 3 of`), remedy: expect.stringContaining('formerLedgers') },
    ]);
    expect(await checkLedgers(calls, { ledger, scope: 'another' })).toMatchObject([
      { state: 'good' },
      { state: 'good', what: 'other scopes', found: expect.stringContaining('"paidonce"') },
    ]);
    expect(await checkLedgers(calls, { ledger, scope: 'paidonce', formerLedgers: [theirs] })).toMatchObject([{ state: 'good' }]);
  });

  test('what is linked here counts, whoever made it: the shop attached it itself', async () => {
    const shop = await openShop();
    const other = openOther(shop);
    await shop.checkout();
    const { sessionId: id } = await other.payments.startCheckout({ ...plan, orderId: 'order-7' });
    await shop.ledger.attachCheckout('order-1', { provider: 'stripe', account: shop.sandbox.account, livemode: false, id });
    shop.sandbox.pay(id);
    await shop.sandbox.deliverDue();
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'active', openReviews: [] });
    expect(await shop.ledger.order('order-7')).toBeUndefined();
  });

  test('what bears no identity is judged by its scope, as an earlier release made it', async () => {
    const shop = await openShop();
    await shop.checkout();
    const marks = { paidonce: 'paidonce', paidonce_order: 'order-1' };
    const { id } = await shop.stripe.checkout.sessions.create({
      mode: 'payment',
      line_items: [{ quantity: 1, price_data: { currency: 'eur', unit_amount: 1_000, product_data: { name: 'year' } } }],
      success_url: plan.successUrl,
      metadata: marks,
      payment_intent_data: { metadata: marks },
    });
    shop.sandbox.pay(id);
    await shop.sandbox.deliverDue();
    expect(await accessOf(shop.ledger, 'order-1')).toBe('active');
  });
});

describe('a shop that lost its disk', () => {
  const order = (orderId: string, paymentId: string, fulfilled: boolean): ShopOrder => {
    const { successUrl: _, ...terms } = plan;
    return { ...terms, orderId, paymentId, placedAt: new Date(0).toISOString(), fulfilled };
  };

  /** Orders of the log that is lost: paid and delivered; paid a moment ago; on the way (two); refunded. */
  async function lostDisk() {
    const shop = await openShop();
    const session: Record<string, string> = {};
    for (const orderId of ['paid', 'unheard', 'waiting', 'debit', 'refunded']) session[orderId] = await shop.checkout({ orderId });
    const sessionOf = (orderId: string): string => session[orderId] ?? '';
    shop.sandbox.pay(sessionOf('paid'));
    shop.sandbox.pay(sessionOf('refunded'));
    await shop.sandbox.deliverDue();
    shop.sandbox.refund(String((await shop.stripe.checkout.sessions.retrieve(sessionOf('refunded'))).payment_intent));
    await shop.sandbox.deliverDue();
    expect([await accessOf(shop.ledger, 'paid'), await accessOf(shop.ledger, 'refunded')]).toEqual(['active', 'revoked']);
    // The disk is gone, and these three happen meanwhile.
    shop.sandbox.pay(sessionOf('unheard'), { fate: 'never_made' });
    shop.sandbox.pay(sessionOf('debit'), { card: 'processing', fate: 'never_made' });
    const books = ['paid', 'unheard', 'waiting', 'debit', 'refunded'].map((orderId) =>
      order(orderId, sessionOf(orderId), orderId === 'paid'),
    );
    return { shop, sessionOf, books, lost: await identityOf(shop) };
  }

  test('is not locked out: all comes back, and what is on the way is granted when it is paid', async () => {
    const { shop, sessionOf, books, lost } = await lostDisk();
    const changes: MembershipChange[] = [];
    const deliver = async (change: MembershipChange): Promise<void> => void changes.push(change);
    const { ledger, payments } = openOther(shop, { formerLedgers: [lost] }, { deliver });
    const work = openBatchContext({ ledger, stripe: shop.stripe, scope: 'paidonce', formerLedgers: [lost], log: silent });
    const by = { actor: 'support', reason: 'the disk was lost' };
    const since = new Date(ledger.runtime.now().getTime() - hourMs);
    const dry = await backfill(work, { since, orders: books, dryRun: true, by });
    expect(dry).toMatchObject({ imported: 1, granted: 1, unpaid: 2 });
    expect(await ledger.order('paid')).toBeUndefined();
    expect(await backfill(work, { since, orders: books, by })).toMatchObject({ imported: 1, granted: 1, unpaid: 2 });
    await ledger.settle();
    const access = async () =>
      Object.fromEntries(await Promise.all(books.map(async ({ orderId }) => [orderId, await accessOf(ledger, orderId)])));
    expect(await access()).toEqual({ paid: 'active', unheard: 'active', waiting: 'none', debit: 'none', refunded: 'none' });
    expect(changes.map(({ membershipId, status }) => `${membershipId} ${status}`)).toEqual(['unheard active']);
    expect((await ledger.openOrders()).items.map(({ orderId, payment }) => `${orderId} ${payment}`)).toEqual([
      'debit processing',
      'waiting none',
    ]);

    shop.sandbox.pay(sessionOf('waiting'), { fate: 'never_made' });
    shop.sandbox.advance(24 * hourMs);
    await payments.sweep();
    expect(await access()).toEqual({ paid: 'active', unheard: 'active', waiting: 'active', debit: 'active', refunded: 'none' });
    expect((await ledger.reviews()).items).toEqual([]);
    expect(await reconcile(work, shop.store, { since })).toMatchObject({ mismatches: [] });

    // Later facts about what the lost log made count too.
    shop.sandbox.refund(String((await shop.stripe.checkout.sessions.retrieve(sessionOf('paid'))).payment_intent));
    await payments.recheck('paid');
    expect(await accessOf(ledger, 'paid')).toBe('revoked');
    // And once it is linked, nobody needs to name the lost ledger any more.
    const unnamed = openBatchContext({ ledger, stripe: shop.stripe, scope: 'paidonce', log: silent });
    shop.sandbox.refund(String((await shop.stripe.checkout.sessions.retrieve(sessionOf('waiting'))).payment_intent));
    expect(await recheck('waiting', unnamed)).toMatchObject({ order: { membership: 'revoked' } });
  });

  test('without formerLedgers nothing of the lost log is taken, and the alert says how to', async () => {
    const { shop, books, lost } = await lostDisk();
    const { ledger, payments, alerts } = openOther(shop);
    await payments.startCheckout({ ...plan, orderId: 'waiting' });
    shop.sandbox.pay(books[2]?.paymentId ?? '');
    await payments.sweep();
    expect(await accessOf(ledger, 'waiting')).toBe('none');
    expect(alerts).toEqual([expect.stringContaining(`pass formerLedgers: ['${lost}']`)]);
  });
});
