// Money going back: refunds by the API and late failures, disputes by the bank, and the rows that prove them.
import type Stripe from 'stripe';
import { describe, expect, test } from 'vitest';
import type { CardName } from './index.ts';
import { createSession, errorOf, type Ground, startGround } from './sandbox.test-support.ts';

async function paid(options: object = {}): Promise<Ground & { sessionId: string; intentId: string }> {
  const ground = await startGround();
  const { id } = await createSession(ground.stripe, options);
  ground.sandbox.pay(id);
  const { payment_intent: intent } = await ground.stripe.checkout.sessions.retrieve(id);
  return { ...ground, sessionId: id, intentId: String(intent) };
}

async function chargeOf(stripe: Stripe, intentId: string): Promise<Stripe.Charge> {
  return (await stripe.paymentIntents.retrieve(intentId, { expand: ['latest_charge'] })).latest_charge as Stripe.Charge;
}

describe('a refund', () => {
  test('of all succeeds at once and marks the charge', async () => {
    const { stripe, sandbox, shop, intentId } = await paid();
    const refund = await stripe.refunds.create({ payment_intent: intentId, metadata: { ticket: '7' } });
    expect(refund).toMatchObject({
      object: 'refund',
      status: 'succeeded',
      amount: 29_000,
      currency: 'twd',
      payment_intent: intentId,
      metadata: { ticket: '7' },
    });
    expect(await chargeOf(stripe, intentId)).toMatchObject({ amount_refunded: 29_000, refunded: true, status: 'succeeded' });
    expect((await stripe.refunds.list({ payment_intent: intentId })).data.map(({ id }) => id)).toEqual([refund.id]);
    expect(await stripe.refunds.retrieve(refund.id)).toMatchObject({ id: refund.id, status: 'succeeded' });
    const [movement] = (await stripe.balanceTransactions.list({ type: 'refund' })).data;
    expect(movement).toMatchObject({ amount: -29_000, source: refund.id, id: refund.balance_transaction });
    await sandbox.deliverDue();
    expect(
      shop
        .types()
        .filter((type) => type.includes('refund'))
        .toSorted(),
    ).toEqual(['charge.refund.updated', 'charge.refunded', 'refund.created', 'refund.updated']);
  });

  test('of parts adds up, and never to more than was paid', async () => {
    const { stripe, intentId } = await paid();
    await stripe.refunds.create({ payment_intent: intentId, amount: 10_000, reason: 'requested_by_customer' });
    expect(await chargeOf(stripe, intentId)).toMatchObject({ amount_refunded: 10_000, refunded: false });
    const tooMuch = await errorOf(stripe.refunds.create({ payment_intent: intentId, amount: 19_001 }));
    expect(tooMuch).toMatchObject({
      statusCode: 400,
      param: 'amount',
      message: 'Refund amount (NT$190.01) is greater than unrefunded amount on charge (NT$190)',
    });
    await stripe.refunds.create({ charge: (await chargeOf(stripe, intentId)).id });
    expect(await chargeOf(stripe, intentId)).toMatchObject({ amount_refunded: 29_000, refunded: true });
    expect(await errorOf(stripe.refunds.create({ payment_intent: intentId }))).toMatchObject({ code: 'charge_already_refunded' });
  });

  test('of an unknown or unpaid payment is refused', async () => {
    const { stripe, sandbox } = await startGround();
    expect(await errorOf(stripe.refunds.create({ payment_intent: 'pi_nobody' }))).toMatchObject({
      code: 'resource_missing',
      param: 'payment_intent',
    });
    const { id } = await createSession(stripe);
    sandbox.pay(id, { card: 'declined' });
    const { payment_intent: intent } = await stripe.checkout.sessions.retrieve(id);
    expect((await errorOf(stripe.refunds.create({ payment_intent: String(intent) }))).message).toContain(
      'does not have a successful charge',
    );
  });

  test('can fail late: the money and the charge come back', async () => {
    const { stripe, sandbox, sessionId, intentId } = await paid();
    const { id } = sandbox.refund(sessionId);
    sandbox.failRefund(id);
    expect(await stripe.refunds.retrieve(id)).toMatchObject({ status: 'failed', failure_reason: 'expired_or_canceled_card' });
    expect(await chargeOf(stripe, intentId)).toMatchObject({ amount_refunded: 0, refunded: false });
    const amounts = (await stripe.balanceTransactions.list({ source: id })).data.map(({ type, amount }) => [type, amount]);
    expect(amounts).toEqual([
      ['refund_failure', 29_000],
      ['refund', -29_000],
    ]);
    expect((await stripe.events.list({ limit: 3 })).data.map(({ type }) => type)).toEqual([
      'refund.failed',
      'charge.refund.updated',
      'refund.updated',
    ]);
    expect(() => sandbox.failRefund(id)).toThrow(
      `Refund ${id} is failed; only one that is pending or requires_action or succeeded can become failed.`,
    );
  });

  test('is pending first, or fails later, as the card behaves', async () => {
    const { stripe, sandbox } = await startGround({ settleAfterMs: 5_000 });
    const refundOf = async (card: CardName): Promise<string> => {
      const { id } = await createSession(stripe);
      sandbox.pay(id, { card });
      return sandbox.refund(id).id;
    };
    const [pending, failing] = [await refundOf('refund_pending'), await refundOf('refund_fails')];
    expect(await stripe.refunds.retrieve(pending)).toMatchObject({ status: 'pending', pending_reason: 'processing' });
    expect((await stripe.refunds.retrieve(failing)).status).toBe('succeeded');
    await sandbox.advance(5_000);
    const ended = await stripe.refunds.retrieve(pending);
    expect(ended.status).toBe('succeeded');
    expect(ended).not.toHaveProperty('pending_reason');
    expect(await stripe.refunds.retrieve(failing)).toMatchObject({ status: 'failed', failure_reason: 'expired_or_canceled_card' });
  });

  test('that needs the customer can be canceled, and only then', async () => {
    const { stripe, sandbox, sessionId, intentId } = await paid();
    const { id } = sandbox.refund(sessionId, { status: 'requires_action' });
    expect(await stripe.refunds.retrieve(id)).toMatchObject({ status: 'requires_action', next_action: { type: 'display_details' } });
    expect(await chargeOf(stripe, intentId)).toMatchObject({ amount_refunded: 29_000, refunded: true });
    expect(await stripe.refunds.cancel(id)).toMatchObject({ status: 'canceled' });
    expect(await chargeOf(stripe, intentId)).toMatchObject({ amount_refunded: 0, refunded: false });
    const again = sandbox.refund(sessionId, { status: 'pending' });
    expect((await errorOf(stripe.refunds.cancel(again.id))).message).toContain('only one that requires action can be canceled');
    expect(sandbox.endRefund(again.id, 'succeeded').status).toBe('succeeded');
    expect((await stripe.refunds.update(again.id, { metadata: { ticket: '8' } })).metadata).toEqual({ ticket: '8' });
  });

  test.each(['without_row', 'with_row'] as const)(
    'is made of what a partial capture releases, %s, and moves nothing',
    async (releasedPart) => {
      const { stripe, sandbox, shop } = await startGround({ releasedPart });
      const { id } = await stripe.paymentIntents.create({ amount: 1_000, currency: 'eur', capture_method: 'manual' });
      await stripe.paymentIntents.confirm(id, { payment_method: 'pm_card_visa', return_url: 'https://shop.example/' });
      await stripe.paymentIntents.capture(id, { amount_to_capture: 600 });
      const [released] = (await stripe.refunds.list({ payment_intent: id, expand: ['data.balance_transaction'] })).data;
      const row = { reporting_category: 'partial_capture_reversal', amount: -400 };
      expect(released).toMatchObject({ status: 'succeeded', amount: 400, balance_transaction: releasedPart === 'with_row' ? row : null });
      const rows = (await stripe.balanceTransactions.list()).data.map(({ type, amount, reporting_category }) => [
        type,
        amount,
        reporting_category,
      ]);
      expect(rows).toEqual([
        ['refund', -400, 'partial_capture_reversal'],
        ['charge', 1_000, 'charge'],
      ]);
      expect(await chargeOf(stripe, id)).toMatchObject({ amount: 1_000, amount_captured: 600, amount_refunded: 400, refunded: false });
      expect((await errorOf(stripe.refunds.create({ payment_intent: id, amount: 601 }))).param).toBe('amount');
      await stripe.refunds.create({ payment_intent: id });
      expect(await chargeOf(stripe, id)).toMatchObject({ amount_refunded: 1_000, refunded: true });
      await sandbox.deliverDue();
      expect(shop.types()).toContain('refund.created');
    },
  );

  test('has a fate of its own', async () => {
    const { stripe, sandbox, shop } = await startGround();
    const { id } = await createSession(stripe);
    sandbox.pay(id, { fate: 'lost' });
    sandbox.refund(id, { amountMinor: 100 });
    sandbox.refund(id, { amountMinor: 200, fate: 'reordered' });
    sandbox.refund(id, { amountMinor: 300, fate: 'lost' });
    await sandbox.deliverDue();
    const reported = shop.received.map(({ event }) => [event.type, (event.data.object as Stripe.Refund).amount] as const);
    expect(
      reported
        .filter(([, amount]) => amount === 100)
        .map(([type]) => type)
        .toSorted(),
    ).toEqual(['charge.refund.updated', 'refund.created', 'refund.updated']);
    expect(reported.filter(([, amount]) => amount === 200).map(([type]) => type)).toEqual([
      'charge.refund.updated',
      'refund.updated',
      'refund.created',
    ]);
    expect(reported.filter(([, amount]) => amount === 300)).toEqual([]);
  });
});

describe('a dispute', () => {
  test('takes the money, and gives it back when it is won', async () => {
    const { stripe, sandbox, sessionId, intentId } = await paid();
    const { id } = sandbox.dispute(sessionId);
    expect(await stripe.disputes.retrieve(id)).toMatchObject({
      status: 'needs_response',
      payment_intent: intentId,
      balance_transactions: [{ amount: -29_000 }],
    });
    expect((await chargeOf(stripe, intentId)).disputed).toBe(true);
    sandbox.updateDispute(id, 'won');
    const won = await stripe.disputes.retrieve(id);
    expect(won.balance_transactions.map(({ amount }) => amount)).toEqual([-29_000, 29_000]);
    expect((await stripe.events.list({ limit: 5 })).data.map(({ type }) => type)).toEqual([
      'charge.dispute.closed',
      'charge.dispute.funds_reinstated',
      'charge.dispute.updated',
      'charge.dispute.funds_withdrawn',
      'charge.dispute.created',
    ]);
  });

  test('as an inquiry moves nothing; it can be lost at once; it can be won after it was lost', async () => {
    const { stripe, sandbox, sessionId, intentId } = await paid();
    const inquiry = sandbox.dispute(intentId, { status: 'warning_needs_response', amountMinor: 500 });
    const lost = sandbox.dispute(sessionId, { status: 'lost', reason: 'insufficient_funds' });
    expect(inquiry.balance_transactions).toEqual([]);
    expect(lost).toMatchObject({ status: 'lost', reason: 'insufficient_funds', balance_transactions: [{ amount: -29_000 }] });
    expect(sandbox.updateDispute(lost.id, 'won').balance_transactions).toHaveLength(2);
    expect((await stripe.disputes.list({ payment_intent: intentId })).data.map(({ id }) => id)).toEqual([lost.id, inquiry.id]);
  });

  test('prevented gives nothing back: a resolution leaves the money with the cardholder, a block moves none', async () => {
    const { stripe, sandbox, sessionId } = await paid();
    const { id } = sandbox.dispute(sessionId);
    expect(() => sandbox.updateDispute(id, 'prevented', 'delivered', 'block')).toThrow('only a resolution can end it as prevented');
    const resolved = sandbox.updateDispute(id, 'prevented');
    expect(resolved).toMatchObject({
      payment_method_details: { card: { case_type: 'resolution' } },
      balance_transactions: [{ amount: -29_000 }],
    });
    const blocked = sandbox.dispute(sessionId, { status: 'prevented' });
    expect(blocked).toMatchObject({ payment_method_details: { card: { case_type: 'block' } }, balance_transactions: [] });
    const atOnce = sandbox.dispute(sessionId, { status: 'prevented', caseType: 'resolution', amountMinor: 100 });
    expect(await stripe.disputes.retrieve(atOnce.id)).toMatchObject({ balance_transactions: [{ amount: -100 }] });
  });

  test('that ends by a resolution fails the shop’s own refund', async () => {
    const { stripe, sandbox, sessionId, intentId } = await paid();
    const { id } = sandbox.refund(sessionId);
    sandbox.dispute(sessionId, { status: 'prevented', caseType: 'resolution' });
    expect(await stripe.refunds.retrieve(id)).toMatchObject({ status: 'failed', failure_reason: 'charge_for_pending_refund_disputed' });
    expect(await chargeOf(stripe, intentId)).toMatchObject({ amount_refunded: 0 });
  });

  test('of a debit is never prevented', async () => {
    const { stripe, sandbox } = await startGround({ settleAfterMs: 1_000 });
    const { id } = await createSession(stripe);
    sandbox.pay(id, { card: 'processing' });
    await sandbox.advance(1_000);
    expect(() => sandbox.dispute(id, { status: 'prevented' })).toThrow('Only a card dispute can be prevented');
    expect(sandbox.dispute(id)).not.toHaveProperty('payment_method_details');
  });

  test.each([
    ['inquiry', 'warning_needs_response', 0],
    ['dispute_lost', 'lost', 1],
  ] as const)('by the card %s starts out as %s', async (card, status, movements) => {
    const { stripe, sandbox } = await startGround();
    sandbox.pay((await createSession(stripe)).id, { card });
    const [dispute] = (await stripe.disputes.list()).data;
    expect(dispute?.status).toBe(status);
    expect(dispute?.balance_transactions).toHaveLength(movements);
  });

  test('is how a debit comes back after it succeeded', async () => {
    const { stripe, sandbox } = await startGround({ settleAfterMs: 5_000 });
    const { id } = await createSession(stripe);
    sandbox.pay(id, { card: 'returned' });
    expect((await stripe.disputes.list()).data).toEqual([]);
    await sandbox.advance(5_000);
    expect((await stripe.checkout.sessions.retrieve(id)).payment_status).toBe('paid');
    expect((await stripe.disputes.list()).data).toMatchObject([{ status: 'lost', reason: 'insufficient_funds' }]);
  });

  test('sent in another order arrives in the end, also while it stays open', async () => {
    const { sandbox, stripe, shop } = await startGround();
    const { id } = await createSession(stripe);
    sandbox.pay(id, { fate: 'lost' });
    sandbox.dispute(id, { fate: 'reordered' });
    await sandbox.deliverDue();
    expect(shop.types()).toEqual(['charge.dispute.funds_withdrawn', 'charge.dispute.created']);
  });

  test('is appealed without another move of money until it is won', async () => {
    const { sandbox, sessionId } = await paid();
    const { id } = sandbox.dispute(sessionId, { status: 'lost' });
    expect(sandbox.updateDispute(id, 'appeal_under_review').balance_transactions).toHaveLength(1);
    expect(sandbox.updateDispute(id, 'won').balance_transactions).toHaveLength(2);
  });

  test.each([
    ['winning_evidence', 'needs_response', 'won'],
    ['losing_evidence', 'needs_response', 'lost'],
    ['a photo of the parcel', 'needs_response', 'under_review'],
    ['winning_evidence', 'warning_needs_response', 'warning_closed'],
  ] as const)('answered with %s, %s becomes %s', async (text, status, end) => {
    const { stripe, sandbox, sessionId } = await paid();
    const { id } = sandbox.dispute(sessionId, { status });
    expect((await stripe.disputes.update(id, { evidence: { uncategorized_text: text }, submit: false })).status).toBe(status);
    expect((await stripe.disputes.update(id, { evidence: { uncategorized_text: text } })).status).toBe(end);
  });

  test('follows by itself on the card for it; the shop can give up', async () => {
    const { stripe, sandbox } = await startGround();
    sandbox.pay((await createSession(stripe)).id, { card: 'disputed' });
    const [dispute] = (await stripe.disputes.list()).data;
    expect(dispute?.status).toBe('needs_response');
    expect((await stripe.disputes.close(String(dispute?.id))).status).toBe('lost');
    expect((await errorOf(stripe.disputes.close(String(dispute?.id)))).message).toContain('already closed');
  });
});
