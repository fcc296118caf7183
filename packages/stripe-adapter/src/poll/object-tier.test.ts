// The object tier against the sandbox: the completed sessions themselves, whatever became of their events.
import { describe, expect, test } from 'vitest';
import { hourMs, openShop, storyOf } from '../shop.test-support.ts';
import { eventTypes } from './log.test-support.ts';
import { roundsBetweenReads } from './object-tier.ts';
import type { SweepOptions } from './poll.ts';

const listRoute = 'GET /v1/checkout/sessions';
const objects: SweepOptions = { tiers: ['objects'] };

describe('the object tier', () => {
  test('finds what no webhook reported, and grants it', async () => {
    const { checkout, sandbox, ledger, payments } = await openShop();
    sandbox.pay(await checkout(), { fate: 'never_made' });
    expect(await payments.sweep(objects)).toMatchObject({ lookedAt: 1, calls: 1, found: 1, rescued: 1 });
    expect(await ledger.order('order-1')).toMatchObject({ membership: 'active', grantedBy: 'poll', openReviews: [] });
  });

  test('finds an order that cost nothing, which no balance ever shows', async () => {
    const { checkout, sandbox, payments, ledger, stripe } = await openShop();
    const coupon = await stripe.coupons.create({ percent_off: 100, duration: 'once' });
    sandbox.pay(await checkout({ session: { discounts: [{ coupon: coupon.id }] } }), { fate: 'never_made' });
    expect(await payments.sweep({ tiers: ['events', 'money'] })).toMatchObject({ rescued: 0 });
    expect(await payments.sweep({ tiers: ['objects'] })).toMatchObject({ rescued: 1 });
    expect(await ledger.order('order-1')).toMatchObject({ membership: 'active', openReviews: [] });
  });

  test('of many pending orders costs a call for each hundred that completed', async () => {
    const { checkout, sandbox, payments, ledger } = await openShop();
    for (let number = 1; number <= 130; number++) {
      const sessionId = await checkout({ orderId: `order-${number}` });
      if (number <= 105) sandbox.pay(sessionId, { fate: 'lost' });
    }
    sandbox.calls.reset();
    expect(await payments.sweep(objects)).toMatchObject({ lookedAt: 105, calls: 2, found: 105, rescued: 105 });
    expect(sandbox.calls.count(listRoute)).toBe(2);
    expect(sandbox.calls.count('GET /v1/checkout/sessions/:session')).toBe(0);
    await ledger.settle();
    expect((await ledger.openOrders()).items).toHaveLength(25);
  });

  test('with no open order appends nothing and calls nobody', async () => {
    const shop = await openShop({ payments: { account: 'acct_1SandboxPaidOnce' } });
    expect(await shop.payments.sweep(objects)).toMatchObject({ lookedAt: 0, calls: 0, found: 0, rescued: 0 });
    expect(shop.sandbox.calls.count()).toBe(0);
    expect(await eventTypes(shop, ['sweep-'])).toEqual([]);
  });

  test('confirms what a webhook had reported, and grants nothing twice', async () => {
    const { checkout, sandbox, payments, ledger } = await openShop();
    await checkout({ orderId: 'order-2' }); // Stays open.
    sandbox.pay(await checkout());
    await sandbox.deliverDue();
    expect(await payments.sweep(objects)).toMatchObject({ found: 1, rescued: 0 });
    const story = await storyOf(ledger);
    expect(story.filter((event) => event === 'MembershipGranted')).toHaveLength(1);
    expect(story).toContain('poll paid');
    await payments.sweep(objects);
    expect(await storyOf(ledger)).toEqual(story);
  });

  test('sees how far a debit is, and finds it paid days later', async () => {
    const { checkout, sandbox, payments, ledger, stripe } = await openShop();
    const sessionId = await checkout();
    sandbox.pay(sessionId, { card: 'processing', fate: 'lost' });
    await payments.sweep(objects);
    expect(await ledger.order('order-1')).toMatchObject({ payment: 'processing', membership: 'none' });
    const { payment_intent } = await stripe.checkout.sessions.retrieve(sessionId);
    sandbox.settle(String(payment_intent), 'succeeded');
    expect(await payments.sweep(objects)).toMatchObject({ rescued: 1 });
  });

  test('still finds a payment of a session that has ended meanwhile', async () => {
    let aheadMs = 0;
    const runtime = { now: () => new Date(Date.now() + aheadMs) };
    const { checkout, sandbox, payments } = await openShop({ ledger: { runtime } });
    sandbox.pay(await checkout(), { fate: 'lost' });
    aheadMs = 40 * hourMs; // Nobody polled since, and a session lives 24 h.
    expect(await payments.sweep(objects)).toMatchObject({ rescued: 1 });
  });

  test('passes by what is not ours', async () => {
    const { checkout, sandbox, stripe, payments, ledger } = await openShop();
    await checkout();
    const notOurs = await stripe.checkout.sessions.create({
      mode: 'payment',
      line_items: [{ quantity: 1, price_data: { currency: 'eur', unit_amount: 1_000, product_data: { name: 'Strange' } } }],
      success_url: 'https://shop.example/',
      client_reference_id: 'order-1',
    });
    sandbox.pay(notOurs.id, { fate: 'lost' });
    expect(await payments.sweep(objects)).toMatchObject({ lookedAt: 1, calls: 1, found: 0, rescued: 0 });
    expect(await ledger.order('order-1')).toMatchObject({ membership: 'none', payment: 'none' });
  });
});

describe('a payment that is under way', () => {
  test('is looked at by its intent, so that old ones do not make the list long', async () => {
    const { checkout, sandbox, payments, ledger } = await openShop();
    sandbox.pay(await checkout(), { card: 'processing', fate: 'never_made' });
    await payments.sweep(objects);
    sandbox.calls.reset();
    expect(await payments.sweep(objects)).toMatchObject({ lookedAt: 1, calls: 1, found: 1, rescued: 0 });
    expect(sandbox.calls.byRoute()).toEqual({ [listRoute]: 1 });
    expect(await ledger.order('order-1')).toMatchObject({ payment: 'processing' });
  });

  test('is not looked at again where its session came in the list of the round', async () => {
    const { checkout, sandbox, payments } = await openShop();
    await checkout({ orderId: 'order-2' }); // Stays open, so that the sessions are listed.
    for (const orderId of ['order-3', 'order-4']) sandbox.pay(await checkout({ orderId }), { card: 'voucher', fate: 'never_made' });
    await payments.sweep(objects);
    sandbox.calls.reset();
    expect(await payments.sweep(objects)).toMatchObject({ lookedAt: 2, calls: 1 });
    expect(sandbox.calls.byRoute()).toEqual({ [listRoute]: 1 });
  });

  test('is looked at in a round of its own, so that many of one age are spread over all', async () => {
    let aheadMs = 0;
    const runtime = { now: () => new Date(Date.now() + aheadMs) };
    const { checkout, sandbox, payments } = await openShop({ ledger: { runtime } });
    for (let order = 1; order <= 30; order++)
      sandbox.pay(await checkout({ orderId: `order-${order}` }), { card: 'voucher', fate: 'never_made' });
    await payments.sweep(objects);
    aheadMs = 3 * 24 * hourMs;
    const looks: number[] = [];
    for (let round = 1; round <= 6; round++) looks.push((await payments.sweep(objects)).lookedAt);
    expect(looks.reduce((sum, count) => sum + count)).toBe(30);
    expect(Math.max(...looks)).toBeLessThan(20);
  });

  test('that Stripe knows no longer keeps no round from its end', async () => {
    const { checkout, payments, ledger, sandbox } = await openShop();
    await checkout();
    const payment = { provider: 'stripe', account: sandbox.account, livemode: false, id: 'pi_gone' };
    const evidence = { objectId: 'pi_gone' };
    const fact = { kind: 'attempt', status: 'processing' } as const;
    await ledger.observePayment({ source: 'webhook', payment, orderId: 'order-1', fact, asOf: '2026-11-01T00:00:00Z', evidence });
    for (let round = 1; round <= 24; round++) await payments.sweep(objects);
    expect(await ledger.forAdapters.sweepProgress(`objects-${sandbox.account}-test`)).toMatchObject({ round: 24, finished: true });
  });

  test('that fails is reported as failed, not as declined', async () => {
    const { checkout, sandbox, payments, ledger, stripe } = await openShop();
    const sessionId = await checkout();
    sandbox.pay(sessionId, { card: 'processing_fails', fate: 'never_made' });
    await payments.sweep(objects);
    sandbox.settle(String((await stripe.checkout.sessions.retrieve(sessionId)).payment_intent));
    await payments.sweep(objects);
    expect(await ledger.order('order-1')).toMatchObject({ payment: 'failed' });
    await ledger.settle();
    expect((await ledger.forAdapters.unsettledOrders()).items).toEqual([]);
  });

  test.each([
    [0, 1],
    [23, 1],
    [24, 6],
    [7 * 24 - 1, 6],
    [7 * 24, 24],
  ])('after %i hours: each %i. round', (hours, every) => expect(roundsBetweenReads(hours * hourMs)).toBe(every));

  test('for long is passed over in most rounds', async () => {
    let aheadMs = 0;
    const runtime = { now: () => new Date(Date.now() + aheadMs) };
    const { checkout, sandbox, payments } = await openShop({ ledger: { runtime } });
    sandbox.pay(await checkout(), { card: 'processing', fate: 'never_made' });
    await payments.sweep(objects);
    aheadMs = 10 * 24 * hourMs;
    const readRounds: number[] = [];
    for (let round = 2; round <= 25; round++) readRounds.push((await payments.sweep(objects)).lookedAt);
    expect(readRounds.filter((count) => count > 0)).toEqual([1]);
  });
});

test('a recovery link keeps an order in view after its session expired', async () => {
  const { checkout, sandbox, payments, ledger } = await openShop();
  const sessionId = await checkout({ session: { after_expiration: { recovery: { enabled: true } } } });
  sandbox.expire(sessionId);
  await sandbox.deliverDue();
  expect(await ledger.order('order-1')).toMatchObject({ payment: 'expired' });
  const recovered = sandbox.recover(sessionId);
  sandbox.pay(recovered.id, { fate: 'never_made' });
  expect(await payments.sweep(objects)).toMatchObject({ rescued: 1 });
  expect(await ledger.orderOf(recovered.id)).toMatchObject({ orderId: 'order-1', membership: 'active', openReviews: [] });
});

test('an expired session without a recovery link is looked for no longer', async () => {
  const { checkout, sandbox, payments } = await openShop();
  sandbox.expire(await checkout());
  await sandbox.deliverDue();
  sandbox.calls.reset();
  expect(await payments.sweep(objects)).toMatchObject({ lookedAt: 0, calls: 0 });
  expect(sandbox.calls.count()).toBe(0);
});
