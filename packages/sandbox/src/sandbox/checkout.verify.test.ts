// Checkout sessions as the real package sees them: created, paid, declined, expired, listed.
import type Stripe from 'stripe';
import { describe, expect, test } from 'vitest';
import { clientOf, createSession, errorOf, HOUR_MS, INTENT_METADATA, startGround, startSandbox } from './sandbox.test-support.ts';

describe('a new session', () => {
  test('is open and unpaid, knows its amounts, and has no payment intent', async () => {
    const { stripe, sandbox } = await startGround();
    const session = await createSession(stripe, { client_reference_id: 'order-1' });
    expect(session).toMatchObject({
      object: 'checkout.session',
      mode: 'payment',
      status: 'open',
      payment_status: 'unpaid',
      amount_subtotal: 29_000,
      amount_total: 29_000,
      total_details: { amount_discount: 0, amount_shipping: 0, amount_tax: 0 },
      currency: 'twd',
      livemode: false,
      metadata: { paidonce_order: 'order-1' },
      client_reference_id: 'order-1',
      payment_intent: null,
      url: `${sandbox.url}/c/pay/${session.id}`,
      expires_at: session.created + 24 * 3_600,
    });
    expect(session.id).toMatch(/^cs_test_[A-Za-z0-9]{58}$/);
    expect(await stripe.checkout.sessions.retrieve(session.id)).toEqual(session);
  });

  test('counts quantities, several lines and shipping', async () => {
    const { stripe } = await startGround();
    const line = (name: string, unit_amount: number, quantity: number): Stripe.Checkout.SessionCreateParams.LineItem => {
      return { quantity, price_data: { currency: 'eur', unit_amount, product_data: { name } } };
    };
    const session = await createSession(stripe, {
      line_items: [line('Book', 1_999, 3), line('Pen', 250, 2)],
      shipping_options: [
        { shipping_rate_data: { display_name: 'Post', type: 'fixed_amount', fixed_amount: { amount: 450, currency: 'eur' } } },
      ],
    });
    expect(session).toMatchObject({ amount_subtotal: 6_497, amount_total: 6_947, total_details: { amount_shipping: 450 } });
    const { data } = await stripe.checkout.sessions.listLineItems(session.id);
    expect(data.map((item) => [item.description, item.quantity, item.amount_total, String(item.price?.unit_amount_decimal)])).toEqual([
      ['Book', 3, 5_997, '1999'],
      ['Pen', 2, 500, '250'],
    ]);
  });

  test('takes a price of the catalogue', async () => {
    const { stripe } = await startGround();
    const product = await stripe.products.create({ name: 'Year' });
    const price = await stripe.prices.create({ currency: 'usd', unit_amount: 9_900, product: product.id });
    const session = await createSession(stripe, { line_items: [{ price: price.id, quantity: 2 }] });
    expect(session.amount_total).toBe(19_800);
  });

  test.each([
    ['no line items', { line_items: [] }, 'line_items', 'parameter_missing'],
    [
      'a line without a quantity',
      { line_items: [{ price_data: { currency: 'usd', unit_amount: 900, product_data: { name: 'x' } } }] },
      'line_items[0]',
      undefined,
    ],
    ['an address without a host', { customer_email: 'somebody' }, 'customer_email', 'email_invalid'],
    ['an address that ends in a space', { customer_email: 'a@shop.example ' }, 'customer_email', 'email_invalid'],
    [
      'a negative amount',
      { line_items: [{ quantity: 1, price_data: { currency: 'usd', unit_amount: -1, product_data: { name: 'x' } } }] },
      'line_items[0][price_data][unit_amount]',
      'parameter_invalid_integer',
    ],
    [
      'an unknown currency',
      { line_items: [{ quantity: 1, price_data: { currency: 'xxy', unit_amount: 1, product_data: { name: 'x' } } }] },
      'line_items[0][price_data][currency]',
      undefined,
    ],
    ['a link that is no web address', { success_url: 'javascript:alert(1)' }, 'success_url', 'url_invalid'],
    ['an expiry of ten minutes', { expires_at: Math.floor(Date.now() / 1_000) + 600 }, 'expires_at', undefined],
    ['an unknown customer', { customer: 'cus_nobody' }, 'customer', 'resource_missing'],
    ['a misspelt parameter', { sucess_url: 'http://127.0.0.1/' }, 'sucess_url', 'parameter_unknown'],
    [
      'a misspelt parameter deep inside',
      { payment_intent_data: { metdata: { a: 'b' } } },
      'payment_intent_data[metdata]',
      'parameter_unknown',
    ],
    ['a misspelt fate', { metadata: { sandbox_fate: 'losst' } }, 'metadata[sandbox_fate]', undefined],
  ])('is refused with %s', async (_what, changes, param, code) => {
    const { stripe } = await startGround();
    const error = await errorOf(createSession(stripe, changes as object));
    expect(error).toMatchObject({ type: 'StripeInvalidRequestError', statusCode: 400, param, code });
    expect((await stripe.checkout.sessions.list()).data).toEqual([]);
    expect((await stripe.products.list()).data).toEqual([]);
  });
});

describe('paying', () => {
  test('makes the intent, the charge and the balance transaction, and completes the session', async () => {
    const { stripe, sandbox } = await startGround();
    const { id } = await createSession(stripe);
    const paid = sandbox.pay(id);
    expect(paid).toMatchObject({ outcome: 'completed', successUrl: `http://127.0.0.1:3020/success?session_id=${id}` });

    const session = await stripe.checkout.sessions.retrieve(id, {
      expand: ['payment_intent.latest_charge.balance_transaction', 'line_items'],
    });
    expect(session).toMatchObject({
      status: 'complete',
      payment_status: 'paid',
      url: null,
      line_items: { data: [{ amount_total: 29_000 }] },
    });
    const intent = session.payment_intent as Stripe.PaymentIntent;
    expect(intent).toMatchObject({
      status: 'succeeded',
      amount: 29_000,
      amount_received: 29_000,
      metadata: INTENT_METADATA,
    });
    const charge = intent.latest_charge as Stripe.Charge;
    expect(charge).toMatchObject({ paid: true, captured: true, status: 'succeeded', metadata: INTENT_METADATA });
    expect(charge.balance_transaction).toMatchObject({
      amount: 29_000,
      fee: 871,
      net: 28_129,
      source: charge.id,
      reporting_category: 'charge',
    });
    const movements = await stripe.balanceTransactions.list({ expand: ['data.source'] });
    expect(movements.data).toMatchObject([{ type: 'charge', source: { id: charge.id, payment_intent: intent.id } }]);
  });

  test('a declined card leaves the session open, and the next card pays the same intent', async () => {
    const { stripe, sandbox } = await startGround();
    const { id } = await createSession(stripe);
    expect(sandbox.pay(id, { card: 'insufficient_funds' })).toMatchObject({
      outcome: 'declined',
      message: 'Your card has insufficient funds.',
    });
    const declined = await stripe.checkout.sessions.retrieve(id, { expand: ['payment_intent'] });
    const intent = declined.payment_intent as Stripe.PaymentIntent;
    expect(declined).toMatchObject({ status: 'open', payment_status: 'unpaid' });
    expect(intent).toMatchObject({
      status: 'requires_payment_method',
      amount_received: 0,
      last_payment_error: { code: 'card_declined', decline_code: 'insufficient_funds' },
    });

    sandbox.pay(id, { card: '4242 4242 4242 4242' });
    const paid = await stripe.checkout.sessions.retrieve(id);
    expect(paid).toMatchObject({ status: 'complete', payment_status: 'paid', payment_intent: intent.id });
    expect((await stripe.charges.list({ payment_intent: intent.id })).data.map((charge) => charge.status)).toEqual(['succeeded', 'failed']);
  });

  test('twice is refused', async () => {
    const { stripe, sandbox } = await startGround();
    const { id } = await createSession(stripe);
    sandbox.pay(id);
    expect(() => sandbox.pay(id)).toThrow(/is complete: it cannot be paid/);
    expect((await stripe.paymentIntents.list()).data).toHaveLength(1);
  });

  test('a debit completes the session unpaid, and the clock settles it', async () => {
    const { stripe, sandbox } = await startGround({ settleAfterMs: 5_000 });
    const good = await createSession(stripe);
    const bad = await createSession(stripe);
    sandbox.pay(good.id, { card: 'processing' });
    sandbox.pay(bad.id, { card: 'processing_fails' });
    const expandIntent = { expand: ['payment_intent'] };
    expect(await stripe.checkout.sessions.retrieve(good.id, expandIntent)).toMatchObject({
      status: 'complete',
      payment_status: 'unpaid',
      payment_intent: { status: 'processing', amount_received: 0 },
    });
    await sandbox.advance(5_000);
    expect(await stripe.checkout.sessions.retrieve(good.id, expandIntent)).toMatchObject({
      payment_status: 'paid',
      payment_intent: { status: 'succeeded' },
    });
    expect(await stripe.checkout.sessions.retrieve(bad.id, expandIntent)).toMatchObject({
      status: 'complete',
      payment_status: 'unpaid',
      payment_intent: { status: 'requires_payment_method', last_payment_error: { code: 'payment_method_provider_decline' } },
    });
  });

  test('a voucher waits for the customer until it is settled by hand', async () => {
    const { stripe, sandbox } = await startGround();
    const { id } = await createSession(stripe);
    sandbox.pay(id, { card: 'voucher' });
    const waiting = await stripe.checkout.sessions.retrieve(id, { expand: ['payment_intent'] });
    const intent = waiting.payment_intent as Stripe.PaymentIntent;
    expect(waiting).toMatchObject({ status: 'complete', payment_status: 'unpaid' });
    expect(intent.status).toBe('requires_action');
    expect(sandbox.settle(intent.id)).toBe(true);
    expect(sandbox.settle(intent.id)).toBe(false);
    expect((await stripe.checkout.sessions.retrieve(id)).payment_status).toBe('paid');
  });

  test('with 3-D Secure waits for the bank on the open session; refused, another card pays the same intent', async () => {
    const { stripe, sandbox, shop } = await startGround();
    const { id } = await createSession(stripe);
    const asked = sandbox.pay(id, { card: 'three_d_secure' });
    const { payment_intent: intent, status } = await stripe.checkout.sessions.retrieve(id);
    expect(status).toBe('open');
    expect(asked).toMatchObject({ outcome: 'requires_action', url: `${sandbox.url}/c/authenticate/${intent}` });
    sandbox.authenticate(id, 'failed');
    expect(await stripe.checkout.sessions.retrieve(id)).toMatchObject({ status: 'open', payment_status: 'unpaid' });
    sandbox.pay(id, { card: 'three_d_secure' });
    expect(sandbox.authenticate(id)).toMatchObject({ returnUrl: `http://127.0.0.1:3020/success?session_id=${id}` });
    expect(await stripe.checkout.sessions.retrieve(id)).toMatchObject({ payment_status: 'paid', payment_intent: intent });
    await sandbox.deliverDue();
    expect(shop.types().filter((type) => type.startsWith('checkout.session.'))).toEqual(['checkout.session.completed']);
  });

  test('a challenge on a session that expires meanwhile comes to nothing', async () => {
    const { stripe, sandbox } = await startGround();
    const { id } = await createSession(stripe);
    sandbox.pay(id, { card: 'three_d_secure' });
    await sandbox.advance(25 * HOUR_MS);
    sandbox.authenticate(id);
    expect(await stripe.checkout.sessions.retrieve(id, { expand: ['payment_intent'] })).toMatchObject({
      status: 'expired',
      payment_status: 'unpaid',
      payment_intent: { status: 'requires_payment_method' },
    });
  });

  test('in the customer’s currency leaves the amounts in the shop’s, where pricing is adaptive', async () => {
    const { stripe, sandbox } = await startGround();
    const fixed = await createSession(stripe);
    expect(() => sandbox.pay(fixed.id, { presentmentCurrency: 'eur' })).toThrow('is priced in twd only');
    const { id } = await createSession(stripe, { adaptive_pricing: { enabled: true } });
    sandbox.pay(id, { presentmentCurrency: 'eur' });
    expect(await stripe.checkout.sessions.retrieve(id, { expand: ['payment_intent'] })).toMatchObject({
      currency: 'twd',
      amount_total: 29_000,
      presentment_details: { presentment_currency: 'eur', presentment_amount: 31_900 },
      payment_intent: { currency: 'twd', amount_received: 29_000, presentment_details: { presentment_currency: 'eur' } },
    });
  });

  test('over the page’s own entries, as the Stripe CLI does it', async () => {
    const { stripe } = await startGround();
    const { id } = await createSession(stripe);
    expect(await stripe.rawRequest('GET', `/v1/payment_pages/${id}`)).toMatchObject({ session_id: id, amount_total: 29_000 });
    const confirm = (params: object): Promise<unknown> => stripe.rawRequest('POST', `/v1/payment_pages/${id}/confirm`, params);
    expect(await errorOf(confirm({ payment_method: 'pm_card_visa', expected_amount: 1 }))).toMatchObject({ statusCode: 400 });
    expect(await errorOf(confirm({ payment_method: 'pm_card_chargeDeclined' }))).toMatchObject({ statusCode: 402, code: 'card_declined' });
    // The decline is kept: the session has its intent.
    expect((await stripe.checkout.sessions.retrieve(id)).payment_intent).toMatch(/^pi_/);
    await confirm({ payment_method: 'pm_card_visa', expected_amount: 29_000 });
    expect((await stripe.checkout.sessions.retrieve(id)).payment_status).toBe('paid');
  });

  test('more than was authorized is captured where the session asked for that', async () => {
    const { stripe, sandbox } = await startGround();
    const { id } = await createSession(stripe, {
      payment_intent_data: { capture_method: 'manual' },
      payment_method_options: { card: { request_overcapture: 'if_available' } },
    });
    sandbox.pay(id);
    const { payment_intent: intent } = await stripe.checkout.sessions.retrieve(id);
    const captured = await stripe.paymentIntents.capture(String(intent), { amount_to_capture: 30_000 });
    expect(captured).toMatchObject({ amount: 29_000, amount_received: 30_000 });
  });

  test('with manual capture only authorizes; a part can be captured', async () => {
    const { stripe, sandbox } = await startGround();
    const { id } = await createSession(stripe, { payment_intent_data: { capture_method: 'manual' } });
    sandbox.pay(id);
    const { payment_intent: intent } = await stripe.checkout.sessions.retrieve(id, { expand: ['payment_intent'] });
    expect(intent).toMatchObject({ status: 'requires_capture', amount_capturable: 29_000, amount_received: 0 });
    const captured = await stripe.paymentIntents.capture((intent as Stripe.PaymentIntent).id, { amount_to_capture: 20_000 });
    expect(captured).toMatchObject({ status: 'succeeded', amount: 29_000, amount_received: 20_000 });
    expect(await errorOf(stripe.paymentIntents.cancel(captured.id))).toMatchObject({ code: 'payment_intent_unexpected_state' });
  });
});

describe('the link back to the shop', () => {
  test('fills the literal placeholder and leaves the encoded one alone', async () => {
    const { stripe, sandbox } = await startGround();
    const literal = await createSession(stripe, { success_url: 'http://127.0.0.1/done?a=1&id={CHECKOUT_SESSION_ID}#x' });
    const encoded = await createSession(stripe, { success_url: 'http://127.0.0.1/done?id=%7BCHECKOUT_SESSION_ID%7D' });
    expect(literal.success_url).toBe('http://127.0.0.1/done?a=1&id={CHECKOUT_SESSION_ID}#x');
    expect(sandbox.pay(literal.id)).toMatchObject({ successUrl: `http://127.0.0.1/done?a=1&id=${literal.id}#x` });
    expect(sandbox.pay(encoded.id)).toMatchObject({ successUrl: 'http://127.0.0.1/done?id=%7BCHECKOUT_SESSION_ID%7D' });
  });
});

describe('sessions without a charge', () => {
  test('a payment of nothing is paid and has no intent', async () => {
    const { stripe, sandbox } = await startGround();
    await stripe.coupons.create({ id: 'FREE', percent_off: 100 });
    const { id, amount_total } = await createSession(stripe, { discounts: [{ coupon: 'FREE' }] });
    expect(amount_total).toBe(0);
    sandbox.pay(id);
    expect(await stripe.checkout.sessions.retrieve(id)).toMatchObject({
      status: 'complete',
      payment_status: 'paid',
      amount_subtotal: 29_000,
      amount_total: 0,
      payment_intent: null,
      total_details: { amount_discount: 29_000 },
    });
    expect((await stripe.balanceTransactions.list()).data).toEqual([]);
  });

  test.each(['paid', 'no_payment_required'] as const)('or says %s, as the sandbox is told', async (zeroAmountStatus) => {
    const sandbox = await startSandbox({ zeroAmountStatus });
    const stripe = clientOf(sandbox);
    await stripe.coupons.create({ id: 'FREE', percent_off: 100 });
    const free = await createSession(stripe, {
      line_items: [{ quantity: 1, price_data: { currency: 'usd', unit_amount: 0, product_data: { name: 'Trial' } } }],
    });
    const discounted = await createSession(stripe, { discounts: [{ coupon: 'FREE' }] });
    for (const { id } of [free, discounted]) {
      sandbox.pay(id);
      expect(await stripe.checkout.sessions.retrieve(id)).toMatchObject({ payment_status: zeroAmountStatus, payment_intent: null });
    }
    const completed = (await stripe.events.list({ type: 'checkout.session.completed' })).data;
    expect(completed.map(({ data }) => (data.object as Stripe.Checkout.Session).payment_status)).toEqual([
      zeroAmountStatus,
      zeroAmountStatus,
    ]);
  });

  test('setup mode needs no payment, before and after', async () => {
    const { stripe, sandbox } = await startGround();
    const session = await stripe.checkout.sessions.create({ mode: 'setup', currency: 'usd', success_url: 'http://127.0.0.1/' });
    expect(session).toMatchObject({ payment_status: 'no_payment_required', amount_total: null });
    sandbox.pay(session.id);
    expect(await stripe.checkout.sessions.retrieve(session.id)).toMatchObject({
      status: 'complete',
      payment_status: 'no_payment_required',
      payment_intent: null,
    });
  });

  test('subscription mode takes recurring prices and makes no payment intent of its own', async () => {
    const { stripe, sandbox } = await startGround();
    const price_data = { currency: 'usd', unit_amount: 900, recurring: { interval: 'month' as const }, product_data: { name: 'Monthly' } };
    const session = await stripe.checkout.sessions.create({
      mode: 'subscription',
      line_items: [{ quantity: 1, price_data }],
      success_url: 'http://127.0.0.1/',
    });
    sandbox.pay(session.id);
    const paid = await stripe.checkout.sessions.retrieve(session.id);
    expect(paid).toMatchObject({ status: 'complete', payment_status: 'paid', payment_intent: null });
    expect(paid.subscription).toMatch(/^sub_/);
  });
});

describe('discounts and tax', () => {
  test('a promotion code typed on the page changes the total by parts', async () => {
    const { stripe, sandbox } = await startGround();
    const coupon = await stripe.coupons.create({ amount_off: 4_000, currency: 'twd' });
    await stripe.promotionCodes.create({ promotion: { type: 'coupon', coupon: coupon.id }, code: 'SPRING' });
    const { id } = await createSession(stripe, { allow_promotion_codes: true });
    expect(() => sandbox.pay(id, { promotionCode: 'AUTUMN' })).toThrow('The code AUTUMN is invalid.');
    sandbox.pay(id, { promotionCode: 'spring' });
    const paid = await stripe.checkout.sessions.retrieve(id, { expand: ['payment_intent', 'discounts.promotion_code'] });
    expect(paid).toMatchObject({
      amount_subtotal: 29_000,
      amount_total: 25_000,
      total_details: { amount_discount: 4_000 },
      payment_intent: { amount_received: 25_000 },
      discounts: [{ coupon: null, promotion_code: { code: 'SPRING' } }],
    });
  });

  test('automatic tax comes on top when the customer pays', async () => {
    const { stripe, sandbox } = await startGround();
    const session = await createSession(stripe, { automatic_tax: { enabled: true } });
    expect(session).toMatchObject({ amount_total: 29_000, automatic_tax: { status: 'requires_location_inputs' } });
    sandbox.pay(session.id);
    expect(await stripe.checkout.sessions.retrieve(session.id)).toMatchObject({
      amount_subtotal: 29_000,
      amount_total: 31_900,
      total_details: { amount_tax: 2_900 },
      automatic_tax: { status: 'complete' },
    });
  });
});

describe('expiry', () => {
  test('comes by the clock, at expires_at, and not before', async () => {
    const { stripe, sandbox } = await startGround();
    const { id } = await createSession(stripe);
    await sandbox.advance(24 * HOUR_MS - 60_000);
    expect((await stripe.checkout.sessions.retrieve(id)).status).toBe('open');
    await sandbox.advance(60_000);
    expect(await stripe.checkout.sessions.retrieve(id)).toMatchObject({ status: 'expired', payment_status: 'unpaid', url: null });
    expect(() => sandbox.pay(id)).toThrow(/is expired/);
  });

  test('comes at once by the API, and only for an open session', async () => {
    const { stripe } = await startGround();
    const { id } = await createSession(stripe);
    expect((await stripe.checkout.sessions.expire(id)).status).toBe('expired');
    expect(await errorOf(stripe.checkout.sessions.expire(id))).toMatchObject({
      statusCode: 400,
      message: expect.stringContaining('status of expired'),
    });
  });

  test('with recovery leaves a link that makes a new session', async () => {
    const { stripe, sandbox } = await startGround();
    const { id } = await createSession(stripe, { after_expiration: { recovery: { enabled: true } } });
    const expired = await stripe.checkout.sessions.expire(id);
    const link = expired.after_expiration?.recovery?.url ?? '';
    const response = await fetch(link, { redirect: 'manual' });
    expect(response.status).toBe(303);
    const newId = response.headers.get('location')?.split('/').at(-1) ?? '';
    expect(await stripe.checkout.sessions.retrieve(newId)).toMatchObject({ status: 'open', recovered_from: id, amount_total: 29_000 });
    await sandbox.advance(31 * 24 * HOUR_MS);
    expect((await fetch(link, { redirect: 'manual' })).status).toBe(404);
  });
});

describe('updates', () => {
  test('merge metadata, and an empty value removes a key', async () => {
    const { stripe } = await startGround();
    const { id } = await createSession(stripe, { metadata: { a: '1', b: '2' } });
    const updated = await stripe.checkout.sessions.update(id, { metadata: { b: '', c: '3' } });
    expect(updated.metadata).toEqual({ a: '1', c: '3' });
  });
});
