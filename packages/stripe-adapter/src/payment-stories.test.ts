// What can become of a payment at Stripe, told to a real ledger event by event: the edge cases that shops suffered from.
import { describe, expect, test } from 'vitest';
import { openShop, storyOf } from './shop.test-support.ts';
import { placed, signed } from './signed-events.test-support.ts';
import { dispute, intent, ours, refund, session } from './stripe-objects.test-support.ts';

/** `order-1` with its session `cs_test_1`, and a mouth for Stripe. */
async function openStory(options: Parameters<typeof openShop>[0] = {}) {
  const shop = await openShop(options);
  await placed(shop);
  const observe = async (...objects: readonly object[]) => {
    for (const object of objects) await shop.payments.handleWebhook(...signed(object));
    return shop.ledger.order('order-1');
  };
  return { shop, observe };
}

describe('card testing', () => {
  const declined = (code: string) => intent({ status: 'requires_payment_method', amount_received: 0, last_payment_error: { code } });

  test('a thousand declines on one intent are one line in the stream', async () => {
    const { shop, observe } = await openStory();
    for (let attempt = 0; attempt < 1_000; attempt++) await observe(declined(`declined_${attempt}`));
    expect(await storyOf(shop.ledger)).toEqual(['OrderPlaced', 'CheckoutAttached', 'webhook attempt_failed']);
  });

  test('to and fro between processing and declined it stays bounded, and a good payment still grants', async () => {
    const { shop, observe } = await openStory();
    for (let attempt = 0; attempt < 100; attempt++) await observe(intent({ status: 'processing', amount_received: 0 }), declined('no'));
    expect(await observe(intent())).toMatchObject({ membership: 'active' });
    expect(await storyOf(shop.ledger)).toHaveLength(6);
  });
});

describe('two sessions of one order, both paid', () => {
  const second = { id: 'cs_test_2', payment_intent: 'pi_2' };

  async function paidTwice() {
    const story = await openStory();
    const { ledger, sandbox } = story.shop;
    await ledger.attachCheckout('order-1', { provider: 'stripe', account: sandbox.account, livemode: false, id: 'cs_test_2' });
    await story.observe(session(), session(second));
    return story;
  }

  test('grant once, and the second is for a person to look at', async () => {
    const { shop } = await paidTwice();
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'active', sequence: 1, openReviews: [{ kind: 'overpaid' }] });
  });

  test.each([['pi_1'], ['pi_2']])('one of them refunded, the membership stays (%s)', async (payment_intent) => {
    const { observe } = await paidTwice();
    expect(await observe(refund({ amount: 1_000, payment_intent }))).toMatchObject({ membership: 'active', sequence: 1 });
  });

  test('both refunded, it ends', async () => {
    const { observe } = await paidTwice();
    const both = [refund({ amount: 1_000 }), refund({ id: 're_2', amount: 1_000, payment_intent: 'pi_2' })];
    expect(await observe(...both)).toMatchObject({ membership: 'revoked' });
  });
});

describe('captured by hand', () => {
  const authorized = { status: 'requires_capture', amount_received: 0 };

  test.each([
    [1_000, 'active', []],
    [999, 'none', ['amount']],
    [1_001, 'active', ['overpaid']],
  ])('%i of 1000: %s', async (amount_received, membership, reviews) => {
    const { observe } = await openStory();
    expect(await observe(intent(authorized))).toMatchObject({ membership: 'none', payment: 'authorized' });
    const order = await observe(intent({ amount_received }));
    expect([order?.membership, order?.openReviews.map(({ kind }) => kind)]).toEqual([membership, reviews]);
  });

  test('less, and accepted by a person, it grants', async () => {
    const { shop, observe } = await openStory();
    const order = await observe(intent({ amount_received: 400 }));
    const how = { resolution: 'grant' as const, seenRevision: order!.revision };
    await shop.ledger.resolveReview('order-1', order!.openReviews[0]!.reviewId, how, { actor: 'support-7', reason: 'Agreed price' });
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'active' });
  });

  test('never: the authorization that runs out moves no money', async () => {
    const { observe } = await openStory();
    const ranOut = refund({ amount: 1_000, reason: 'expired_uncaptured_charge' });
    expect(await observe(intent(authorized), ranOut, intent({ status: 'canceled', amount_received: 0 }))).toMatchObject({
      membership: 'none',
      payment: 'canceled',
    });
  });
});

describe('refunds', () => {
  // biome-ignore format: a table
  test.each([
    ['a part', [refund()], 'active', 'partially_refunded'],
    ['all, in two parts', [refund(), refund({ id: 're_2', amount: 600 })], 'revoked', 'refunded'],
    ['all, pending', [refund({ amount: 1_000, status: 'pending' })], 'active', 'paid'],
    ['all, waiting for the customer', [refund({ amount: 1_000, status: 'requires_action' })], 'active', 'paid'],
    ['all, canceled', [refund({ amount: 1_000, status: 'requires_action' }), refund({ amount: 1_000, status: 'canceled' })], 'active', 'paid'],
    ['all, which fails after it had succeeded', [refund({ amount: 1_000 }), refund({ amount: 1_000, status: 'failed' })], 'active', 'paid'],
    ['all, failed, told out of order', [refund({ amount: 1_000, status: 'failed' }), refund({ amount: 1_000 })], 'active', 'paid'],
    ['one that fails, and another that does not', [refund({ amount: 1_000, status: 'failed' }), refund({ id: 're_2', amount: 1_000 })], 'revoked', 'refunded'],
  ])('%s', async (_, refunds, membership, payment) => {
    const { observe } = await openStory();
    expect(await observe(session(), ...refunds)).toMatchObject({ membership, payment });
  });

  test('that come before their payment leave nothing to grant', async () => {
    const { checkout, sandbox, payments, ledger } = await openShop();
    const sessionId = await checkout();
    sandbox.pay(sessionId, { fate: 'never_made' });
    sandbox.refund(sessionId);
    await sandbox.deliverDue();
    await payments.status(sessionId);
    expect(await storyOf(ledger)).toEqual(['OrderPlaced', 'CheckoutAttached', 'webhook succeeded', 'status_query paid']);
    expect(await ledger.order('order-1')).toMatchObject({ membership: 'none', payment: 'refunded' });
  });
});

describe('disputes', () => {
  const [won, lost] = [{ status: 'won', balance_transactions: [{}, {}] }, { status: 'lost' }];
  const second = { id: 'dp_2' };

  // biome-ignore format: a table
  test.each([
    ['an inquiry', [dispute({ status: 'warning_needs_response', balance_transactions: [] })], 'active'],
    ['an inquiry that was closed', [dispute({ status: 'warning_closed', balance_transactions: [] })], 'active'],
    ['open', [dispute()], 'suspended'],
    ['won', [dispute(), dispute(won)], 'active'],
    ['lost', [dispute(), dispute(lost)], 'revoked'],
    ['lost as it was made', [dispute(lost)], 'revoked'],
    ['lost, then won late', [dispute(), dispute(lost), dispute(won)], 'active'],
    ['lost, then appealed', [dispute(lost), dispute({ status: 'appeal_under_review' })], 'revoked'],
    ['prevented, and nothing moved', [dispute({ status: 'prevented', balance_transactions: [] })], 'active'],
    ['prevented, and the money is gone', [dispute({ status: 'prevented' })], 'revoked'],
    ['open, then prevented, and the money is gone', [dispute(), dispute({ status: 'prevented' })], 'revoked'],
    ['a part, lost', [dispute({ ...lost, amount: 50 })], 'active'],
    ['a part, open', [dispute({ amount: 999 })], 'active'],
    ['won, and lost again with as many moves', [dispute(), dispute(won), dispute({ ...won, status: 'lost' })], 'revoked'],
    ['all, in two parts', [dispute({ ...lost, amount: 400 }), dispute({ ...lost, ...second, amount: 600 })], 'revoked'],
    ['two, one won', [dispute(), dispute(second), dispute(won)], 'suspended'],
    ['two, both won', [dispute(), dispute(second), dispute(won), dispute({ ...second, ...won })], 'active'],
    ['two, one won and one lost', [dispute(), dispute(second), dispute(won), dispute({ ...second, ...lost })], 'revoked'],
    ['an old word after it was won', [dispute(won), dispute()], 'active'],
  ])('%s: %3$s', async (_, disputes, membership) => {
    const { observe } = await openStory();
    expect(await observe(session(), ...disputes)).toMatchObject({ membership });
  });

  test.each([
    [{}, 'revoked'],
    [{ returnedDebit: 'suspend' as const }, 'suspended'],
    [{ openDispute: 'keep' as const }, 'revoked'],
  ])('a debit that the bank took back after it had succeeded is no quarrel: by the policy %o %s', async (policy, membership) => {
    const { observe } = await openStory({ ledger: { policy } });
    expect(await observe(session(), dispute({ reason: 'insufficient_funds' }))).toMatchObject({ membership });
  });

  test.each([
    [{ openDispute: 'keep' as const }, dispute(), 'active'],
    [{ lostDispute: 'keep' as const }, dispute({ status: 'lost' }), 'active'],
    [{ fullRefund: 'keep' as const }, refund({ amount: 1_000 }), 'active'],
    [{ partialRefund: 'revoke' as const }, refund(), 'revoked'],
  ])('the policy decides: %o', async (policy, object, membership) => {
    const { observe } = await openStory({ ledger: { policy } });
    expect(await observe(session(), object)).toMatchObject({ membership });
  });
});

describe('what is no payment', () => {
  test.each([
    ['a session in setup mode', session({ mode: 'setup', payment_status: 'no_payment_required', payment_intent: null })],
    ['a session of a subscription', session({ mode: 'subscription', payment_intent: null })],
    ['a session that is open', session({ status: 'open', payment_status: 'unpaid', payment_intent: null })],
    ['an invoice', { id: 'in_1', object: 'invoice', status: 'paid', metadata: ours }],
  ])('%s', async (_, object) => {
    const { observe } = await openStory();
    expect(await observe(object)).toMatchObject({ membership: 'none', payment: 'none', openReviews: [] });
  });
});

describe('a debit that takes days', () => {
  const processing = intent({ status: 'processing', amount_received: 0 });

  test('waits, and is paid', async () => {
    const { observe } = await openStory();
    expect(await observe(processing)).toMatchObject({ membership: 'none', payment: 'processing' });
    expect(await observe(session())).toMatchObject({ membership: 'active' });
  });

  test('paid, and told late that it is processing, stays paid', async () => {
    const { observe } = await openStory();
    expect(await observe(session(), processing)).toMatchObject({ membership: 'active', payment: 'paid' });
  });
});
