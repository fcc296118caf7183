// What the success page is told, and what it costs: against the sandbox.
import { LedgerError } from '@paidonce/ledger';
import { describe, expect, test } from 'vitest';
import { manualPayment } from '../index.ts';
import { openShop, storyOf } from '../shop.test-support.ts';
import { ReadAllowance } from '../stripe/read-allowance.ts';
import { StatusQuery } from './status-query.ts';

const retrieveRoute = 'GET /v1/checkout/sessions/:session';

describe('the status of a session', () => {
  test('that nobody knows is unknown, and Stripe is not asked', async () => {
    const { payments, sandbox } = await openShop();
    for (const id of ['cs_test_unknown', 'pi_1', 'order-1', '../etc', '', 'cs_a b', `cs_${'a'.repeat(200)}`]) {
      expect(await payments.status(id)).toBeUndefined();
    }
    expect(sandbox.calls.count()).toBe(0);
  });

  test('is pending while it is open', async () => {
    const { payments, checkout } = await openShop();
    expect(await payments.status(await checkout())).toEqual({ state: 'pending', stale: false, nextPollAfterMs: 2_000 });
  });

  test('of an order that is active already is not asked of Stripe', async () => {
    const { payments, checkout, sandbox, ledger } = await openShop();
    const sessionId = await checkout();
    const order = await ledger.order('order-1');
    const by = { actor: 'support-7', reason: 'Bank transfer' };
    await ledger.observePayment(manualPayment(order!, { paymentId: 'manual:1', paidAt: '2027-01-15T08:00:00Z', by }));
    sandbox.calls.reset();
    expect(await payments.status(sessionId)).toEqual({ state: 'active', stale: false });
    expect(sandbox.calls.count()).toBe(0);
  });

  test('whose webhook was lost is found by the look itself, and granted', async () => {
    const { payments, checkout, sandbox, ledger } = await openShop();
    const sessionId = await checkout();
    sandbox.pay(sessionId, { fate: 'lost' });
    expect(await payments.status(sessionId)).toEqual({ state: 'active', stale: false });
    expect(await storyOf(ledger)).toEqual(['OrderPlaced', 'CheckoutAttached', 'status_query paid', 'MembershipGranted']);
  });

  test('is granting until the shop has been told, where this process tells it', async () => {
    const delivered = Promise.withResolvers<void>();
    const { payments, checkout, sandbox, ledger } = await openShop({ ledger: { deliver: () => delivered.promise } });
    const sessionId = await checkout();
    sandbox.pay(sessionId);
    await sandbox.deliverDue();
    expect(await payments.status(sessionId)).toEqual({ state: 'granting', stale: false, nextPollAfterMs: 500 });
    delivered.resolve();
    await ledger.settle();
    expect(await payments.status(sessionId)).toEqual({ state: 'active', stale: false });
  });

  // biome-ignore format: a table
  test.each([
    ['processing', 'processing', 10_000],
    ['voucher', 'awaiting_customer', 30_000],
    ['declined', 'pending', 2_000],
  ] as const)('paid by %s is %s', async (card, state, nextPollAfterMs) => {
    const { payments, checkout, sandbox } = await openShop();
    const sessionId = await checkout();
    sandbox.pay(sessionId, { card, fate: 'lost' });
    expect(await payments.status(sessionId)).toEqual({ state, stale: false, nextPollAfterMs });
  });

  test('that failed, expired or was refunded says so, and is not asked for again', async () => {
    const { payments, checkout, sandbox, stripe } = await openShop();
    const failed = await checkout({ orderId: 'order-failed' });
    sandbox.pay(failed, { card: 'processing_fails' });
    sandbox.settle(String((await stripe.checkout.sessions.retrieve(failed)).payment_intent));
    const expired = await checkout({ orderId: 'order-expired' });
    sandbox.expire(expired);
    const refunded = await checkout({ orderId: 'order-refunded' });
    sandbox.pay(refunded);
    sandbox.refund(refunded);
    await sandbox.deliverDue();
    sandbox.calls.reset();
    expect(await payments.status(failed)).toEqual({ state: 'failed', stale: false });
    expect(await payments.status(expired)).toEqual({ state: 'expired', stale: false });
    expect(await payments.status(refunded)).toEqual({ state: 'revoked', stale: false });
    expect(sandbox.calls.count()).toBe(0);
  });

  test('that is disputed says suspended, and active again once the dispute is won', async () => {
    const { payments, checkout, sandbox } = await openShop();
    const sessionId = await checkout();
    sandbox.pay(sessionId);
    const { id } = sandbox.dispute(sessionId);
    await sandbox.deliverDue();
    expect(await payments.status(sessionId)).toEqual({ state: 'suspended', stale: false });
    sandbox.updateDispute(id, 'won');
    await sandbox.deliverDue();
    expect(await payments.status(sessionId)).toMatchObject({ state: 'active' });
  });

  test('that was paid with too little is under review', async () => {
    const { payments, checkout, sandbox, stripe } = await openShop();
    const sessionId = await checkout({ session: { payment_intent_data: { capture_method: 'manual' } } });
    sandbox.pay(sessionId, { fate: 'lost' });
    await stripe.paymentIntents.capture(String((await stripe.checkout.sessions.retrieve(sessionId)).payment_intent), {
      amount_to_capture: 1,
    });
    expect(await payments.status(sessionId)).toEqual({ state: 'review', stale: false });
  });

  test('is its own where the order has an older session', async () => {
    const { payments, checkout, sandbox } = await openShop();
    const first = await checkout();
    sandbox.expire(first);
    const second = await checkout();
    await sandbox.deliverDue();
    expect(await payments.status(first)).toMatchObject({ state: 'expired' });
    expect(await payments.status(second)).toMatchObject({ state: 'pending' });
  });

  test('of an order that was refunded and is being paid again is pending', async () => {
    const { payments, checkout, sandbox } = await openShop();
    const first = await checkout();
    sandbox.pay(first);
    sandbox.refund(first);
    await sandbox.deliverDue();
    const second = await checkout();
    expect(await payments.status(second)).toMatchObject({ state: 'pending' });
    expect(await payments.status(first)).toMatchObject({ state: 'revoked' });
  });
});

describe('where Stripe does not answer', () => {
  test.each([
    ['a failure', { kind: 'status', status: 500 }],
    ['a refusal', { kind: 'status', status: 400 }],
    ['a limit', { kind: 'status', status: 429, retryAfterSeconds: 30 }],
    ['a lost answer', { kind: 'answer_lost', times: 2 }], // The SDK asks again once where a connection breaks.
  ] as const)('%s: what was known is told, marked stale, and nobody is granted', async (_, fault) => {
    const { payments, checkout, sandbox, ledger } = await openShop();
    const sessionId = await checkout();
    sandbox.pay(sessionId, { fate: 'lost' });
    sandbox.injectFault({ ...fault, path: '/v1/checkout/sessions/:session' });
    expect(await payments.status(sessionId)).toEqual({ state: 'pending', stale: true, nextPollAfterMs: 5_000 });
    expect(await ledger.order('order-1')).toMatchObject({ membership: 'none' });
  });
});

describe('asked often', () => {
  test('a thousand at once cause one call', async () => {
    const { payments, checkout, sandbox } = await openShop();
    const sessionId = await checkout();
    sandbox.calls.reset();
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => payments.status(sessionId)));
    expect(sandbox.calls.byRoute()).toEqual({ [retrieveRoute]: 1 });
    expect(new Set(answers.map((answer) => answer?.state))).toEqual(new Set(['pending']));
  });

  test('one after the other, Stripe is asked again only after a second', async () => {
    let aheadMs = 0;
    const { payments, checkout, sandbox } = await openShop({ payments: { runtime: { monotonicNowMs: () => aheadMs } } });
    const sessionId = await checkout();
    sandbox.calls.reset();
    await payments.status(sessionId);
    aheadMs = 999;
    await payments.status(sessionId);
    expect(sandbox.calls.count(retrieveRoute)).toBe(1);
    aheadMs = 1_000;
    await payments.status(sessionId);
    expect(sandbox.calls.count(retrieveRoute)).toBe(2);
  });

  test('a page that is left open all day costs about what the poll costs', async () => {
    let aheadMs = 0;
    const { payments, checkout, sandbox } = await openShop({ payments: { runtime: { monotonicNowMs: () => aheadMs } } });
    const sessionId = await checkout();
    sandbox.calls.reset();
    for (; aheadMs < 60_000; aheadMs += 2_000) await payments.status(sessionId);
    expect(sandbox.calls.count(retrieveRoute)).toBeGreaterThan(15); // The customer is looking at it, and has just paid.
    for (; aheadMs < 24 * 3_600_000; aheadMs += 10_000) await payments.status(sessionId);
    expect(sandbox.calls.count(retrieveRoute)).toBeLessThan(400);
    aheadMs += 3_600_000; // The customer comes back.
    sandbox.calls.reset();
    for (let asked = 0; asked < 5; asked++, aheadMs += 2_000) await payments.status(sessionId);
    expect(sandbox.calls.count(retrieveRoute)).toBe(5);
  });

  test('what a webhook tells within that second is reported at once', async () => {
    const { payments, checkout, sandbox } = await openShop({ payments: { runtime: { monotonicNowMs: () => 0 } } });
    const sessionId = await checkout();
    await payments.status(sessionId);
    sandbox.pay(sessionId);
    await sandbox.deliverDue();
    expect(await payments.status(sessionId)).toEqual({ state: 'active', stale: false });
  });
});

test('a failure of the store answers for a second, not for as long as a page that is long open waits', async () => {
  const { ledger, checkout } = await openShop();
  const sessionId = await checkout();
  let nowMs = 0;
  let looks = 0;
  let fails = false;
  const query = new StatusQuery({
    ledger,
    runtime: { ...ledger.runtime, monotonicNowMs: () => nowMs },
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    allowance: { ofMode: () => 1e9 } as Partial<ReadAllowance> as ReadAllowance,
    refreshCheckout: async () => {
      looks += 1;
      if (fails) throw new LedgerError('store_unavailable', 'the store was away');
      return { state: 'closed' };
    },
  });
  for (; nowMs < 600_000; nowMs += 2_000) await query.ask(sessionId);
  nowMs = 700_000;
  [looks, fails] = [0, true];
  await expect(query.ask(sessionId)).rejects.toThrow('the store was away');
  fails = false;
  nowMs += 999;
  await expect(query.ask(sessionId)).rejects.toThrow('the store was away');
  nowMs += 1;
  expect(await query.ask(sessionId)).toMatchObject({ state: 'pending', stale: false });
  nowMs += 60_000;
  await query.ask(sessionId);
  expect(looks).toBe(2); // The page is still known to be open for long.
});

describe('the deadline', () => {
  test('passes: what was known is reported as stale, and the late answer of Stripe still counts', async () => {
    const deadline = Promise.withResolvers<void>();
    const sleep = (ms: number) => (ms === 3_000 ? deadline.promise : Promise.resolve());
    const { payments, checkout, sandbox, ledger } = await openShop({ payments: { runtime: { sleep, patience: 1 } } });
    const sessionId = await checkout();
    sandbox.pay(sessionId, { fate: 'lost' });
    sandbox.injectFault({ kind: 'slow', delayMs: 300, path: '/v1/checkout/sessions/:session' });
    const asked = payments.status(sessionId);
    deadline.resolve();
    expect(await asked).toEqual({ state: 'pending', stale: true, nextPollAfterMs: 5_000 });
    await expect.poll(async () => (await ledger.order('order-1'))?.membership).toBe('active');
    expect(await payments.status(sessionId)).toEqual({ state: 'active', stale: false });
  });
});

test('several sessions of one order are one question a second', async () => {
  const { payments, checkout, sandbox, ledger } = await openShop({ payments: { runtime: { monotonicNowMs: () => 0 } } });
  const sessionId = await checkout();
  await ledger.attachCheckout('order-1', { provider: 'stripe', account: sandbox.account, livemode: false, id: 'cs_test_second' });
  sandbox.calls.reset();
  await Promise.all([payments.status(sessionId), payments.status('cs_test_second'), payments.status(sessionId)]);
  expect(sandbox.calls.byRoute()).toEqual({ [retrieveRoute]: 1 });
});

describe('the looks of all orders', () => {
  const month = 30 * 24 * 3_600_000;

  test('come out of one bucket; beyond it the ledger answers, stale, and goes on to hear webhooks', async () => {
    let aheadMs = 0;
    const { payments, checkout, sandbox } = await openShop({
      payments: { poll: { readsPer30Days: 24, intervalMs: 1e9 }, runtime: { monotonicNowMs: () => aheadMs } },
    });
    const sessions: string[] = [];
    for (let order = 1; order <= 5; order++) sessions.push(await checkout({ orderId: `order-${order}` }));
    sandbox.calls.reset();
    const stale: (boolean | undefined)[] = [];
    for (const session of sessions) stale.push((await payments.status(session))?.stale);
    expect(stale).toEqual([false, false, false, true, true]); // An eighth of the reads at once.
    expect(sandbox.calls.count(retrieveRoute)).toBe(3);
    sandbox.pay(sessions[4]!);
    await sandbox.deliverDue();
    expect(await payments.status(sessions[4]!)).toEqual({ state: 'active', stale: false });
    aheadMs += month / 3; // One look has flowed in.
    expect([(await payments.status(sessions[3]!))?.stale, (await payments.status(sessions[2]!))?.stale]).toEqual([false, true]);
    expect(sandbox.calls.count(retrieveRoute)).toBe(4);
  });

  test('of orders that nobody pays leave the poll what is its own', async () => {
    const { payments, checkout, sandbox, ledger } = await openShop({
      payments: { account: 'acct_1SandboxPaidOnce', poll: { readsPer30Days: 400, intervalMs: 1e9 } },
    });
    const session = await checkout();
    for (let order = 2; order <= 60; order++) await payments.status(await checkout({ orderId: `order-${order}` }));
    sandbox.pay(session, { fate: 'lost' });
    const { budgetLeft } = await payments.sweep({ tiers: ['events'] });
    expect(budgetLeft).toBe(400 - 50 - 1);
    const { spent } = await ledger.forAdapters.sweepProgress(`events-${sandbox.account}-test`);
    expect(spent).toEqual([expect.objectContaining({ reads: 51, others: 50 })]);
  });

  test('grow with the payments of the shop', async () => {
    let aheadMs = 0;
    const runtime = { monotonicNowMs: () => aheadMs };
    const { ledger, checkout, sandbox, payments } = await openShop({ payments: { runtime } });
    const allowance = new ReadAllowance(ledger, { ...ledger.runtime, ...runtime }, undefined);
    expect(allowance.ofMode(false)).toBe(5_000);
    for (let order = 1; order <= 21; order++) sandbox.pay(await checkout({ orderId: `order-${order}` }), { fate: 'lost' });
    await payments.sweep({ tiers: ['objects'] });
    await ledger.settle(); // The read models have all of them.
    aheadMs = 10 * 60_000;
    await expect.poll(() => allowance.ofMode(false)).toBe(5_250);
    expect(allowance.ofMode(true)).toBe(5_000);
  });
});
