// Amounts that Stripe refuses: said so before it is called.
import { describe, expect, test } from 'vitest';
import { openShop, plan, refusal } from '../shop.test-support.ts';

describe('an amount that Stripe refuses', () => {
  // biome-ignore format: a table
  test.each([
    ['three decimals, the last one not 0', 5_124, 'kwd', 'must be divisible by 10, like 5120 or 5130'],
    ['ISK, not a whole one', 1_050, 'isk', 'must be divisible by 100, like 1000 or 1100'],
    ['UGX, not a whole one', 250_001, 'ugx', 'must be divisible by 100, like 250000 or 250100'],
    ['less than the least charge', 49, 'eur', "49 eur is less than Stripe's minimum of 50 eur"],
    ['less than the least charge, without decimals', 49, 'jpy', "Stripe's minimum of 50 jpy"],
  ])('%s: Stripe is not asked, whatever the page', async (_, amountMinor, currency, says) => {
    const { payments, sandbox, ledger } = await openShop();
    const { successUrl, ...order } = { ...plan, amountMinor, currency };
    for (const start of [
      () => payments.startCheckout({ ...order, successUrl }),
      () => payments.startCheckout({ ...order, ui: 'embedded', returnUrl: successUrl }),
      () => payments.startCheckout({ ...order, ui: 'intent' }),
    ]) {
      const error = await refusal(start());
      expect([error.code, error.message]).toEqual(['invalid_input', expect.stringMatching(/^order\.amountMinor: /)]);
      expect(error.message).toContain(says);
    }
    expect(sandbox.calls.count()).toBe(0);
    expect(await ledger.order('order-1')).toBeUndefined();
  });

  test('a bare payment intent of 0', async () => {
    const { payments, sandbox } = await openShop();
    const { successUrl: _, ...order } = { ...plan, amountMinor: 0 };
    expect((await refusal(payments.startCheckout({ ...order, ui: 'intent' }))).message).toContain('cannot be free');
    expect(sandbox.calls.count()).toBe(0);
  });
});

describe('an amount that Stripe takes', () => {
  // biome-ignore format: a table
  test.each([
    ['at the least charge', 50, 'eur', {}],
    ['with the last digit 0', 5_120, 'kwd', {}],
    ['whole', 1_100, 'isk', {}],
    ['free: Checkout completes without a charge', 0, 'eur', {}],
    ['below the least charge, before its shipping', 49, 'eur', { shipping_options: [{ shipping_rate_data: { display_name: 'Post', type: 'fixed_amount', fixed_amount: { amount: 400, currency: 'eur' } } }] }],
  ] as const)('%s', async (_, amountMinor, currency, session) => {
    const { checkout, sandbox, ledger } = await openShop();
    sandbox.pay(await checkout({ amountMinor, currency, session: session as object }));
    await sandbox.deliverDue();
    expect(await ledger.order('order-1')).toMatchObject({ membership: 'active', openReviews: [] });
  });
});
