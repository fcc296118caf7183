// Sessions that are paid in a page of the shop, what the customer may change, and amounts that Stripe refuses.
import type Stripe from 'stripe';
import { describe, expect, test } from 'vitest';
import { createSession, errorOf, type Ground, startGround } from './sandbox.test-support.ts';

type Params = Partial<Stripe.Checkout.SessionCreateParams>;
const returnUrl = 'http://127.0.0.1:3020/done?session_id={CHECKOUT_SESSION_ID}';
const embedded = { ui_mode: 'embedded_page', success_url: undefined, cancel_url: undefined, return_url: returnUrl } as unknown as Params;

async function priceOf({ stripe }: Ground, terms: Partial<Stripe.PriceCreateParams>): Promise<string> {
  return (await stripe.prices.create({ currency: 'usd', product_data: { name: 'Year' }, ...terms })).id;
}

describe('a session in a page of the shop', () => {
  test.each(['embedded_page', 'elements'] as const)('%s has a secret and no page, until it is paid', async (uiMode) => {
    const { stripe, sandbox } = await startGround();
    const session = await createSession(stripe, { ...embedded, ui_mode: uiMode });
    expect(session).toMatchObject({ ui_mode: uiMode, url: null, client_secret: expect.stringContaining(`${session.id}_secret_`) });
    expect(sandbox.pay(session.id)).toMatchObject({
      outcome: 'completed',
      successUrl: `http://127.0.0.1:3020/done?session_id=${session.id}`,
    });
    expect(await stripe.checkout.sessions.retrieve(session.id)).toMatchObject({ status: 'complete', client_secret: null });
  });

  // biome-ignore format: a table
  test.each([
    ['an embedded one with a success URL', { ...embedded, success_url: 'http://127.0.0.1/' }, 'success_url'],
    ['elements with a way back', { ...embedded, ui_mode: 'elements', cancel_url: 'http://127.0.0.1/' }, 'cancel_url'],
    ['elements with optional items', { ...embedded, ui_mode: 'elements', optional_items: [{ price: 'price_1', quantity: 1 }] }, 'optional_items'],
    ['an embedded one without a return URL', { ...embedded, return_url: undefined }, 'return_url'],
    ['an embedded one that never redirects, and says where to', { ...embedded, redirect_on_completion: 'never' }, 'return_url'],
    ['a hosted one with a return URL', { return_url: returnUrl }, 'return_url'],
  ])('%s is refused', async (_, changes, param) => {
    const { stripe } = await startGround();
    expect(await errorOf(createSession(stripe, changes as Params))).toMatchObject({ statusCode: 400, param });
  });
});

describe('a version before Stripe renamed `ui_mode`', () => {
  const adjustable = { price_data: { currency: 'usd', unit_amount: 1_000, product_data: { name: 'x' } }, quantity: 1 };
  const line_items = [{ ...adjustable, adjustable_quantity: { enabled: true } }];

  // biome-ignore format: a table
  test.each([
    ['2025-02-24.acacia',  'embedded',      'embedded_page', false],
    ['2026-02-25.clover',  'embedded',      'embedded_page', true],
    ['2026-03-25.dahlia',  'embedded_page', 'embedded',      true],
    ['2026-10-28.endive',  'embedded_page', 'embedded',      true],
  ])('%s takes and shows %s, and refuses %s', async (apiVersion, name, other, showsAdjustable) => {
    const { stripe } = await startGround();
    const make = (ui_mode: string) =>
      stripe.checkout.sessions.create({ mode: 'payment', line_items, return_url: returnUrl, ui_mode, expand: ['line_items'] }, { apiVersion });
    const made = await make(name);
    expect(made.ui_mode).toBe(name);
    expect(made.line_items?.data.map((line) => 'adjustable_quantity' in line)).toEqual([showsAdjustable]);
    expect(await errorOf(make(other))).toMatchObject({ statusCode: 400, param: 'ui_mode' });
    expect((await stripe.checkout.sessions.retrieve(made.id)).ui_mode).toBe('embedded_page');
  });
});

describe('the currency of a price in several', () => {
  const several = { unit_amount: 1_000, currency_options: { eur: { unit_amount: 900 } } };

  test('is that of the customer’s country where the shop names none', async () => {
    const ground = await startGround();
    const { id } = await createSession(ground.stripe, { line_items: [{ quantity: 2, price: await priceOf(ground, several) }] });
    ground.sandbox.pay(id, { localCurrency: 'eur' });
    expect(await ground.stripe.checkout.sessions.retrieve(id)).toMatchObject({ currency: 'eur', amount_total: 1_800 });
  });

  test('is the one that the shop names', async () => {
    const ground = await startGround();
    const price = await priceOf(ground, several);
    const { id } = await createSession(ground.stripe, { currency: 'usd', line_items: [{ quantity: 1, price }] });
    ground.sandbox.pay(id, { localCurrency: 'eur' });
    expect(await ground.stripe.checkout.sessions.retrieve(id)).toMatchObject({ currency: 'usd', amount_total: 1_000 });
    const inEuros = await createSession(ground.stripe, { currency: 'eur', line_items: [{ quantity: 1, price }] });
    expect(inEuros).toMatchObject({ currency: 'eur', amount_total: 900 });
    expect(await errorOf(createSession(ground.stripe, { currency: 'jpy', line_items: [{ quantity: 1, price }] }))).toMatchObject({
      statusCode: 400,
      param: 'line_items[0][price]',
    });
  });
});

describe('what the customer may change', () => {
  test('the quantity, within its bounds', async () => {
    const ground = await startGround();
    const price = await priceOf(ground, { unit_amount: 1_000 });
    const adjustable_quantity = { enabled: true, minimum: 1, maximum: 3 };
    const { id } = await createSession(ground.stripe, { line_items: [{ quantity: 1, price, adjustable_quantity }] });
    expect(() => ground.sandbox.pay(id, { quantity: 4 })).toThrow('takes no quantity of 4');
    ground.sandbox.pay(id, { quantity: 3 });
    expect(await ground.stripe.checkout.sessions.retrieve(id)).toMatchObject({ amount_subtotal: 3_000, amount_total: 3_000 });
  });

  test('an optional item', async () => {
    const ground = await startGround();
    const price = await priceOf(ground, { unit_amount: 1_000 });
    const { id } = await createSession(ground.stripe, { line_items: [{ quantity: 1, price }], optional_items: [{ price, quantity: 2 }] });
    ground.sandbox.pay(id, { optionalItem: 0 });
    expect(await ground.stripe.checkout.sessions.retrieve(id)).toMatchObject({ amount_total: 3_000 });
    expect((await ground.stripe.checkout.sessions.listLineItems(id)).data.map(({ quantity }) => quantity)).toEqual([1, 2]);
  });

  test('a price of his own choice, within its bounds', async () => {
    const ground = await startGround();
    const price = await priceOf(ground, { custom_unit_amount: { enabled: true, minimum: 500, preset: 1_000 } });
    const { id } = await createSession(ground.stripe, { line_items: [{ quantity: 1, price }] });
    expect(() => ground.sandbox.pay(id, { unitAmountMinor: 499 })).toThrow('takes no price of 499');
    ground.sandbox.pay(id, { unitAmountMinor: 2_500 });
    expect(await ground.stripe.checkout.sessions.retrieve(id)).toMatchObject({ amount_total: 2_500 });
  });

  test('nothing that the session does not offer', async () => {
    const ground = await startGround();
    const { id } = await createSession(ground.stripe);
    for (const choice of [{ quantity: 2 }, { optionalItem: 0 }, { unitAmountMinor: 100 }])
      expect(() => ground.sandbox.pay(id, choice)).toThrow(id);
  });
});

describe('an amount that Stripe refuses', () => {
  // biome-ignore format: a table
  test.each([
    ['below the least charge', 49, 'usd', 'amount_too_small'],
    ['below the least charge of another currency', 1_499, 'czk', 'amount_too_small'],
    ['three decimals, the last one not 0', 5_124, 'kwd', undefined],
    ['of a currency without cents', 550, 'isk', undefined],
  ])('%s: neither a session nor an intent is made of it', async (_, amount, currency, code) => {
    const { stripe } = await startGround();
    const line = { quantity: 1, price_data: { currency, unit_amount: amount, product_data: { name: 'x' } } };
    expect(await errorOf(createSession(stripe, { line_items: [line] }))).toMatchObject({ statusCode: 400, code });
    expect(await errorOf(stripe.paymentIntents.create({ amount, currency }))).toMatchObject({ statusCode: 400, code, param: 'amount' });
  });

  test('is none at the bound', async () => {
    const { stripe } = await startGround();
    for (const [amount, currency] of [
      [50, 'usd'],
      [5_120, 'kwd'],
      [500, 'isk'],
    ] as const)
      expect(await stripe.paymentIntents.create({ amount, currency })).toMatchObject({ amount, currency });
  });
});

describe('a bare payment intent', () => {
  test('is paid by the customer, with the fate of its webhooks', async () => {
    const { stripe, sandbox } = await startGround();
    const { id } = await stripe.paymentIntents.create({ amount: 1_000, currency: 'usd' });
    expect(sandbox.payIntent(id, { card: 'declined' })).toMatchObject({ status: 'requires_payment_method' });
    expect(sandbox.payIntent(id, { fate: 'lost' })).toMatchObject({ status: 'succeeded', amount_received: 1_000 });
    expect(() => sandbox.payIntent(id)).toThrow(id);
    expect(() => sandbox.payIntent('pi_unknown')).toThrow('pi_unknown');
  });
});
