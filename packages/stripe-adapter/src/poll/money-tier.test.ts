// The proving tier against the sandbox: what no event and no session tells stands in the balance, or is looked at by id.

import type { SweepProgress } from '@paidonce/ledger/adapter';
import { describe, expect, test } from 'vitest';
import { hourMs, openShop, plan, type Shop } from '../shop.test-support.ts';
import type { ListWindow } from '../stripe/list-window.ts';
import { readMoney } from './money-tier.ts';
import type { SweepOptions } from './poll.ts';
import { Round, type RoundParts } from './round.ts';

const money: SweepOptions = { tiers: ['money'] };
const listRoute = 'GET /v1/balance_transactions';

/** An order that is paid, and of which the ledger knows. */
async function paidOrder(shop: Shop, orderId = 'order-1'): Promise<string> {
  const sessionId = await shop.checkout({ orderId });
  shop.sandbox.pay(sessionId, { fate: 'never_made' });
  await shop.payments.status(sessionId);
  return sessionId;
}

test('where nothing was paid and nothing can be, it looks at nothing', async () => {
  const { ledger, payments, sandbox } = await openShop();
  const { successUrl: _, ...order } = plan;
  await ledger.placeOrder({ ...order, account: sandbox.account, livemode: false });
  sandbox.calls.reset();
  expect(await payments.sweep(money)).toMatchObject({ lookedAt: 0, calls: 0 });
  expect(sandbox.calls.count()).toBe(0);
});

test('finds the very first payment, on an intent that the shop made itself and of which no event was made', async () => {
  const { ledger, payments, sandbox, stripe } = await openShop();
  const { successUrl: _, ...order } = plan;
  await ledger.placeOrder({ ...order, account: sandbox.account, livemode: false });
  const metadata = { ...(await payments.metadataFor('order-1')), sandbox_fate: 'never_made' };
  const intent = await stripe.paymentIntents.create({ amount: 1_000, currency: 'eur', metadata });
  await ledger.attachCheckout('order-1', { provider: 'stripe', account: sandbox.account, livemode: false, id: intent.id });
  await stripe.paymentIntents.confirm(intent.id, { payment_method: 'pm_card_visa' });
  expect(await payments.sweep({ tiers: ['events', 'objects'] })).toMatchObject({ rescued: 0 });
  expect(await payments.sweep(money)).toMatchObject({ rescued: 1 });
  expect(await ledger.order('order-1')).toMatchObject({ membership: 'active', grantedBy: 'poll', openReviews: [] });
});

test('what is known as paid costs the list alone', async () => {
  const shop = await openShop();
  await paidOrder(shop);
  await paidOrder(shop, 'order-2');
  shop.sandbox.calls.reset();
  expect(await shop.payments.sweep(money)).toMatchObject({ lookedAt: 2, calls: 1, found: 2, rescued: 0 });
  expect(shop.sandbox.calls.byRoute()).toEqual({ [listRoute]: 1 });
});

describe('late changes of which no event was made', () => {
  test('a refund', async () => {
    const shop = await openShop();
    const sessionId = await paidOrder(shop);
    shop.sandbox.refund(sessionId, { fate: 'never_made' });
    await shop.payments.sweep(money);
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'revoked', payment: 'refunded' });
  });

  test('a refund that fails days later gives the membership back', async () => {
    const shop = await openShop();
    const sessionId = await paidOrder(shop);
    const { id } = shop.sandbox.refund(sessionId, { fate: 'never_made' });
    await shop.payments.sweep(money);
    shop.sandbox.failRefund(id);
    expect(await shop.payments.sweep(money)).toMatchObject({ rescued: 1 });
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'active', payment: 'paid' });
  });

  test('a dispute, and that it was won', async () => {
    const shop = await openShop();
    const sessionId = await paidOrder(shop);
    const { id } = shop.sandbox.dispute(sessionId, { fate: 'never_made' });
    await shop.payments.sweep(money);
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'suspended' });
    shop.sandbox.updateDispute(id, 'won', 'never_made');
    await shop.payments.sweep(money);
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'active' });
  });

  test('a dispute that was lost days later, which moves no money any more, is looked at by its id', async () => {
    let aheadMs = 0;
    const runtime = { now: () => new Date(Date.now() + aheadMs) };
    const shop = await openShop({ ledger: { runtime }, sandbox: { runtime } });
    const sessionId = await paidOrder(shop);
    const { id } = shop.sandbox.dispute(sessionId, { fate: 'never_made' });
    await shop.payments.sweep(money);
    aheadMs = 5 * 24 * hourMs;
    await shop.payments.sweep(money);
    shop.sandbox.updateDispute(id, 'lost', 'never_made');
    shop.sandbox.calls.reset();
    await shop.payments.sweep(money);
    expect(shop.sandbox.calls.byRoute()).toEqual({ [listRoute]: 1, 'GET /v1/disputes/:dispute': 1 });
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'revoked' });
    expect((await shop.ledger.forAdapters.unsettledOrders()).items).toEqual([]);
  });

  test('a payment whose order nobody awaits any more', async () => {
    let aheadMs = 0;
    const runtime = { now: () => new Date(Date.now() + aheadMs) };
    const shop = await openShop({ ledger: { runtime } });
    await paidOrder(shop, 'order-2');
    shop.sandbox.pay(await shop.checkout(), { fate: 'never_made' });
    aheadMs = 60 * 24 * hourMs;
    expect(await shop.payments.sweep(money)).toMatchObject({ rescued: 1 });
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'active', openReviews: [] });
  });
});

test('months later it still looks: a dispute of an old payment suspends', async () => {
  let aheadMs = 0;
  const shop = await openShop({ ledger: { runtime: { now: () => new Date(Date.now() + aheadMs) } } });
  const sessionId = await paidOrder(shop);
  await shop.payments.sweep(money);
  aheadMs = 90 * 24 * hourMs;
  await shop.sandbox.advance(aheadMs);
  shop.sandbox.dispute(sessionId, { fate: 'never_made' });
  await shop.payments.sweep(money);
  expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'suspended', payment: 'disputed' });
});

test('a clock of ours that is days ahead of Stripe’s does not lead the cursor past what is still to come', async () => {
  const ahead = { now: () => new Date(Date.now() + 10 * 24 * hourMs) };
  const shop = await openShop({ ledger: { runtime: ahead } });
  const sessionId = await paidOrder(shop);
  await shop.payments.sweep(money);
  shop.sandbox.refund(sessionId, { fate: 'never_made' });
  await shop.payments.sweep(money);
  expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'revoked' });
});

describe('the list', () => {
  const unread = { id: 'txn_1', source: 'ch_1' }; // Not expanded: no shape that we know.

  /** A round over this one row, and the windows that were asked for. */
  async function roundOver(row: object, progress: Partial<SweepProgress>) {
    const shop = await openShop();
    await paidOrder(shop);
    await shop.ledger.settle();
    const [orders] = await shop.ledger.forAdapters.accountOrders();
    const windows: ListWindow[] = [];
    const balanceTransactions = (window: ListWindow) => {
      windows.push(window);
      return Promise.resolve({ object: { objects: [row], hasMore: false }, asOf: '2027-01-15T08:00:00.000Z' });
    };
    const unreadable: object[] = [];
    const recordUnreadable = (object: object, how: object) => {
      unreadable.push({ object, ...how });
      return Promise.resolve({ outcome: 'unreadable' as const });
    };
    const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
    const { ledger } = shop;
    const giveWay = () => Promise.resolve();
    const { signal } = new AbortController();
    const asked: string[] = [];
    const ourLedger = { made: () => Promise.resolve(false) };
    const take = ({ id }: { readonly id: string }) => {
      asked.push(id);
      return Promise.resolve({ outcome: 'unreadable' as const });
    };
    const parts = { ledger, log, calls: { balanceTransactions }, intake: { recordUnreadable, take }, ourLedger, signal, giveWay };
    const of = { tier: 'money', number: 1, orders: orders!, progress: { round: 1, finished: true, spent: [], ...progress } };
    const round = new Round(of, new Date('2027-01-15T08:00:00Z'), parts as unknown as RoundParts);
    await readMoney(round);
    return { windows, unreadable, counts: round.counts, asked };
  }

  test('is read from a day before the last round, since a capture makes its row late', async () => {
    const { windows } = await roundOver(unread, { upTo: '2027-01-14T07:00:00.000Z' });
    expect(windows.map(({ createdFrom, createdTo }) => [createdFrom, createdTo])).toEqual([
      [Date.parse('2027-01-13T07:00:00Z') / 1_000, Date.parse('2027-01-15T09:00:00Z') / 1_000],
    ]);
  });

  test('with the charge of a customer whose id is an address needs no person', async () => {
    const charge = { object: 'charge', id: 'ch_1', amount_refunded: 0, payment_intent: 'pi_strange', customer: 'amy@example.com' };
    const { asked, counts } = await roundOver({ id: 'txn_1', source: charge, reporting_category: 'charge' }, {});
    expect(asked).toEqual([]);
    expect(counts).toMatchObject({ lookedAt: 1, found: 0, failed: 0 });
  });

  test('with a row that cannot be read goes on: it is kept by its id', async () => {
    const { unreadable, counts } = await roundOver(unread, {});
    expect(unreadable).toMatchObject([{ object: unread, objectId: 'txn_1', type: 'balance_transaction', path: 'source' }]);
    expect(counts).toMatchObject({ lookedAt: 1, failed: 0 });
  });
});

test('of another app’s charge nothing is asked', async () => {
  const shop = await openShop();
  await paidOrder(shop);
  const notOurs = await shop.stripe.checkout.sessions.create({
    mode: 'payment',
    line_items: [{ quantity: 1, price_data: { currency: 'eur', unit_amount: 700, product_data: { name: 'Strange' } } }],
    success_url: 'https://shop.example/',
  });
  shop.sandbox.pay(notOurs.id, { fate: 'never_made' });
  shop.sandbox.calls.reset();
  expect(await shop.payments.sweep(money)).toMatchObject({ lookedAt: 2, found: 1, rescued: 0 });
  expect(shop.sandbox.calls.byRoute()).toEqual({ [listRoute]: 1 });
});
