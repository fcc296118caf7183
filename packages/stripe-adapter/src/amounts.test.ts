// Amounts: what is expected before discounts, tax and shipping, and what a session comes to. No false review, no free lunch.
import { describe, expect, test } from 'vitest';
import { openShop } from './shop.test-support.ts';
import { placed, signed } from './signed-events.test-support.ts';
import { intent, session } from './stripe-objects.test-support.ts';

interface Parts {
  readonly subtotal?: number;
  readonly discount?: number;
  /** All of it, whether on top or in the prices. */
  readonly tax?: number;
  readonly shipping?: number;
  readonly total: number;
}

function costing({ subtotal = 1_000, discount = 0, tax = 0, shipping = 0, total }: Parts, fields: object = {}) {
  return session({
    amount_subtotal: subtotal,
    amount_total: total,
    total_details: { amount_discount: discount, amount_tax: tax, amount_shipping: shipping },
    payment_intent: intent({ amount: total, amount_received: total }),
    ...fields,
  });
}

describe('a session of an order that expects 1000', () => {
  // biome-ignore format: a table
  test.each<[string, Parts, 'active' | 'none', string[]]>([
    ['as expected', { total: 1_000 }, 'active', []],
    ['with a promotion code', { discount: 250, total: 750 }, 'active', []],
    ['with a code that takes nearly all', { discount: 999, total: 1 }, 'active', []],
    ['with tax on top', { tax: 190, total: 1_190 }, 'active', []],
    ['with tax in the price', { tax: 160, total: 1_000 }, 'active', []],
    ['with one tax in the price and one on top', { tax: 210, total: 1_050 }, 'active', []],
    ['with shipping', { shipping: 450, total: 1_450 }, 'active', []],
    ['with all of it', { discount: 100, tax: 90, shipping: 450, total: 1_440 }, 'active', []],
    ['with all of it, and tax in the price', { discount: 100, tax: 144, shipping: 450, total: 1_350 }, 'active', []],
    ['of another price', { subtotal: 900, total: 900 }, 'none', ['amount']],
    ['of another price, made up by shipping', { subtotal: 500, shipping: 500, total: 1_000 }, 'none', ['amount']],
    ['of another price, made up by tax', { subtotal: 800, tax: 200, total: 1_000 }, 'none', ['amount']],
    ['of a higher price', { subtotal: 1_500, total: 1_500 }, 'active', ['overpaid']],
  ])('%s: %3$s', async (_, parts, membership, reviews) => {
    const shop = await openShop();
    await placed(shop);
    await shop.payments.handleWebhook(...signed(costing(parts)));
    const order = await shop.ledger.order('order-1');
    expect([order?.membership, order?.openReviews.map(({ kind }) => kind)]).toEqual([membership, reviews]);
  });

  // biome-ignore format: a table
  test.each<[object, Parts, 'active' | 'none', string[]]>([
    [{ discount: false }, { discount: 250, total: 750 }, 'none', ['amount']],
    [{ tax: false }, { tax: 190, total: 1_190 }, 'active', ['overpaid']],
    [{ tax: false }, { tax: 160, total: 1_000 }, 'active', []],
    [{ shipping: false }, { shipping: 450, total: 1_450 }, 'active', ['overpaid']],
  ])('that allows %o', async (allow, parts, membership, reviews) => {
    const shop = await openShop();
    await placed(shop, 'cs_test_1', { allow });
    await shop.payments.handleWebhook(...signed(costing(parts)));
    const order = await shop.ledger.order('order-1');
    expect([order?.membership, order?.openReviews.map(({ kind }) => kind)]).toEqual([membership, reviews]);
  });
});

describe('money', () => {
  test('in the customer’s currency is evidence only: the session’s own amounts are the integration’s', async () => {
    const shop = await openShop();
    await placed(shop);
    const adaptive = costing({ total: 1_000 }, { presentment_details: { presentment_amount: 172_000, presentment_currency: 'jpy' } });
    await shop.payments.handleWebhook(...signed(adaptive));
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'active', openReviews: [] });
  });

  test('in another currency than the order’s does not count', async () => {
    const shop = await openShop();
    await placed(shop);
    await shop.payments.handleWebhook(
      ...signed(costing({ total: 1_000 }, { currency: 'usd', payment_intent: intent({ currency: 'usd' }) })),
    );
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'none', openReviews: [{ kind: 'currency' }] });
  });

  test('received in part: the parts explain the price, not the missing rest', async () => {
    const shop = await openShop();
    await placed(shop);
    const received = { payment_intent: intent({ amount: 750, amount_received: 500 }) };
    await shop.payments.handleWebhook(...signed(costing({ discount: 250, total: 750 }, received)));
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'none', openReviews: [{ kind: 'amount' }] });
  });

  test('in Stripe’s minor unit is Stripe’s own: nothing is converted', async () => {
    const shop = await openShop();
    await placed(shop, 'cs_test_1', { currency: 'isk', amountMinor: 100_000 });
    const parts = { subtotal: 100_000, total: 100_000 };
    const isk = { currency: 'isk', payment_intent: intent({ currency: 'isk', amount_received: 100_000 }) };
    await shop.payments.handleWebhook(...signed(costing(parts, isk)));
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'active', openReviews: [] });
  });
});

describe('a promotion code that the customer types', () => {
  test('is seen by the session, whichever event comes first', async () => {
    const { checkout, sandbox, stripe, ledger } = await openShop();
    const coupon = await stripe.coupons.create({ percent_off: 30, duration: 'once' });
    await stripe.promotionCodes.create({ promotion: { type: 'coupon', coupon: coupon.id }, code: 'WINTER' });
    const sessionId = await checkout({ session: { allow_promotion_codes: true } });
    sandbox.pay(sessionId, { promotionCode: 'WINTER', fate: 'reordered' });
    await sandbox.deliverDue();
    expect(await ledger.order('order-1')).toMatchObject({ membership: 'active', openReviews: [] });
  });
});

test('adaptive pricing: the customer pays in their currency, the order counts in its own', async () => {
  const { checkout, sandbox, ledger } = await openShop();
  const sessionId = await checkout({ session: { adaptive_pricing: { enabled: true } } });
  sandbox.pay(sessionId, { presentmentCurrency: 'usd' });
  await sandbox.deliverDue();
  expect(await ledger.order('order-1')).toMatchObject({ membership: 'active', openReviews: [] });
});
