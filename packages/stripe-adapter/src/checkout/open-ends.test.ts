// What the customer may change on Stripe's page: each way to pay more is allowed by the order, or refused at the door; and no
// customer pays in another currency than the order's.
import type Stripe from 'stripe';
import { describe, expect, test } from 'vitest';
import { openShop, plan, refusal, type Shop } from '../shop.test-support.ts';

type PriceTerms = Partial<Stripe.PriceCreateParams>;

async function priceOf({ stripe }: Shop, terms: PriceTerms): Promise<string> {
  return (await stripe.prices.create({ currency: 'eur', product_data: { name: 'Year' }, ...terms })).id;
}

const fixed: PriceTerms = { unit_amount: 1_000 };
const chosen: PriceTerms = { custom_unit_amount: { enabled: true, minimum: 1_000, preset: 1_500 } };
const adjustable = (minimum?: number) => ({ enabled: true, ...(minimum === undefined ? {} : { minimum }) });

interface OpenEnd {
  readonly price: PriceTerms;
  readonly session: (price: string) => Partial<Stripe.Checkout.SessionCreateParams>;
  readonly pays: object;
  readonly total: number;
}

// biome-ignore format: a table
const openEnds: readonly (readonly [string, OpenEnd])[] = [
  ['an adjustable quantity', { price: fixed, session: (price) => ({ line_items: [{ price, quantity: 1, adjustable_quantity: adjustable(1) }] }), pays: { quantity: 3 }, total: 3_000 }],
  ['an optional item', { price: fixed, session: (price) => ({ line_items: [{ price, quantity: 1 }], optional_items: [{ price, quantity: 1 }] }), pays: { optionalItem: 0 }, total: 2_000 }],
  ['a price that the customer chooses', { price: chosen, session: (price) => ({ line_items: [{ price, quantity: 1 }] }), pays: { unitAmountMinor: 9_900 }, total: 9_900 }],
];

describe.each(openEnds)('%s', (_, { price, session, pays, total }) => {
  test('is refused where the order does not allow more: nobody pays what opens a review', async () => {
    const shop = await openShop();
    const error = await refusal(shop.payments.startCheckout({ ...plan, session: session(await priceOf(shop, price)) }));
    expect(['invalid_input', 'amount_differs']).toContain(error.code);
    expect(error.message).toContain('allow: { more: true }');
    expect((await shop.stripe.checkout.sessions.list({ status: 'open' })).data).toEqual([]);
    expect(await shop.ledger.order('order-1')).toBeUndefined();
  });

  test('grants where the order allows more, whatever the customer makes of it, and opens no review', async () => {
    const shop = await openShop();
    const options = session(await priceOf(shop, price));
    shop.sandbox.pay(await shop.checkout({ allow: { more: true }, session: options }), pays);
    await shop.sandbox.deliverDue();
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'active', openReviews: [] });
    const paid = (await shop.ledger.history('order-1')).find(({ type }) => type === 'PaymentObserved');
    expect(paid?.data).toMatchObject({ fact: { amount: { totalMinor: total } } });
  });
});

describe('an order that allows more', () => {
  // biome-ignore format: a table
  test.each([
    ['a quantity down to Stripe’s own minimum of 0', fixed, (price: string) => [{ price, quantity: 1, adjustable_quantity: adjustable() }]],
    ['a price from less on', { custom_unit_amount: { enabled: true, minimum: 999 } }, (price: string) => [{ price, quantity: 1 }]],
    ['a price from nothing on', { custom_unit_amount: { enabled: true } }, (price: string) => [{ price, quantity: 1 }]],
    ['less to begin with', { unit_amount: 999 }, (price: string) => [{ price, quantity: 1 }]],
  ])('refuses %s: a customer would pay and get nothing', async (_, price, lines) => {
    const shop = await openShop();
    const session = { line_items: lines(await priceOf(shop, price)) };
    const error = await refusal(shop.payments.startCheckout({ ...plan, allow: { more: true }, session }));
    expect([error.code, error.message]).toEqual(['amount_differs', expect.stringContaining('`minimum`')]);
    expect((await shop.stripe.checkout.sessions.list()).data.map(({ status }) => status)).toEqual(['expired']);
  });

  test('sees a line beyond the ten that Stripe answers with the session', async () => {
    const shop = await openShop();
    const price = await priceOf(shop, { unit_amount: 100 });
    const session = { line_items: [...Array.from({ length: 11 }, () => ({ price, quantity: 1 }))] };
    expect((await refusal(shop.payments.startCheckout({ ...plan, session }))).code).toBe('amount_differs');
    expect(await shop.checkout({ amountMinor: 1_100, session })).toMatch(/^cs_/);
  });

  test('is another order than one that does not: it is not placed again', async () => {
    const { payments } = await openShop();
    await payments.startCheckout(plan);
    const error = await refusal(payments.startCheckout({ ...plan, allow: { more: true } }));
    expect([error.code, error.message]).toEqual(['invalid_input', expect.stringContaining('allow.more was false and is true')]);
  });
});

describe('a price in several currencies', () => {
  const several: PriceTerms = { unit_amount: 1_000, currency_options: { usd: { unit_amount: 1_100 } } };

  test('is charged in the order’s, wherever the customer comes from', async () => {
    const shop = await openShop();
    const session = { line_items: [{ price: await priceOf(shop, several), quantity: 1 }] };
    shop.sandbox.pay(await shop.checkout({ session }), { localCurrency: 'usd' });
    await shop.sandbox.deliverDue();
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'active', openReviews: [] });
  });

  test('in another than its own is that order’s too; one that it has not is refused', async () => {
    const shop = await openShop();
    const session = { line_items: [{ price: await priceOf(shop, several), quantity: 1 }] };
    shop.sandbox.pay(await shop.checkout({ amountMinor: 1_100, currency: 'usd', session }));
    await shop.sandbox.deliverDue();
    expect(await shop.ledger.order('order-1')).toMatchObject({ membership: 'active', openReviews: [] });
    const error = await refusal(shop.payments.startCheckout({ ...plan, orderId: 'order-2', currency: 'jpy', session }));
    expect([error.code, error.message]).toEqual(['invalid_input', expect.stringContaining('has no currency jpy')]);
  });
});
