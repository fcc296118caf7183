// A recheck in somebody's name, and bulk runs of rechecks, against the sandbox's Stripe over sockets.
import { readOrderEvent } from '@paidonce/ledger';
import { describe, expect, test } from 'vitest';
import { openShop, plan, refusal, type Shop, storyOf } from '../shop.test-support.ts';

const by = { actor: 'support-7', reason: 'The customer called, ticket 12' };

async function rechecks({ ledger }: Shop, orderId = 'order-1'): Promise<readonly object[]> {
  return (await ledger.history(orderId))
    .map((stored) => readOrderEvent(stored))
    .flatMap(({ type, data }) => (type === 'StripeRechecked' ? [data] : []));
}

describe('a recheck by a named person', () => {
  test('that finds the payment: it is granted by what Stripe says, and the log has who asked and what came of it', async () => {
    const shop = await openShop();
    shop.sandbox.pay(await shop.checkout(), { fate: 'never_made' });
    const { objects, order } = await shop.payments.recheck('order-1', { by });
    expect([objects.map(({ outcome }) => outcome), order?.membership]).toEqual([['granted'], 'active']);
    expect(await rechecks(shop)).toEqual([{ by, recheckedAt: expect.any(String), looked: 1, recorded: 1 }]);
    expect(order?.revision).toBe((await shop.ledger.order('order-1'))?.revision);
  });
  test('that finds nothing new is in the log all the same; a second press within ten seconds is not', async () => {
    const shop = await openShop();
    shop.sandbox.pay(await shop.checkout(), { fate: 'never_made' });
    for (const _ of ['the session', 'its payment, by itself']) await shop.payments.recheck('order-1');
    expect(await rechecks(shop)).toEqual([]);
    await shop.payments.recheck('order-1', { by });
    await shop.payments.recheck('order-1', { by });
    expect(await rechecks(shop)).toMatchObject([{ recorded: 0 }]);
    await shop.payments.recheck('order-1', { by: { ...by, actor: 'support-8' } });
    expect(await rechecks(shop)).toHaveLength(2);
  });
  test('of an object is in the stream of its order', async () => {
    const shop = await openShop();
    const sessionId = await shop.checkout();
    shop.sandbox.pay(sessionId, { fate: 'never_made' });
    await shop.payments.recheck(sessionId, { by });
    expect(await rechecks(shop)).toMatchObject([{ looked: 1, recorded: 1 }]);
  });
  test('that says nothing of a person whom the log could not keep, before Stripe is asked', async () => {
    const shop = await openShop();
    shop.sandbox.pay(await shop.checkout(), { fate: 'never_made' });
    expect((await refusal(shop.payments.recheck('order-1', { by: { actor: 'a b', reason: '' } }))).code).toBe('invalid_input');
    expect(await storyOf(shop.ledger)).not.toContain('poll paid');
  });
});

describe('a bulk run of rechecks', () => {
  test('asks Stripe about each order, in the name of who started it', async () => {
    const shop = await openShop();
    for (const orderId of ['order-1', 'order-2']) shop.sandbox.pay(await shop.checkout({ ...plan, orderId }), { fate: 'never_made' });
    const { runId } = await shop.ledger.runs.start('recheck', { orders: ['order-1', 'order-2', 'order-3'] }, by);
    await expect.poll(async () => (await shop.ledger.runs.run(runId))?.state).toBe('finished');
    expect(await shop.ledger.runs.run(runId)).toMatchObject({
      done: 2,
      failed: 1,
      failures: [{ orderId: 'order-3', error: 'order_unknown' }],
    });
    for (const orderId of ['order-1', 'order-2']) {
      expect(await shop.ledger.order(orderId)).toMatchObject({ membership: 'active' });
      expect(await rechecks(shop, orderId)).toMatchObject([{ by, recorded: 1 }]);
    }
  });
  test('is none of a process whose adapter is closed', async () => {
    const shop = await openShop();
    await shop.checkout();
    await shop.payments[Symbol.asyncDispose]();
    const { runId } = await shop.ledger.runs.start('recheck', { orders: ['order-1'] }, by);
    await shop.ledger.settle();
    expect(await shop.ledger.runs.run(runId)).toMatchObject({ state: 'running', done: 0 });
  });
});

describe('a payment that a person links', () => {
  test('of which nothing was reported, as it bears no mark of ours: the recheck of the order takes it in', async () => {
    const shop = await openShop();
    await shop.checkout();
    const { id } = await shop.stripe.paymentIntents.create({
      amount: 1_000,
      currency: 'eur',
      payment_method: 'pm_card_visa',
      confirm: true,
    });
    expect((await shop.payments.recheck(id)).objects).toMatchObject([{ outcome: 'not_ours' }]);
    const order = await shop.ledger.order('order-1');
    const payment = { provider: 'stripe', account: order?.account ?? '', livemode: false, id };
    expect(await shop.ledger.linkPayment(payment, 'order-1', by, { seenRevision: order?.revision ?? -1 })).toEqual({ outcome: 'linked' });
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'none' });
    const rechecked = await shop.payments.recheck('order-1', { by });
    expect(rechecked.order).toMatchObject({ membership: 'active', payment: 'paid' });
  });
});
