// The adapter as a whole: its options, its end, and what support states by hand.
import Stripe from 'stripe';
import { describe, expect, test } from 'vitest';
import { manualPayment, type StripePaymentsOptions, stripePayments } from './index.ts';
import { openShop, plan, refusal } from './shop.test-support.ts';

describe('the options', () => {
  // biome-ignore format: a table
  test.each([
    ['a misspelt one', { webhookSecret: 'whsec_1' }, 'webhookSecret'],
    ['an empty secret', { webhookSecrets: [''] }, 'it is empty'],
    ['a secret with a line break', { webhookSecrets: ['whsec_1\n'] }, 'Copy it again'],
    ['no secret', { webhookSecrets: [] }, 'or false in a process that receives no webhooks'],
    ['an environment without a secret', { webhookSecrets: [undefined] }, 'it is no text'],
    ['an environment without a secret, as text', { webhookSecrets: ['undefined'] }, 'it is a placeholder'],
    ['a placeholder beside a secret', { webhookSecrets: ['whsec_good', { secret: 'whsec_…' }] }, 'Webhook secret 2 of 2 is unusable: it is a placeholder'],
    ['a letter', { webhookSecrets: ['x'] }, 'it is a placeholder'],
    ['the key for the secret', { webhookSecrets: ['sk_test_123456789012'] }, 'it does not begin with whsec_'],
    ['a live key for a sandbox', { stripe: new Stripe('sk_live_123456789012', { host: '127.0.0.1', port: 9, protocol: 'http' }) }, 'trustedApiHost'],
    ['a key over plain http', { stripe: new Stripe('sk_test_123456789012', { host: 'stripe.internal', protocol: 'http' }) }, 'plain http'],
    ['a placeholder of a key', { stripe: new Stripe('sk_test_…') }, 'secret key of the client is unusable: it is a placeholder'],
    ['a secret of the sandbox at Stripe', { stripe: new Stripe('sk_live_123456789012'), webhookSecrets: ['whsec_sandbox_1'] }, 'it is of the sandbox'],
    ['a scope outside the alphabet', { scope: 'my shop' }, 'my shop'],
    ['an account that is none', { account: 'shop' }, 'acct_'],
    ['an interval of nothing', { poll: { intervalMs: 0 } }, 'poll.intervalMs'],
    ['an interval that no timer can wait', { poll: { intervalMs: 30 * 24 * 3_600_000 } }, 'poll.intervalMs is 2592000000; the most is 1728000000'],
  ])('%s is refused and named', async (_, options, named) => {
    const { ledger, stripe } = await openShop();
    const all = { ledger, stripe, webhookSecrets: false, ...options } as unknown as StripePaymentsOptions;
    expect(() => stripePayments(all)).toThrow(named);
  });

  test('a host that is trusted may have the key', async () => {
    const { ledger } = await openShop();
    const options = { host: 'stripe.internal', protocol: 'http' } as const;
    const trusting = { ledger, webhookSecrets: ['whsec_sandbox_1'], poll: false, trustedApiHost: 'stripe.internal' } as const;
    await using payments = stripePayments({ ...trusting, stripe: new Stripe('sk_test_123456789012', options) });
    expect(payments.ledger).toBe(ledger);
    expect(() => stripePayments({ ...trusting, stripe: new Stripe('sk_live_123456789012', options) })).toThrow('plain http');
  });

  test('a given account is not asked for', async () => {
    const { checkout, sandbox, ledger } = await openShop({ payments: { account: 'acct_given' } });
    await checkout();
    expect(sandbox.calls.count('GET /v1/account')).toBe(0);
    expect(await ledger.order('order-1')).toMatchObject({ account: 'acct_given' });
  });

  test('the scope keeps two shops of one account apart', async () => {
    const shop = await openShop({ payments: { scope: 'shop-a' } });
    const { checkout, sandbox, stripe } = shop;
    const sessionId = await checkout();
    sandbox.pay(sessionId, { fate: 'lost' });
    const other = await openShop({ payments: { scope: 'shop-b', stripe } });
    await other.ledger.placeOrder({
      orderId: 'order-9',
      memberId: 'm',
      plan: 'year',
      amountMinor: 1,
      currency: 'eur',
      account: sandbox.account,
      livemode: false,
    });
    await other.ledger.attachCheckout('order-9', { provider: 'stripe', account: sandbox.account, livemode: false, id: 'cs_test_other' });
    expect(await other.payments.sweep({ tiers: ['objects'] })).toMatchObject({ lookedAt: 1, found: 0 });
    expect(await other.ledger.orderOf(sessionId)).toBeUndefined();
  });
});

describe('disposing', () => {
  test('finishes what is under way, and takes nothing new', async () => {
    const { payments, ledger } = await openShop();
    const started = payments.startCheckout(plan);
    expect(payments.closing.aborted).toBe(false);
    const disposed = payments[Symbol.asyncDispose]();
    expect(payments.closing.aborted).toBe(true);
    await disposed;
    expect(await ledger.orderOf((await started).sessionId)).toMatchObject({ orderId: 'order-1' });
    for (const work of [
      payments.startCheckout(plan),
      payments.status('cs_test_1'),
      payments.sweep(),
      payments.handleWebhook(new Uint8Array(), ''),
    ]) {
      expect((await refusal(work)).code).toBe('closed');
    }
  });

  test('ends the background poll, and leaves the ledger open', async () => {
    const { payments, ledger } = await openShop({ payments: { poll: { intervalMs: 60_000 } } });
    await payments[Symbol.asyncDispose]();
    expect(payments.ledger).toBe(ledger);
    expect(await ledger.order('order-1')).toBeUndefined();
  });
});

describe('a manual payment', () => {
  const by = { actor: 'support-7', reason: 'Paid by bank transfer, statement 12' };

  test('of money that Stripe never saw grants, in the order’s own account and mode', async () => {
    const { checkout, ledger } = await openShop();
    await checkout();
    const order = await ledger.order('order-1');
    const observation = manualPayment(order!, { paymentId: 'manual:7d0c', paidAt: '2027-01-15T08:00:00Z', by });
    expect(await ledger.observePayment(observation)).toMatchObject({ outcome: 'granted' });
    expect(await ledger.observePayment(observation)).toMatchObject({ outcome: 'duplicate' });
    expect(await ledger.order('order-1')).toMatchObject({ membership: 'active', grantedBy: 'manual', openReviews: [] });
  });

  test('of a payment at Stripe is the one that the other sources tell later', async () => {
    const { checkout, ledger, sandbox, stripe } = await openShop();
    const sessionId = await checkout();
    sandbox.pay(sessionId, { fate: 'late:60' });
    const { payment_intent } = await stripe.checkout.sessions.retrieve(sessionId);
    const order = await ledger.order('order-1');
    await ledger.observePayment(manualPayment(order!, { paymentId: String(payment_intent), paidAt: '2027-01-15T08:00:00Z', by }));
    await sandbox.advance(61_000);
    expect(await ledger.order('order-1')).toMatchObject({ membership: 'active', grantedBy: 'manual', sequence: 1, openReviews: [] });
  });

  test('of less is reviewed, as from any source', async () => {
    const { checkout, ledger } = await openShop();
    await checkout();
    const order = await ledger.order('order-1');
    const observation = manualPayment(order!, { paymentId: 'manual:1', paidAt: '2027-01-15T08:00:00Z', amountMinor: 999, by });
    expect(await ledger.observePayment(observation)).toMatchObject({ outcome: 'review' });
  });

  test('by an id of neither kind is refused', async () => {
    const { checkout, ledger } = await openShop();
    await checkout();
    const order = await ledger.order('order-1');
    expect(() => manualPayment(order!, { paymentId: 'invoice-7', paidAt: '2027-01-15T08:00:00Z', by })).toThrow('invoice-7');
  });
});
