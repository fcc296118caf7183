// The hosted page and the control entries, by plain HTTP: what a browser, curl or a demo would send.
import { describe, expect, test } from 'vitest';
import { createSession, type Ground, HOUR_MS, startGround } from './sandbox.test-support.ts';

async function openPage(changes: object = {}): Promise<Ground & { id: string; url: string }> {
  const ground = await startGround();
  const { id, url } = await createSession(ground.stripe, changes);
  return { ...ground, id, url: String(url) };
}

function post(url: string, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual', headers });
}

describe('the hosted page', () => {
  test('shows the plan, the amount in its currency, the cards and the fates', async () => {
    const { url } = await openPage();
    const response = await fetch(url);
    const page = await response.text();
    expect(response.status).toBe(200);
    for (const text of [
      'Membership, one year',
      'NT$290',
      '4242 4242 4242 4242',
      'Declined: try another one',
      'Processing, succeeds later',
    ]) {
      expect(page).toContain(text);
    }
    for (const fate of ['delivered', 'lost', 'doubled', 'late', 'reordered']) expect(page).toContain(`name="fate" value="${fate}"`);
    expect(page).toMatch(/value="success" checked/);
    expect(page).toMatch(/value="delivered" checked/);
  });

  test('runs no script, loads nothing from outside, and may lead its form to the shop', async () => {
    const { url } = await openPage();
    const response = await fetch(url);
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self' http:\/\/127\.0\.0\.1:3020; base-uri 'none'/);
    expect(await response.text()).not.toMatch(/<script|src=|@import|url\(/);
    expect(response.headers.get('referrer-policy')).toBe('same-origin');
  });

  test('escapes what the shop wrote', async () => {
    const evil = `<img src=x onerror="alert(1)">'`;
    const { url } = await openPage({
      client_reference_id: evil,
      line_items: [{ quantity: 1, price_data: { currency: 'usd', unit_amount: 100, product_data: { name: evil } } }],
      cancel_url: 'http://127.0.0.1/?a="><b>&c=1',
    });
    const page = await (await fetch(url)).text();
    expect(page).not.toContain('<img');
    expect(page).not.toContain('<b>');
    expect(page).toContain('&#60;img src=x');
  });

  test.each([
    { payment_method_types: ['card'] },
    { allowed_payment_method_types: ['card'] },
    { excluded_payment_method_types: ['konbini', 'sepa_debit'] },
  ])('offers only the methods that the session takes: %j', async (methods) => {
    const { url } = await openPage(methods);
    const page = await (await fetch(url)).text();
    expect(page).toContain('value="success"');
    expect(page).not.toContain('value="voucher"');
  });

  test('shows the fate that the shop has chosen', async () => {
    const { url } = await openPage({ metadata: { sandbox_fate: 'late:45' } });
    const page = await (await fetch(url)).text();
    expect(page).toMatch(/value="late" checked/);
    expect(page).toMatch(/name="late_seconds" value="45"/);
    expect(page).toContain('The shop has chosen');
  });

  test('paying leads to the success page with 303, a second click too, and pays once', async () => {
    const { url, id, stripe } = await openPage();
    for (let click = 0; click < 2; click += 1) {
      const response = await post(url, { card: 'success', fate: 'lost' });
      expect([response.status, response.headers.get('location')]).toEqual([303, `http://127.0.0.1:3020/success?session_id=${id}`]);
    }
    expect((await stripe.paymentIntents.list()).data).toHaveLength(1);
    const after = await (await fetch(url)).text();
    expect(after).toContain('This payment is done');
    expect(after).not.toContain('<form');
  });

  test('takes the fate from the form', async () => {
    const { url, shop, sandbox } = await openPage();
    await post(url, { fate: 'late', late_seconds: '7' });
    await sandbox.advance(6_000);
    expect(shop.received).toEqual([]);
    await sandbox.advance(1_000);
    expect(shop.received).toHaveLength(4);
  });

  test('a declined card shows why, as an alert, and the next one pays', async () => {
    const { url, stripe, id } = await openPage();
    const declined = await post(url, { card: 'insufficient_funds' });
    expect(declined.status).toBe(402);
    expect(await declined.text()).toMatch(/role="alert"[^>]*>Your card has insufficient funds\. Try another one\./);
    expect((await post(url, { card: 'success' })).status).toBe(303);
    expect((await stripe.checkout.sessions.retrieve(id)).payment_status).toBe('paid');
  });

  test('3-D Secure leads to the bank’s question, and from there on, or back', async () => {
    const { url, stripe, id } = await openPage();
    const asked = await post(url, { card: 'three_d_secure', fate: 'lost' });
    const bank = asked.headers.get('location') ?? '';
    expect([asked.status, bank]).toEqual([303, expect.stringContaining('/c/authenticate/pi_')]);
    const question = await fetch(bank);
    expect(question.headers.get('content-security-policy')).toContain("form-action 'self' http://127.0.0.1:3020");
    expect(await question.text()).toContain('A payment of NT$290');
    const refused = await post(bank, { answer: 'failed' });
    expect([refused.status, refused.headers.get('location')]).toEqual([303, url]);
    await post(url, { card: 'three_d_secure' });
    const paid = await post(bank, { answer: 'succeeded' });
    expect(paid.headers.get('location')).toBe(`http://127.0.0.1:3020/success?session_id=${id}`);
    expect((await stripe.checkout.sessions.retrieve(id)).payment_status).toBe('paid');
    const late = await post(bank, { answer: 'succeeded' });
    expect([late.status, (await late.text()).includes('waits for no 3-D Secure answer')]).toEqual([400, true]);
  });

  test('cancelling leads back to the shop, and the session stays open', async () => {
    const { url, stripe, id } = await openPage();
    const response = await post(url, { action: 'cancel' });
    expect([response.status, response.headers.get('location')]).toEqual([303, 'http://127.0.0.1:3020/plans']);
    expect((await stripe.checkout.sessions.retrieve(id)).status).toBe('open');
  });

  test('a promotion code is applied, and a wrong one explained', async () => {
    const { url, stripe } = await openPage({ allow_promotion_codes: true });
    const coupon = await stripe.coupons.create({ percent_off: 50 });
    await stripe.promotionCodes.create({ promotion: { type: 'coupon', coupon: coupon.id }, code: 'HALF' });
    const wrong = await post(url, { action: 'apply', promotion_code: 'DOUBLE' });
    expect([wrong.status, (await wrong.text()).includes('The code DOUBLE is invalid.')]).toEqual([400, true]);
    expect(await (await post(url, { action: 'apply', promotion_code: 'HALF' })).text()).toContain('NT$145');
  });

  test.each([
    [{ card: 'gold' }, 'There is no test card gold.'],
    [{ fate: 'eaten' }, 'eaten is no fate of a webhook.'],
    [{ fate: 'late', late_seconds: '-1' }, 'greater than or equal to 0'],
  ])('%j is explained and pays nothing', async (fields, message) => {
    const { url, stripe, id } = await openPage();
    const response = await post(url, fields);
    expect([response.status, (await response.text()).includes(message)]).toEqual([400, true]);
    expect((await stripe.checkout.sessions.retrieve(id)).status).toBe('open');
  });

  test('of an expired session cannot be paid, and an unknown one is 404', async () => {
    const { url, sandbox, stripe, id } = await openPage();
    await sandbox.advance(25 * HOUR_MS);
    const response = await post(url, { card: 'success' });
    expect(await response.text()).toContain('This payment page has expired');
    expect((await stripe.checkout.sessions.retrieve(id)).payment_intent).toBeNull();
    expect((await fetch(`${sandbox.url}/c/pay/cs_test_nobody`)).status).toBe(404);
  });
});

describe('the control entries', () => {
  test('pay, refund, dispute and move the clock from another process', async () => {
    const { sandbox, id, stripe } = await openPage();
    const control = async (path: string, fields: Record<string, string> = {}) =>
      (await post(`${sandbox.url}/_sandbox${path}`, fields)).json();
    expect(await control(`/sessions/${id}/fate`, { fate: 'lost' })).toEqual({});
    expect(await control(`/sessions/${id}/pay`, { card: 'success' })).toMatchObject({ outcome: 'completed' });
    expect(await control(`/payments/${id}/refund`, { amount: '1000' })).toMatchObject({ object: 'refund', amount: 1_000 });
    expect(await control(`/payments/${id}/dispute`, { status: 'lost' })).toMatchObject({ object: 'dispute', status: 'lost' });
    const before = sandbox.now().getTime();
    await control('/clock/advance', { ms: '3600000' });
    expect(sandbox.now().getTime() - before).toBeGreaterThanOrEqual(HOUR_MS);
    expect(await control('/faults', { kind: 'status', status: '503', path: '/v1/account' })).toEqual({
      kind: 'status',
      status: 503,
      path: '/v1/account',
    });
    expect((await fetch(`${sandbox.url}/v1/account`, { headers: { authorization: 'Bearer sk_test_x' } })).status).toBe(503);
    await stripe.accounts.retrieveCurrent();
    expect(await (await fetch(`${sandbox.url}/_sandbox/calls`)).json()).toMatchObject({ byRoute: { 'GET /v1/account': 2 } });
  });

  test('open links, answer banks, end refunds, connect accounts, report events, add endpoints', async () => {
    const { sandbox, id, stripe, shop } = await openPage();
    const control = async (path: string, fields: Record<string, string> = {}) =>
      (await post(`${sandbox.url}/_sandbox${path}`, fields)).json();
    expect(await control(`/sessions/${id}/pay`, { card: 'three_d_secure', fate: 'never_made' })).toMatchObject({
      outcome: 'requires_action',
    });
    const { payment_intent: intent } = await stripe.checkout.sessions.retrieve(id);
    expect(await control(`/payments/${intent}/authenticate`, { outcome: 'succeeded' })).toMatchObject({ intent: { status: 'succeeded' } });
    const refund = await control(`/payments/${id}/refund`, { status: 'pending' });
    expect(refund).toMatchObject({ status: 'pending' });
    expect(await control(`/refunds/${(refund as { id: string }).id}/end`, { status: 'canceled' })).toMatchObject({ status: 'canceled' });
    const price_data = { currency: 'twd', unit_amount: 500, product_data: { name: 'Day' } };
    const link = await stripe.paymentLinks.create({ line_items: [{ quantity: 1, price_data }] });
    expect(await control(`/payment_links/${link.id}/open`, { client_reference_id: 'x' })).toMatchObject({ client_reference_id: 'x' });
    expect(await control('/accounts', { id: 'acct_1Seller' })).toEqual({ id: 'acct_1Seller' });
    expect((await stripe.accounts.retrieve('acct_1Seller')).object).toBe('account');
    await control('/webhook_endpoints', { url: shop.url, secret: 'whsec_x', payload: 'thin' });
    const { reported } = (await control('/events/report_missed')) as { reported: number };
    expect(reported).toBeGreaterThan(0);
    await control('/webhooks/deliver');
    const alerts = shop.types().filter((type) => type === 'v2.core.health.event_generation_failure.resolved');
    expect(alerts).toHaveLength(reported);
  });

  test('take JSON, too, and explain what is wrong', async () => {
    const { sandbox, id } = await openPage();
    const json = (path: string, body: string) =>
      fetch(`${sandbox.url}/_sandbox${path}`, { method: 'POST', body, headers: { 'content-type': 'application/json' } });
    expect((await json(`/sessions/${id}/pay`, '{"card":"declined"}')).status).toBe(200);
    const wrong = await json(`/sessions/${id}/pay`, '{"card":"gold"}');
    expect([wrong.status, await wrong.json()]).toMatchObject([
      400,
      { error: { message: expect.stringContaining('There is no test card gold') } },
    ]);
    expect((await json('/sessions/cs_test_nobody/pay', '{}')).status).toBe(404);
    expect((await json('/clock/advance', '{"msec":5}')).status).toBe(400);
  });

  test('refuse a page of another site', async () => {
    const { sandbox, id, stripe } = await openPage();
    const response = await post(`${sandbox.url}/_sandbox/sessions/${id}/pay`, {}, { origin: 'http://evil.example' });
    expect(response.status).toBe(403);
    expect((await stripe.checkout.sessions.retrieve(id)).status).toBe('open');
  });

  test('the state page shows sessions, payments and deliveries', async () => {
    const { sandbox, id } = await openPage();
    sandbox.pay(id, { fate: 'lost' });
    const page = await (await fetch(`${sandbox.url}/_sandbox`)).text();
    for (const text of ['State of the sandbox', id.slice(0, 20), 'complete, paid', 'checkout.session.completed', 'NT$290'])
      expect(page).toContain(text);
    expect(page).toContain('API calls: 1');
    expect(page).not.toContain('Account acct_');
  });

  test('the state page shows links, missed events, endpoints, faults, and the accounts apart', async () => {
    const { sandbox, stripe, id } = await openPage();
    const price_data = { currency: 'twd', unit_amount: 500, product_data: { name: 'Day' } };
    const params = { line_items: [{ quantity: 1, price_data }], metadata: { paidonce_order: 'order-9' } };
    const seller = await stripe.accounts.create({ type: 'express' });
    const link = await stripe.paymentLinks.create(params, { stripeAccount: seller.id });
    sandbox.pay(id, { fate: 'never_made' });
    sandbox.injectFault({ kind: 'status', status: 503, path: '/v1/refunds' });
    const page = await (await fetch(`${sandbox.url}/_sandbox`)).text();
    for (const text of [
      seller.id,
      `/b/${link.id}`,
      'order-9',
      'Events that were never made',
      'we_configured0',
      'status 503',
      '/v1/refunds',
    ])
      expect(page).toContain(text);
  });
});
