// Starting a checkout, against the sandbox: what is durable before the customer has the URL, and what is refused.
import type Stripe from 'stripe';
import { describe, expect, test } from 'vitest';
import { openShop, plan, refusal, storyOf } from '../shop.test-support.ts';

const createRoute = 'POST /v1/checkout/sessions';
const retrieveRoute = 'GET /v1/checkout/sessions/:session';

describe('startCheckout', () => {
  test('has placed the order and linked the session when it answers', async () => {
    const { payments, ledger, sandbox } = await openShop();
    const { sessionId, url } = await payments.startCheckout(plan);
    expect(url).toBe(`${sandbox.url}/c/pay/${sessionId}`);
    expect(await ledger.orderOf(sessionId)).toMatchObject({
      orderId: 'order-1',
      memberId: 'member-1',
      expected: { amountMinor: 1_000, currency: 'eur' },
      account: sandbox.account,
      livemode: false,
      checkouts: [{ payment: { provider: 'stripe', account: sandbox.account, livemode: false, id: sessionId } }],
    });
  });

  test('marks the session and its future payment intent as ours, and keeps what the caller gave', async () => {
    const { checkout, stripe, sandbox } = await openShop();
    const sessionId = await checkout({ session: { metadata: { cart: '7' }, payment_intent_data: { metadata: { cart: '7' } } } });
    sandbox.pay(sessionId);
    const session = await stripe.checkout.sessions.retrieve(sessionId, { expand: ['payment_intent'] });
    const marks = { paidonce: 'paidonce', paidonce_order: 'order-1', paidonce_ledger: expect.any(String), cart: '7' };
    expect(session.metadata).toEqual(marks);
    expect(session.payment_intent).toMatchObject({ metadata: marks });
  });

  test('sends the customer back with the id of the session', async () => {
    const { checkout, sandbox } = await openShop();
    const sessionId = await checkout({ successUrl: 'https://shop.example/done?lang=de' });
    expect(sandbox.pay(sessionId)).toMatchObject({ successUrl: `https://shop.example/done?lang=de&session_id=${sessionId}` });
  });

  test('answers the same session while it is open: by one look, not by another session', async () => {
    const { payments, sandbox, ledger } = await openShop();
    const first = await payments.startCheckout(plan);
    sandbox.calls.reset();
    expect(await payments.startCheckout(plan)).toEqual(first);
    expect(sandbox.calls.byRoute()).toEqual({ [retrieveRoute]: 1 });
    expect((await ledger.order('order-1'))?.checkouts).toHaveLength(1);
  });

  test('makes a new session once the last one has expired', async () => {
    const { checkout, sandbox, ledger } = await openShop();
    const first = await checkout();
    sandbox.expire(first);
    const second = await checkout();
    expect(second).not.toBe(first);
    expect((await ledger.order('order-1'))?.checkouts.map(({ payment }) => payment.id)).toEqual([first, second]);
  });

  test('called twice at once makes one session', async () => {
    const { payments, ledger } = await openShop();
    const [a, b] = await Promise.all([payments.startCheckout(plan), payments.startCheckout(plan)]);
    expect(a).toEqual(b);
    expect((await ledger.order('order-1'))?.checkouts).toHaveLength(1);
  });

  test('called twice at once on other parameters leaves one session to pay, and both callers have it', async () => {
    const { payments, stripe } = await openShop();
    const visit = (nonce: string) => payments.startCheckout({ ...plan, successUrl: `https://shop.example/done?visit=${nonce}` });
    const visits = await Promise.all([visit('a'), visit('b'), visit('c')]);
    const { data: open } = await stripe.checkout.sessions.list({ status: 'open' });
    expect(open).toHaveLength(1);
    expect(visits.map(({ sessionId }) => sessionId)).toEqual(visits.map(() => open[0]?.id));
  });

  test('ends what a start that died left open beside the first session', async () => {
    const { payments, stripe, ledger, sandbox } = await openShop();
    const first = await payments.startCheckout(plan);
    const left = await stripe.checkout.sessions.create({
      mode: 'payment',
      line_items: [{ quantity: 1, price_data: { currency: 'eur', unit_amount: 1_000, product_data: { name: 'Year' } } }],
      success_url: 'https://shop.example/',
    });
    await ledger.attachCheckout('order-1', { provider: 'stripe', account: sandbox.account, livemode: false, id: left.id });
    expect(await payments.startCheckout(plan)).toEqual(first);
    expect((await stripe.checkout.sessions.retrieve(left.id)).status).toBe('expired');
  });

  test('takes metadata without a value, which Stripe does not keep', async () => {
    const { checkout, stripe } = await openShop();
    const metadata = { referrer: undefined, coupon: null, note: '', cart: 7 } as unknown as Stripe.MetadataParam;
    const sessionId = await checkout({ session: { metadata } });
    const { metadata: kept } = await stripe.checkout.sessions.retrieve(sessionId);
    expect(kept).toEqual({ paidonce: 'paidonce', paidonce_order: 'order-1', paidonce_ledger: expect.any(String), cart: '7' });
  });

  test('whose answer was lost makes one session: the retry has the same key', async () => {
    const { checkout, stripe, sandbox } = await openShop();
    sandbox.injectFault({ kind: 'answer_lost', method: 'POST', path: '/v1/checkout/sessions' });
    const sessionId = await checkout();
    const { data } = await stripe.checkout.sessions.list();
    expect(data.map(({ id }) => id)).toEqual([sessionId]);
  });

  test('that was never answered may be started with other parameters, as after a deploy: they make another key', async () => {
    const { sandbox, payments } = await openShop({ payments: { runtime: { sleep: () => Promise.resolve() } } });
    sandbox.injectFault({ kind: 'answer_lost', times: 20, method: 'POST', path: '/v1/checkout/sessions' });
    expect((await refusal(payments.startCheckout(plan))).code).toBe('provider_unavailable');
    sandbox.clearFaults();
    expect(await payments.startCheckout({ ...plan, session: { locale: 'de' } })).toMatchObject({
      sessionId: expect.stringMatching(/^cs_/),
    });
  });

  test('goes on with a fresh key where Stripe replays a failure of its own', async () => {
    const { checkout, sandbox } = await openShop();
    sandbox.injectFault({ kind: 'status', status: 500, method: 'POST', path: '/v1/checkout/sessions' });
    expect(await checkout()).toMatch(/^cs_/);
    // The failure, its replay on the same key, the fresh key.
    expect(sandbox.calls.count(createRoute)).toBe(3);
  });

  test('goes on with a fresh key where Stripe replays a refusal whose cause was mended', async () => {
    const { payments, stripe, sandbox } = await openShop();
    const refused = { kind: 'status', status: 400, stored: true, method: 'POST', path: '/v1/checkout/sessions' } as const;
    for (const calls of [1, 2, 3, 4, 5, 6]) {
      sandbox.calls.reset();
      sandbox.injectFault({ ...refused, times: calls }); // Each start asks with the keys that were refused, and with one more.
      expect((await refusal(payments.startCheckout(plan))).code).toBe('invalid_input');
      expect(sandbox.calls.count(createRoute)).toBe(calls);
    }
    const { sessionId } = await payments.startCheckout(plan);
    expect((await stripe.checkout.sessions.list()).data.map(({ id }) => id)).toEqual([sessionId]);
  });

  test('makes no second session after a refusal, where the answer to the fresh key was lost', async () => {
    const { payments, stripe, sandbox } = await openShop({ payments: { runtime: { sleep: () => Promise.resolve() } } });
    const make = { method: 'POST', path: '/v1/checkout/sessions' } as const;
    sandbox.injectFault({ ...make, kind: 'status', status: 400, stored: true });
    expect((await refusal(payments.startCheckout(plan))).code).toBe('invalid_input');
    sandbox.injectFault({ ...make, kind: 'slow', delayMs: 0 }); // The refusal is replayed.
    sandbox.injectFault({ ...make, kind: 'answer_lost', times: 20 });
    expect((await refusal(payments.startCheckout(plan))).code).toBe('provider_unavailable');
    sandbox.clearFaults();
    const { sessionId } = await payments.startCheckout(plan);
    expect((await stripe.checkout.sessions.list()).data.map(({ id }) => id)).toEqual([sessionId]);
  });

  test('says so where Stripe does not answer, and leaves no order', async () => {
    const { payments, sandbox, ledger } = await openShop({ payments: { runtime: { sleep: () => Promise.resolve() } } });
    sandbox.injectFault({ kind: 'status', status: 503, times: 20, path: '/v1/checkout/sessions' });
    expect((await refusal(payments.startCheckout(plan))).code).toBe('provider_unavailable');
    expect(await ledger.order('order-1')).toBeUndefined();
  });

  test('of an order on other terms names the order, and leaves no open session', async () => {
    const { payments, stripe } = await openShop();
    const { sessionId } = await payments.startCheckout(plan);
    const error = await refusal(payments.startCheckout({ ...plan, plan: 'month' }));
    expect([error.code, error.message]).toEqual([
      'invalid_input',
      expect.stringContaining('Order order-1 was placed on other terms: plan was year and is month'),
    ]);
    const { data } = await stripe.checkout.sessions.list({ status: 'open' });
    expect(data.map(({ id }) => id)).toEqual([sessionId]);
  });

  test('of an order that is paid already is refused, also where only Stripe knows it', async () => {
    const { payments, checkout, sandbox, ledger } = await openShop();
    sandbox.pay(await checkout(), { fate: 'lost' });
    const error = await refusal(payments.startCheckout(plan));
    expect([error.code, error.message]).toEqual(['already_paid', expect.stringContaining('Order order-1 is paid already')]);
    expect(await ledger.order('order-1')).toMatchObject({ membership: 'active', grantedBy: 'status_query' });
  });

  test('of an order that a webhook reported as paid is refused without a session', async () => {
    const { payments, checkout, sandbox } = await openShop();
    sandbox.pay(await checkout());
    await sandbox.deliverDue();
    sandbox.calls.reset();
    expect((await refusal(payments.startCheckout(plan))).code).toBe('already_paid');
    expect(sandbox.calls.count()).toBe(0);
  });

  test('of an order whose debit is being collected is refused, until that fails', async () => {
    const { payments, stripe, checkout, sandbox } = await openShop();
    const sessionId = await checkout();
    sandbox.pay(sessionId, { card: 'processing_fails' });
    await sandbox.deliverDue();
    sandbox.calls.reset();
    const error = await refusal(payments.startCheckout(plan));
    expect(sandbox.calls.byRoute()).toEqual({ [retrieveRoute]: 1 });
    expect([error.code, error.message]).toEqual(['payment_under_way', expect.stringContaining('A payment of order order-1 is under way')]);
    sandbox.settle(String((await stripe.checkout.sessions.retrieve(sessionId)).payment_intent));
    await sandbox.deliverDue();
    expect((await payments.startCheckout(plan)).sessionId).not.toBe(sessionId);
  });

  test('after a refund sells again, by another session', async () => {
    const { checkout, sandbox, ledger } = await openShop();
    const first = await checkout();
    sandbox.pay(first);
    sandbox.refund(first);
    await sandbox.deliverDue();
    expect(await ledger.order('order-1')).toMatchObject({ membership: 'revoked' });
    sandbox.pay(await checkout());
    await sandbox.deliverDue();
    expect(await ledger.order('order-1')).toMatchObject({ membership: 'active' });
  });
});

describe('a session that costs something else', () => {
  const line = (unit_amount: number, currency = 'eur') => [
    { quantity: 1, price_data: { currency, unit_amount, product_data: { name: 'Year' } } },
  ];

  test.each([
    ['less', { line_items: line(900) }],
    ['more', { line_items: line(1_001) }],
  ])('%s: it is expired, there is no URL, and no order', async (_, session) => {
    const { payments, stripe, ledger } = await openShop();
    expect((await refusal(payments.startCheckout({ ...plan, session }))).code).toBe('amount_differs');
    const { data } = await stripe.checkout.sessions.list();
    expect(data.map(({ status }) => status)).toEqual(['expired']);
    expect(await ledger.order('order-1')).toBeUndefined();
  });

  test('another currency: it is refused before there is a session', async () => {
    const { payments, sandbox } = await openShop();
    for (const session of [{ line_items: line(1_000, 'usd') }, { currency: 'usd' }]) {
      const error = await refusal(payments.startCheckout({ ...plan, session }));
      expect([error.code, error.message]).toEqual(['amount_differs', expect.stringContaining('is in eur, but its session is in usd')]);
    }
    expect(sandbox.calls.count()).toBe(0);
  });

  test('may be mended, and started again at once', async () => {
    const { payments, checkout } = await openShop();
    await refusal(payments.startCheckout({ ...plan, session: { line_items: line(900) } }));
    expect(await checkout({ session: { line_items: line(1_000) } })).toMatch(/^cs_/);
  });

  test('is none where only a discount makes it cheaper', async () => {
    const { checkout, stripe, sandbox, ledger } = await openShop();
    const coupon = await stripe.coupons.create({ percent_off: 25, duration: 'once' });
    const sessionId = await checkout({ session: { discounts: [{ coupon: coupon.id }] } });
    sandbox.pay(sessionId);
    await sandbox.deliverDue();
    expect(await ledger.order('order-1')).toMatchObject({ membership: 'active', openReviews: [] });
  });
});

describe('bad input is refused before Stripe is asked', () => {
  // biome-ignore format: a table
  test.each([
    ['an id outside the alphabet', { orderId: 'a/b' }, 'order.orderId'],
    ['an empty member', { memberId: '' }, 'order.memberId'],
    ['a negative amount', { amountMinor: -1 }, 'order.amountMinor'],
    ['a fractional amount', { amountMinor: 9.99 }, 'order.amountMinor'],
    ['an unknown currency', { currency: 'eu' }, 'order.currency'],
    ['a currency in capitals', { currency: 'EUR' }, 'order.currency'],
    ['a relative URL', { successUrl: '/done' }, 'order.successUrl'],
    ['a script as URL', { cancelUrl: 'javascript:alert(1)' }, 'order.cancelUrl'],
    ['an encoded placeholder', { successUrl: 'https://shop.example/?id=%7BCHECKOUT_SESSION_ID%7D' }, '%7BCHECKOUT_SESSION_ID%7D'],
    ['a mode', { session: { mode: 'setup' } }, 'order.session'],
    ['a misspelt field', { sucessUrl: 'https://shop.example/' }, 'sucessUrl'],
  ])('%s', async (_, changes, named) => {
    const { payments, sandbox } = await openShop();
    const error = await refusal(payments.startCheckout({ ...plan, ...changes } as typeof plan));
    expect([error.code, error.message]).toEqual(['invalid_input', expect.stringContaining(named)]);
    expect(sandbox.calls.count()).toBe(0);
  });

  test('and what Stripe refuses is reported in its words', async () => {
    const { payments } = await openShop();
    const error = await refusal(payments.startCheckout({ ...plan, session: { line_items: [{ price: 'price_none', quantity: 1 }] } }));
    expect([error.code, error.message]).toEqual(['invalid_input', expect.stringContaining('price_none')]);
  });
});

describe('siblings', () => {
  test('once a session is paid, the other open ones of the order are expired', async () => {
    const { checkout, sandbox, stripe, payments, ledger } = await openShop();
    const paid = await checkout();
    // Two processes that started at once, on parameters that a deploy had changed.
    const other = await stripe.checkout.sessions.create({
      mode: 'payment',
      line_items: [{ quantity: 1, price_data: { currency: 'eur', unit_amount: 1_000, product_data: { name: 'Year' } } }],
      success_url: 'https://shop.example/',
    });
    await ledger.attachCheckout('order-1', { provider: 'stripe', account: sandbox.account, livemode: false, id: other.id });
    sandbox.pay(paid);
    await sandbox.deliverDue();
    await payments[Symbol.asyncDispose](); // Waits for what is under way.
    expect((await stripe.checkout.sessions.retrieve(other.id)).status).toBe('expired');
    expect(await storyOf(ledger)).toContain('MembershipGranted');
  });
});
