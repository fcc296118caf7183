// The quick tier against the sandbox: one list tells of sessions, refunds and disputes, where events were made and lost.
import { describe, expect, test } from 'vitest';
import { hourMs, openShop, storyOf } from '../shop.test-support.ts';
import { unreadable } from '../signed-events.test-support.ts';
import { eventTypes } from '../stripe/event-types.ts';
import { eventTypes as inLog } from './log.test-support.ts';
import type { SweepOptions } from './poll.ts';

const events: SweepOptions = { tiers: ['events'] };
const listRoute = 'GET /v1/events';
/** Clocks stand at this time until the test moves them: a minute decides. */
const startMs = Date.now();

test('Stripe lists at most twenty types', () => expect(new Set(eventTypes).size).toBeLessThanOrEqual(20));

describe('one call', () => {
  test('finds a lost payment, and another one its refund', async () => {
    const { checkout, sandbox, payments, ledger } = await openShop();
    const sessionId = await checkout();
    sandbox.pay(sessionId, { fate: 'lost' });
    sandbox.calls.reset();
    expect(await payments.sweep(events)).toMatchObject({ calls: 1, rescued: 1 });
    expect(sandbox.calls.byRoute()).toEqual({ [listRoute]: 1 });
    expect(await ledger.order('order-1')).toMatchObject({ membership: 'active', grantedBy: 'poll', openReviews: [] });
    sandbox.refund(sessionId, { fate: 'lost' });
    await payments.sweep(events);
    expect(await ledger.order('order-1')).toMatchObject({ membership: 'revoked', payment: 'refunded' });
  });

  test('finds what the endpoint was never subscribed to', async () => {
    const shop = await openShop();
    const [endpoint] = (await shop.stripe.webhookEndpoints.list()).data;
    await shop.stripe.webhookEndpoints.update(endpoint!.id, { enabled_events: ['checkout.session.completed'] });
    const sessionId = await shop.checkout();
    shop.sandbox.pay(sessionId);
    shop.sandbox.refund(sessionId);
    await shop.sandbox.deliverDue();
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'active' });
    await shop.payments.sweep({ tiers: ['events'] });
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'revoked' });
  });

  test('finds a dispute, and how it stands now', async () => {
    const { checkout, sandbox, payments, ledger } = await openShop();
    const sessionId = await checkout();
    sandbox.pay(sessionId, { fate: 'lost' });
    const { id } = sandbox.dispute(sessionId, { fate: 'lost' });
    await payments.sweep(events);
    expect(await ledger.order('order-1')).toMatchObject({ membership: 'suspended' });
    sandbox.updateDispute(id, 'won', 'lost');
    await payments.sweep(events);
    expect(await ledger.order('order-1')).toMatchObject({ membership: 'active' });
  });

  test('does not find what was never an event', async () => {
    const { checkout, sandbox, payments } = await openShop();
    sandbox.pay(await checkout(), { fate: 'never_made' });
    expect(await payments.sweep(events)).toMatchObject({ lookedAt: 0, rescued: 0 });
  });

  test('of the same events says nothing new', async () => {
    const { checkout, sandbox, payments, ledger } = await openShop();
    sandbox.pay(await checkout());
    await sandbox.deliverDue();
    await payments.sweep(events);
    const story = await storyOf(ledger);
    await payments.sweep(events);
    expect(await storyOf(ledger)).toEqual(story);
  });
});

describe('the cursor', () => {
  test('moves on with each round, ten minutes behind it', async () => {
    let aheadMs = 0;
    const runtime = { now: () => new Date(startMs + aheadMs) };
    const { checkout, sandbox, payments } = await openShop({ ledger: { runtime }, sandbox: { runtime } });
    sandbox.pay(await checkout(), { fate: 'lost' });
    const first = await payments.sweep(events);
    expect(first.lookedAt).toBeGreaterThan(0);
    aheadMs = 9 * 60_000;
    expect((await payments.sweep(events)).lookedAt).toBe(first.lookedAt);
    aheadMs = 11 * 60_000; // The round before ended at nine.
    expect((await payments.sweep(events)).lookedAt).toBe(first.lookedAt);
    aheadMs = 12 * 60_000;
    expect((await payments.sweep(events)).lookedAt).toBe(0);
  });

  test('is as old as it is: what was lost while nobody polled is found, though nobody awaits it any more', async () => {
    let aheadMs = 0;
    const runtime = { now: () => new Date(startMs + aheadMs) };
    const { checkout, sandbox, payments } = await openShop({ ledger: { runtime }, sandbox: { runtime } });
    const sessionId = await checkout();
    await payments.sweep(events);
    aheadMs = 5 * hourMs;
    sandbox.pay(sessionId, { fate: 'lost' });
    aheadMs = 9 * 24 * hourMs;
    expect(await payments.sweep(events)).toMatchObject({ rescued: 1 });
  });
});

describe('a clock of ours that is half an hour ahead of Stripe’s', () => {
  test('does not lead the cursor past events that are still to come', async () => {
    let passedMs = 0;
    const clock = (aheadMs: number) => ({ now: () => new Date(startMs + passedMs + aheadMs) });
    const { checkout, sandbox, payments } = await openShop({ ledger: { runtime: clock(hourMs / 2) }, sandbox: { runtime: clock(0) } });
    const sessionId = await checkout();
    await payments.sweep(events);
    passedMs = 60_000;
    sandbox.pay(sessionId, { fate: 'lost' });
    passedMs = 5 * 60_000;
    expect(await payments.sweep(events)).toMatchObject({ rescued: 1 });
  });
});

describe('whose an event is', () => {
  test('another app’s costs one read in a shared account, and is not asked for again within the overlap', async () => {
    const { checkout, sandbox, stripe, payments } = await openShop();
    await checkout();
    const notOurs = await stripe.checkout.sessions.create({
      mode: 'payment',
      line_items: [{ quantity: 1, price_data: { currency: 'eur', unit_amount: 1_000, product_data: { name: 'Strange' } } }],
      success_url: 'https://shop.example/',
    });
    sandbox.pay(notOurs.id, { fate: 'lost' });
    sandbox.refund(notOurs.id, { fate: 'lost' });
    sandbox.calls.reset();
    expect(await payments.sweep(events)).toMatchObject({ found: 0 });
    await payments.sweep(events);
    expect(sandbox.calls.count('GET /v1/payment_intents/:intent')).toBe(1);
  });
});

describe('what our key may not read', () => {
  test('is kept by id, and the round finishes; what tells whose a refund is would be asked for ever', async () => {
    const shop = await openShop();
    await shop.checkout();
    const { stripe, sandbox, payments } = shop;
    const notOurs = await stripe.checkout.sessions.create({
      mode: 'payment',
      line_items: [{ quantity: 1, price_data: { currency: 'eur', unit_amount: 1_000, product_data: { name: 'Strange' } } }],
      success_url: 'https://shop.example/',
    });
    sandbox.pay(notOurs.id, { fate: 'lost' });
    const { id } = sandbox.refund(notOurs.id, { fate: 'lost' });
    sandbox.injectFault({ kind: 'status', status: 403, times: 99, path: '/v1/payment_intents/:intent' });
    await payments.sweep(events);
    expect(await inLog(shop, ['sweep-'])).toEqual(['SweepStarted', 'SweepFinished']);
    expect(await unreadable(shop)).toEqual(expect.arrayContaining([expect.objectContaining({ objectId: id, path: 'permission' })]));
  });
});

describe('what cannot be read', () => {
  test('an event of another API version leads to its object', async () => {
    const { checkout, sandbox, payments, ledger } = await openShop({ sandbox: { apiVersion: '2025-03-31.basil' } });
    sandbox.pay(await checkout(), { fate: 'lost' });
    expect(await payments.sweep(events)).toMatchObject({ rescued: 1 });
    expect(sandbox.calls.count('GET /v1/checkout/sessions/:session')).toBeGreaterThan(0);
    expect(await ledger.order('order-1')).toMatchObject({ membership: 'active', openReviews: [] });
  });

  test('an object of ours is kept by id, and the round finishes', async () => {
    const shop = await openShop();
    const sessionId = await shop.checkout();
    await shop.stripe.checkout.sessions.update(sessionId, { metadata: { paidonce_order: 'not / an id' } });
    shop.sandbox.pay(sessionId, { fate: 'lost' });
    await shop.payments.sweep(events);
    await shop.payments.sweep(events);
    expect(await inLog(shop, ['unreadable-'])).toEqual(['ObjectNotUnderstood']);
    expect(await inLog(shop, ['sweep-'])).toEqual(['SweepStarted', 'SweepFinished', 'SweepStarted', 'SweepFinished']);
  });
});
