// A word of Stripe is never believed over its money, whichever way it comes: each story is told by every source alone.
import { openMemoryEventStore } from '@paidonce/ledger/memory';
import type { DisputeTerms, Fate, StripeSandboxOptions } from '@paidonce/sandbox';
import Stripe from 'stripe';
import { describe, expect, test } from 'vitest';
import { type StripePayments, stripePayments } from './index.ts';
import { backfill } from './operations/backfill.ts';
import { type BatchContext, openBatchContext } from './operations/batch-context.ts';
import { reconcile } from './operations/reconcile.ts';
import { openShop, plan, type Shop, storyOf, webhookSecret } from './shop.test-support.ts';
import { signed, thin } from './signed-events.test-support.ts';

interface Way {
  /** What becomes of the webhooks, so that nothing else tells it. */
  readonly fate: Fate;
  readonly tell: (shop: Shop) => Promise<unknown>;
}

const dayMs = 24 * 3_600_000;
const by = { actor: 'support-7', reason: 'As agreed' };

function workOn({ ledger, stripe }: Shop): BatchContext {
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  return openBatchContext({ ledger, stripe, scope: 'paidonce', log });
}

const sweep =
  (tier: 'events' | 'objects' | 'money') =>
  ({ payments }: Shop) =>
    payments.sweep({ tiers: [tier] });

const ways: Readonly<Record<string, Way>> = {
  webhook: { fate: 'delivered', tell: ({ sandbox }) => sandbox.deliverDue() },
  'webhooks in any order': { fate: 'reordered', tell: ({ sandbox }) => sandbox.deliverDue() },
  'the event tier': { fate: 'lost', tell: sweep('events') },
  'the object tier, then the money tier': {
    fate: 'never_made',
    tell: async (shop) => {
      await sweep('objects')(shop);
      await sweep('money')(shop);
    },
  },
  recheck: { fate: 'never_made', tell: ({ payments }) => payments.recheck('order-1') },
  'reconcile --repair': {
    fate: 'never_made',
    tell: (shop) => reconcile(workOn(shop), shop.store, { since: new Date(Date.now() - 30 * dayMs), repair: true }),
  },
};
const everyWay = Object.entries(ways);

/** An order that the ledger knows as paid by a card. */
async function paidOrder(): Promise<{ shop: Shop; sessionId: string }> {
  const shop = await openShop();
  const sessionId = await shop.checkout();
  shop.sandbox.pay(sessionId, { fate: 'never_made' });
  await shop.payments.status(sessionId);
  expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'active' });
  return { shop, sessionId };
}

describe.each(everyWay)('by %s', (_, { fate, tell }) => {
  // biome-ignore format: a table
  test.each<[what: string, terms: DisputeTerms, membership: string]>([
    ['prevented by a resolution: the cardholder has the money', { status: 'prevented', caseType: 'resolution' }, 'revoked'],
    ['prevented by a block: nothing moved', { status: 'prevented', caseType: 'block' }, 'active'],
    ['a third of it lost', { status: 'lost', amountMinor: 333 }, 'active'],
    ['two thirds open', { status: 'needs_response', amountMinor: 667 }, 'active'],
    ['an amount that is small in another currency', { status: 'lost', amountMinor: 12, currency: 'usd' }, 'revoked'],
    ['all of it lost, at another exchange rate', { status: 'lost', amountMinor: 987 }, 'revoked'],
    ['all of it open, at another exchange rate', { status: 'needs_response', amountMinor: 987 }, 'suspended'],
  ])('a dispute %s', async (_, terms, membership) => {
    const { shop, sessionId } = await paidOrder();
    shop.sandbox.dispute(sessionId, { ...terms, fate });
    await tell(shop);
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership, openReviews: [] });
  });

  test('a dispute of what a refund has left, at another exchange rate, is of all that was paid', async () => {
    const { shop, sessionId } = await paidOrder();
    shop.sandbox.refund(sessionId, { amountMinor: 400, fate: 'never_made' });
    await shop.payments.recheck('order-1');
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'active' });
    shop.sandbox.dispute(sessionId, { status: 'lost', amountMinor: 590, fate });
    await tell(shop);
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'revoked', openReviews: [] });
  });

  test('a dispute that the log has as a part, since it was told without its charge, is of the whole once it is read', async () => {
    const { shop, sessionId } = await paidOrder();
    const { payment_intent: intent } = await shop.stripe.checkout.sessions.retrieve(sessionId);
    const { id } = shop.sandbox.dispute(sessionId, { status: 'lost', amountMinor: 987, fate });
    const payment = { provider: 'stripe', account: shop.sandbox.account, livemode: false, id: String(intent) };
    const fact = { kind: 'dispute', id, status: 'lost', amountMinor: 987, returnedDebit: false, movements: 1 } as const;
    await shop.ledger.observePayment({ payment, fact, asOf: new Date().toISOString(), evidence: { objectId: id }, source: 'webhook' });
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'active', payment: 'disputed' });
    await tell(shop);
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'revoked' });
  });

  test('a dispute that was told as open, then prevented by a resolution, restores nothing', async () => {
    const { shop, sessionId } = await paidOrder();
    const { id } = shop.sandbox.dispute(sessionId, { fate: 'never_made' });
    await shop.payments.recheck('order-1');
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'suspended' });
    shop.sandbox.updateDispute(id, 'prevented', fate);
    await tell(shop);
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'revoked' });
    expect(await storyOf(shop.ledger)).not.toContain('MembershipRestored');
  });

  test('a resolution beside the shop’s own refund, which Stripe then fails: access does not come back', async () => {
    const { shop, sessionId } = await paidOrder();
    shop.sandbox.refund(sessionId, { fate: 'never_made' });
    await shop.payments.recheck('order-1');
    shop.sandbox.dispute(sessionId, { status: 'prevented', caseType: 'resolution', fate });
    await tell(shop);
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'revoked' });
    expect((await shop.stripe.refunds.list()).data).toMatchObject([{ status: 'failed' }]);
    expect(await storyOf(shop.ledger)).not.toContain('MembershipRestored');
  });
});

/** A client whose refunds bear no row of the balance yet. */
function beforeTheRows({ sandbox }: Shop): Stripe {
  const httpClient = Stripe.createFetchHttpClient(async (url: string | URL | Request, init?: RequestInit) => {
    const answer = await fetch(url, init);
    if (!String(url).includes('/v1/refunds')) return answer;
    const body = JSON.parse(await answer.text(), (name, value) => (name === 'balance_transaction' ? null : value));
    return new Response(JSON.stringify(body), answer);
  });
  return new Stripe('sk_test_123456789012', { ...sandbox.clientConfig, telemetry: false, httpClient });
}

describe('a refund whose row in the balance is made a moment later', () => {
  test.each<[string, (early: StripePayments, id: string) => Promise<unknown>]>([
    ['an event', (early, id) => early.handleWebhook(...thin({ id, object: 'refund' }))],
    ['a list of the refunds', (early) => early.recheck('order-1')],
  ])('is told as pending by %s, and read again until it counts', async (_, tell) => {
    const { shop, sessionId } = await paidOrder();
    const { id } = shop.sandbox.refund(sessionId, { fate: 'never_made' });
    await using early = stripePayments({
      ledger: shop.ledger,
      stripe: beforeTheRows(shop),
      webhookSecrets: [webhookSecret],
      poll: false,
    });
    await tell(early, id);
    const unsettled = async () => (await shop.ledger.forAdapters.unsettledOrders()).items;
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'active', payment: 'paid', openReviews: [] });
    await expect.poll(unsettled).toMatchObject([{ orderId: 'order-1', refunds: [{ id }] }]);
    await sweep('money')(shop);
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'revoked', payment: 'refunded', openReviews: [] });
    await expect.poll(unsettled).toEqual([]);
  });
});

/** A payment intent of order-1 that holds money, and of which a part is captured. */
async function captured(
  hold: number,
  capture: number,
  fate: Fate,
  sandbox: StripeSandboxOptions = {},
): Promise<{ shop: Shop; intentId: string }> {
  const shop = await openShop({ sandbox });
  const { successUrl: _, ...order } = plan;
  await shop.ledger.placeOrder({ ...order, account: shop.sandbox.account, livemode: false });
  const metadata = { ...(await shop.payments.metadataFor('order-1')), sandbox_fate: fate };
  const { id } = await shop.stripe.paymentIntents.create({ amount: hold, currency: 'eur', capture_method: 'manual', metadata });
  await shop.ledger.attachCheckout('order-1', { provider: 'stripe', account: shop.sandbox.account, livemode: false, id });
  await shop.stripe.paymentIntents.confirm(id, { payment_method: 'pm_card_visa' });
  await shop.stripe.paymentIntents.capture(id, { amount_to_capture: capture });
  return { shop, intentId: id };
}

const forms = ['without_row', 'with_row'] as const;
const told = everyWay.flatMap(([way, how]) => forms.map((releasedPart) => [way, releasedPart, how] as const));

describe.each(told)('a partial capture, by %s, its released part %s', (_, releasedPart, { fate, tell }) => {
  test('hold 3000, capture 1000, release 2000: active', async () => {
    const { shop } = await captured(3_000, 1_000, fate, { releasedPart });
    await tell(shop);
    await shop.payments.recheck('order-1');
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'active', payment: 'paid', openReviews: [] });
    expect(await storyOf(shop.ledger)).not.toContain('MembershipRevoked');
  });

  test('capture 600 of 1000, accepted by a person, release 400, refund 200: active, refunded in part', async () => {
    const { shop, intentId } = await captured(1_000, 600, fate, { releasedPart });
    await tell(shop);
    const order = await shop.ledger.order('order-1');
    expect(order).toMatchObject({ membership: 'none', openReviews: [{ kind: 'amount' }] });
    const how = { resolution: 'grant' as const, seenRevision: order!.revision };
    await shop.ledger.resolveReview('order-1', order!.openReviews[0]!.reviewId, how, by);
    shop.sandbox.refund(intentId, { amountMinor: 200, fate: 'never_made' });
    await shop.payments.recheck('order-1');
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'active', payment: 'partially_refunded', openReviews: [] });
    shop.sandbox.refund(intentId, { amountMinor: 400, fate: 'never_made' });
    await shop.payments.recheck('order-1');
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'revoked', payment: 'refunded', openReviews: [] });
  });
});

describe('a backfill, which tells what went back first', () => {
  const since = new Date(Date.now() - 30 * dayMs);

  // biome-ignore format: a table
  test.each<[terms: DisputeTerms, membership: string]>([
    [{ status: 'prevented', caseType: 'resolution' }, 'none'],
    [{ status: 'prevented', caseType: 'block' }, 'active'],
    [{ status: 'lost', amountMinor: 333 }, 'active'],
    [{ status: 'lost', amountMinor: 12, currency: 'usd' }, 'none'],
    [{ status: 'lost', amountMinor: 987 }, 'none'],
  ])('%o: %s', async (terms, membership) => {
    const shop = await openShop();
    const sessionId = await shop.checkout();
    shop.sandbox.pay(sessionId, { fate: 'never_made' });
    shop.sandbox.dispute(sessionId, { ...terms, fate: 'never_made' });
    await backfill(workOn(shop), { since, by });
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership });
  });

  test.each(forms)('hold 3000, capture 1000, the released part %s: active', async (releasedPart) => {
    const { shop } = await captured(3_000, 1_000, 'never_made', { releasedPart });
    await backfill(workOn(shop), { since, by });
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'active', payment: 'paid', openReviews: [] });
  });
});

test('refunds beyond what was received are a question, and revoke nothing', async () => {
  const { shop, sessionId } = await paidOrder();
  const { payment_intent: intent } = await shop.stripe.checkout.sessions.retrieve(sessionId);
  const { id } = shop.sandbox.refund(sessionId, { fate: 'never_made' });
  const copy = await shop.stripe.refunds.retrieve(id);
  const twin = { ...copy, id: 're_twin', payment_intent: intent };
  // Two refunds of the whole, both with a row: one of them cannot be what it says.
  shop.sandbox.injectFault({ kind: 'gateway', status: 200, path: '/v1/refunds/:refund', body: JSON.stringify(twin) });
  await shop.payments.handleWebhook(...signed(twin));
  await shop.payments.handleWebhook(...thin({ id, object: 'refund' }));
  expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'active', openReviews: [{ kind: 'refunds_exceed' }] });
});

test('reconcile finds nothing in a partial capture that the ledger knows', async () => {
  const { shop } = await captured(3_000, 1_000, 'delivered');
  await shop.sandbox.deliverDue();
  const found = await reconcile(workOn(shop), openMemoryEventStore(), { since: new Date(Date.now() - 30 * dayMs) });
  expect(found).toMatchObject({ payments: 1, mismatches: [] });
});
