// The API's manners, as the real package meets them: keys, errors, headers, idempotency, lists, expansion, faults.
import Stripe from 'stripe';
import { describe, expect, test } from 'vitest';
import { checkedAnswers, clientOf, createSession, errorOf, HOUR_MS, startGround, startSandbox } from './sandbox.test-support.ts';

describe('headers', () => {
  test('each answer has a request id, the API version, and the date of the sandbox', async () => {
    const { stripe, sandbox } = await startGround();
    await sandbox.advance(400 * HOUR_MS);
    const { lastResponse } = await stripe.accounts.retrieveCurrent();
    expect(lastResponse.requestId).toMatch(/^req_[A-Za-z0-9]{14}$/);
    expect(lastResponse.apiVersion).toBe(Stripe.API_VERSION);
    const date = Date.parse(String(lastResponse.headers.date));
    expect(Math.abs(date - sandbox.now().getTime())).toBeLessThan(60_000);
    expect(date - Date.now()).toBeGreaterThan(399 * HOUR_MS);
  });

  test('without a version in the request the account has one, the package’s own', async () => {
    const { sandbox } = await startGround();
    const response = await fetch(`${sandbox.url}/v1/account`, { headers: { authorization: 'Bearer sk_test_x' } });
    expect(response.headers.get('stripe-version')).toBe(Stripe.API_VERSION);
  });
});

describe('keys', () => {
  test('the account answers any test key, by bearer or as a user name', async () => {
    const { sandbox, stripe } = await startGround();
    expect(await stripe.accounts.retrieveCurrent()).toMatchObject({ id: sandbox.account, object: 'account', charges_enabled: true });
    const basic = Buffer.from('sk_test_123456789012:').toString('base64');
    expect((await fetch(`${sandbox.url}/v1/account`, { headers: { authorization: `Basic ${basic}` } })).status).toBe(200);
  });

  test('no key, a live key, and another key than the one agreed are refused with 401', async () => {
    const sandbox = await startSandbox({ secretKey: 'sk_test_the_only_one' });
    expect((await fetch(`${sandbox.url}/v1/account`)).status).toBe(401);
    const error = await errorOf(clientOf(sandbox, 'sk_live_123456789012').accounts.retrieveCurrent());
    expect(error).toMatchObject({ type: 'StripeAuthenticationError', statusCode: 401, message: expect.stringContaining('live key') });
    const other = await errorOf(clientOf(sandbox, 'sk_test_another_one').accounts.retrieveCurrent());
    expect(other.message).toBe('Invalid API Key provided: sk_test_****');
    expect((await clientOf(sandbox, 'sk_test_the_only_one').accounts.retrieveCurrent()).id).toBe(sandbox.account);
  });

  test('another account is refused with 403', async () => {
    const { stripe } = await startGround();
    const error = await errorOf(stripe.balanceTransactions.list({}, { stripeAccount: 'acct_other' }));
    expect(error).toMatchObject({ type: 'StripePermissionError', statusCode: 403, code: 'account_invalid' });
  });
});

describe('errors', () => {
  test('an unknown object is 404 resource_missing, with all that Stripe tells', async () => {
    const { stripe } = await startGround();
    const error = await errorOf(stripe.checkout.sessions.retrieve('cs_test_nobody'));
    expect(error).toMatchObject({
      type: 'StripeInvalidRequestError',
      rawType: 'invalid_request_error',
      statusCode: 404,
      code: 'resource_missing',
      param: 'id',
      message: "No such checkout.session: 'cs_test_nobody'",
      doc_url: 'https://stripe.com/docs/error-codes/resource-missing',
      request_log_url: expect.stringContaining(String(error.requestId)),
    });
    expect(error.headers?.['stripe-should-retry']).toBe('false');
  });

  test('an unknown entry is 404 and names it', async () => {
    const { stripe } = await startGround();
    const error = await errorOf(stripe.payouts.list());
    expect(error).toMatchObject({ statusCode: 404, message: expect.stringContaining('Unrecognized request URL (GET: /v1/payouts)') });
  });

  test('a JSON body is refused by name', async () => {
    const { sandbox } = await startGround();
    const headers = { authorization: 'Bearer sk_test_x', 'content-type': 'application/json' };
    const response = await fetch(`${sandbox.url}/v1/refunds`, { method: 'POST', headers, body: '{}' });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { message: expect.stringContaining('application/x-www-form-urlencoded') } });
  });

  test('a body over the limit is 413', async () => {
    const { sandbox } = await startGround();
    const response = await fetch(`${sandbox.url}/v1/refunds`, {
      method: 'POST',
      headers: { authorization: 'Bearer sk_test_x' },
      body: 'a'.repeat(1_048_577),
    });
    expect(response.status).toBe(413);
  });
});

describe('idempotency', () => {
  test('the same key and parameters get the first answer again, and nothing new', async () => {
    const { stripe } = await startGround();
    const first = await stripe.coupons.create({ percent_off: 10 }, { idempotencyKey: 'k1' });
    const again = await stripe.coupons.create({ percent_off: 10 }, { idempotencyKey: 'k1' });
    expect(again).toEqual(first);
    expect(again.lastResponse.headers).toMatchObject({ 'idempotent-replayed': 'true', 'original-request': first.lastResponse.requestId });
    expect(first.lastResponse.headers).not.toHaveProperty('idempotent-replayed');
    expect((await stripe.coupons.list()).data).toHaveLength(1);
  });

  test('other parameters with the same key are 400 idempotency_error', async () => {
    const { stripe } = await startGround();
    await stripe.coupons.create({ percent_off: 10 }, { idempotencyKey: 'k1' });
    const error = await errorOf(stripe.coupons.create({ percent_off: 20 }, { idempotencyKey: 'k1' }));
    expect(error).toMatchObject({ type: 'StripeIdempotencyError', statusCode: 400 });
  });

  test('after a day the key is free', async () => {
    const { stripe, sandbox } = await startGround();
    await stripe.coupons.create({ percent_off: 10 }, { idempotencyKey: 'k1' });
    await sandbox.advance(24 * HOUR_MS);
    await stripe.coupons.create({ percent_off: 20 }, { idempotencyKey: 'k1' });
    expect((await stripe.coupons.list()).data.map((coupon) => coupon.percent_off)).toEqual([20, 10]);
  });

  test('a refused parameter is not kept: mended, the key works', async () => {
    const { stripe } = await startGround();
    await errorOf(stripe.coupons.create({ percent_off: 1_000 }, { idempotencyKey: 'k1' }));
    expect((await stripe.coupons.create({ percent_off: 100 }, { idempotencyKey: 'k1' })).percent_off).toBe(100);
  });

  test('while the first request is under way, a second is 409, to be tried again', async () => {
    const { stripe, sandbox } = await startGround();
    sandbox.injectFault({ kind: 'slow', delayMs: 3_600_000, method: 'POST' });
    const first = stripe.coupons.create({ percent_off: 10 }, { idempotencyKey: 'k1' });
    while (sandbox.calls.count() === 0) await new Promise((resolve) => setImmediate(resolve));
    const second = await errorOf(stripe.coupons.create({ percent_off: 10 }, { idempotencyKey: 'k1' }));
    expect(second).toMatchObject({ statusCode: 409, code: 'idempotency_key_in_use' });
    expect(second.headers?.['stripe-should-retry']).toBe('true');
    // The work of the slow one is done; only its answer is not out.
    expect((await stripe.coupons.list()).data).toHaveLength(1);
    await sandbox.close();
    await Promise.allSettled([first]);
  });

  test('a server error is kept, as at Stripe', async () => {
    const { stripe, sandbox } = await startGround();
    sandbox.injectFault({ kind: 'status', status: 500 });
    const params = { percent_off: 10 };
    const first = await errorOf(stripe.coupons.create(params, { idempotencyKey: 'k1' }));
    const second = await errorOf(stripe.coupons.create(params, { idempotencyKey: 'k1' }));
    expect([first.statusCode, second.statusCode]).toEqual([500, 500]);
    expect(second.headers?.['idempotent-replayed']).toBe('true');
    expect((await stripe.coupons.list()).data).toEqual([]);
  });
});

describe('faults', () => {
  test('a refusal is stored under its key where it was told to, and nothing is done', async () => {
    const { stripe, sandbox } = await startGround();
    const create = (idempotencyKey: string) => stripe.coupons.create({ percent_off: 10 }, { idempotencyKey });
    sandbox.injectFault({ kind: 'status', status: 400, stored: true });
    for (const replayed of [undefined, 'true']) {
      const refused = await errorOf(create('k1'));
      expect([refused.type, refused.headers?.['idempotent-replayed']]).toEqual(['StripeInvalidRequestError', replayed]);
    }
    expect((await stripe.coupons.list()).data).toEqual([]);
    sandbox.injectFault({ kind: 'status', status: 400 });
    await errorOf(create('k2'));
    expect((await create('k2')).object).toBe('coupon');
  });

  test('a rate limit says how long to wait, and hits as often as it was told to', async () => {
    const { stripe, sandbox } = await startGround();
    sandbox.injectFault({ kind: 'status', status: 429, retryAfterSeconds: 3, times: 2, path: '/v1/events' });
    await stripe.accounts.retrieveCurrent();
    for (let i = 0; i < 2; i += 1) {
      const error = await errorOf(stripe.events.list());
      expect(error).toMatchObject({ type: 'StripeRateLimitError', statusCode: 429, code: 'rate_limit' });
      expect(error.headers).toMatchObject({ 'retry-after': '3', 'stripe-rate-limited-reason': 'endpoint-rate' });
    }
    expect((await stripe.events.list()).data).toEqual([]);
  });

  test('a lost answer has done its work; the package’s retry gets the kept answer', async () => {
    const { stripe, sandbox } = await startGround();
    sandbox.injectFault({ kind: 'answer_lost' });
    const coupon = await stripe.coupons.create({ percent_off: 10 });
    expect(coupon.lastResponse.headers['idempotent-replayed']).toBe('true');
    expect((await stripe.coupons.list()).data).toHaveLength(1);
  });

  test('a lost request has done nothing; the package’s retry does it', async () => {
    const { stripe, sandbox } = await startGround();
    sandbox.injectFault({ kind: 'request_lost' });
    const coupon = await stripe.coupons.create({ percent_off: 10 }, { maxNetworkRetries: 1 });
    expect(coupon.lastResponse.headers).not.toHaveProperty('idempotent-replayed');
    expect((await stripe.coupons.list()).data).toHaveLength(1);
    expect(sandbox.calls.count('POST /v1/coupons')).toBe(2);
  });

  test('a timeout has done its work and never says so; the caller gives up', async () => {
    const { stripe, sandbox } = await startGround();
    sandbox.injectFault({ kind: 'timeout', path: '/v1/coupons' });
    const given: [Stripe.CouponCreateParams, Stripe.RequestOptions] = [{ percent_off: 10 }, { idempotencyKey: 'k1', timeout: 50 }];
    expect(await errorOf(stripe.coupons.create(...given))).toMatchObject({ type: 'StripeConnectionError' });
    expect((await stripe.coupons.list()).data).toHaveLength(1);
    // Once the caller has hung up, the key is free for the kept answer.
    for (;;) {
      const again = await stripe.coupons.create({ percent_off: 10 }, { idempotencyKey: 'k1' }).catch((error: unknown) => error);
      if (again instanceof Stripe.errors.StripeError) expect(again).toMatchObject({ code: 'idempotency_key_in_use' });
      else {
        expect(again).toMatchObject({ lastResponse: { headers: { 'idempotent-replayed': 'true' } } });
        break;
      }
    }
    expect((await stripe.coupons.list()).data).toHaveLength(1);
  });

  test('a timeout ends with the sandbox', async () => {
    const { stripe, sandbox } = await startGround();
    sandbox.injectFault({ kind: 'timeout' });
    const waiting = errorOf(stripe.accounts.retrieveCurrent());
    while (sandbox.calls.count() === 0) await new Promise((resolve) => setImmediate(resolve));
    await sandbox.close();
    expect(await waiting).toMatchObject({ type: 'StripeConnectionError' });
  });

  test('a gateway answers instead of Stripe, with what it is given; nothing is done', async () => {
    const { stripe, sandbox } = await startGround();
    const gateway = (fault: { status?: number; body?: string }) => sandbox.injectFault({ kind: 'gateway', path: '/v1/coupons', ...fault });
    gateway({});
    const answered = await stripe.coupons.create({ percent_off: 10 });
    expect([answered.lastResponse.statusCode, answered]).toEqual([502, { message: 'Bad gateway' }]);
    gateway({ status: 200, body: '[]' });
    expect(await stripe.coupons.list()).toEqual([]);
    expect((await stripe.coupons.list()).data).toEqual([]);
    expect(() => gateway({ status: 100 })).toThrow(/from 200 to 599/);
  });

  test('another object is answered than was asked for', async () => {
    const { stripe, sandbox } = await startGround();
    const [first, second] = [await createSession(stripe), await createSession(stripe)];
    sandbox.injectFault({ kind: 'other_object', times: 2 });
    expect((await stripe.checkout.sessions.retrieve(first.id)).id).toBe(second.id);
    expect((await stripe.checkout.sessions.list()).object).toBe('balance');
    expect((await stripe.checkout.sessions.retrieve(first.id)).id).toBe(first.id);
  });

  test('a fault without what it needs is refused', async () => {
    const sandbox = await startSandbox();
    expect(() => sandbox.injectFault({ kind: 'status' })).toThrow(/needs a status/);
    expect(() => sandbox.injectFault({ kind: 'slow' })).toThrow(/needs delayMs/);
  });
});

describe('the rate limit', () => {
  test('lets so many calls through in a second of the sandbox, and refuses the rest with 429', async () => {
    const { stripe, sandbox } = await startGround({ callsPerSecond: 2 });
    // The clock stands still: to the start of a second.
    await sandbox.advance(1_000 - (sandbox.now().getTime() % 1_000));
    await stripe.accounts.retrieveCurrent();
    await stripe.accounts.retrieveCurrent();
    const error = await errorOf(stripe.accounts.retrieveCurrent());
    expect(error).toMatchObject({ type: 'StripeRateLimitError', statusCode: 429 });
    expect(error.headers).toMatchObject({ 'retry-after': '1', 'stripe-rate-limited-reason': 'endpoint-rate' });
    await sandbox.advance(1_000);
    expect((await stripe.accounts.retrieveCurrent()).object).toBe('account');
    expect(sandbox.calls.count()).toBe(4);
  });

  test('of nothing is refused', async () => {
    await expect(startSandbox({ callsPerSecond: 0 })).rejects.toThrow('callsPerSecond must be a number above 0, not 0.');
  });
});

describe('the shape of what it says', () => {
  test('is checked for each answer and each webhook of these tests', async () => {
    const { stripe, sandbox, shop } = await startGround();
    const before = checkedAnswers();
    const { id } = await createSession(stripe);
    sandbox.pay(id);
    await sandbox.deliverDue();
    expect(checkedAnswers() - before).toBe(1 + shop.received.length);
  });
});

describe('the call counter', () => {
  test('counts by entry, failed calls too', async () => {
    const { stripe, sandbox } = await startGround();
    const { id } = await createSession(stripe);
    await stripe.checkout.sessions.retrieve(id);
    await errorOf(stripe.checkout.sessions.retrieve('cs_test_nobody'));
    expect(sandbox.calls.byRoute()).toEqual({ 'GET /v1/checkout/sessions/:session': 2, 'POST /v1/checkout/sessions': 1 });
    expect(sandbox.calls.count('GET /v1/checkout/sessions/:session')).toBe(2);
    sandbox.calls.reset();
    expect(sandbox.calls.count()).toBe(0);
  });

  test('does not count a browser', async () => {
    const { sandbox } = await startGround();
    await fetch(`${sandbox.url}/favicon.ico`);
    await fetch(`${sandbox.url}/_sandbox`);
    expect(sandbox.calls.count()).toBe(0);
  });
});

describe('lists', () => {
  async function withSessions(count: number) {
    const ground = await startGround();
    const ids: string[] = [];
    for (let i = 0; i < count; i += 1) {
      ids.unshift((await createSession(ground.stripe)).id);
      await ground.sandbox.advance(1_000);
    }
    return { ...ground, ids };
  }

  test('are newest first, ten at a time', async () => {
    const { stripe, ids } = await withSessions(12);
    const page = await stripe.checkout.sessions.list();
    expect(page).toMatchObject({ object: 'list', has_more: true, url: '/v1/checkout/sessions' });
    expect(page.data.map(({ id }) => id)).toEqual(ids.slice(0, 10));
  });

  test('go on after an object, back before one, and say where they end', async () => {
    const { stripe, ids } = await withSessions(5);
    const after = await stripe.checkout.sessions.list({ limit: 2, starting_after: String(ids[1]) });
    expect([after.data.map(({ id }) => id), after.has_more]).toEqual([[ids[2], ids[3]], true]);
    const last = await stripe.checkout.sessions.list({ limit: 2, starting_after: String(ids[2]) });
    expect([last.data.map(({ id }) => id), last.has_more]).toEqual([[ids[3], ids[4]], false]);
    const before = await stripe.checkout.sessions.list({ limit: 2, ending_before: String(ids[3]) });
    expect([before.data.map(({ id }) => id), before.has_more]).toEqual([[ids[1], ids[2]], true]);
  });

  test('the package pages through all of them, each once, also while new ones appear', async () => {
    const { stripe, ids } = await withSessions(7);
    const seen: string[] = [];
    for await (const session of stripe.checkout.sessions.list({ limit: 3 })) {
      if (seen.length === 1) await createSession(stripe);
      seen.push(session.id);
    }
    expect(seen).toEqual(ids);
  });

  test('are narrowed by status, time and payment intent', async () => {
    const { stripe, sandbox, ids } = await withSessions(4);
    const [newest, second, third, oldest] = await Promise.all(ids.map((id) => stripe.checkout.sessions.retrieve(id)));
    sandbox.pay(String(second?.id));
    await stripe.checkout.sessions.expire(String(oldest?.id));
    const list = async (params: Stripe.Checkout.SessionListParams) =>
      (await stripe.checkout.sessions.list(params)).data.map(({ id }) => id);
    expect(await list({ status: 'complete' })).toEqual([second?.id]);
    expect(await list({ status: 'expired' })).toEqual([oldest?.id]);
    expect(await list({ status: 'open' })).toEqual([newest?.id, third?.id]);
    const at = Number(third?.created);
    expect(await list({ created: { gte: at } })).toEqual([newest?.id, second?.id, third?.id]);
    expect(await list({ created: { gt: at } })).toEqual([newest?.id, second?.id]);
    expect(await list({ created: { lte: at } })).toEqual([third?.id, oldest?.id]);
    expect(await list({ created: { lt: at } })).toEqual([oldest?.id]);
    expect(await list({ created: at })).toEqual([third?.id]);
    const { payment_intent: intent } = await stripe.checkout.sessions.retrieve(String(second?.id));
    expect(await list({ payment_intent: String(intent) })).toEqual([second?.id]);
  });

  test('expand what they hold', async () => {
    const { stripe, sandbox, ids } = await withSessions(2);
    sandbox.pay(String(ids[1]));
    const { data } = await stripe.checkout.sessions.list({ expand: ['data.payment_intent.latest_charge'] });
    expect(data.map(({ payment_intent: intent }) => intent)).toMatchObject([
      null,
      { object: 'payment_intent', latest_charge: { object: 'charge' } },
    ]);
  });

  test.each([
    [{ limit: 101 }, 'limit'],
    [{ limit: 0 }, 'limit'],
    [{ starting_after: 'cs_test_nobody' }, 'starting_after'],
    [{ expand: ['data.url'] }, 'expand'],
    [{ expand: ['data.a.b.c.d'] }, 'expand'],
    [{ stauts: 'open' }, 'stauts'],
  ])('%j is refused', async (params, param) => {
    const { stripe } = await withSessions(1);
    expect(await errorOf(stripe.checkout.sessions.list(params as object))).toMatchObject({ statusCode: 400, param });
  });
});

describe('starting', () => {
  test('on a taken port says so in one line', async () => {
    const { port } = await startSandbox();
    await expect(startSandbox({ port })).rejects.toThrow(
      `Port ${port} is taken. Stop what listens there, or start the sandbox on another port.`,
    );
  });

  test('with a senseless schedule is refused', async () => {
    await expect(startSandbox({ retryScheduleMs: [-1] })).rejects.toThrow('retryScheduleMs');
  });
});
