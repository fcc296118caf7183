import { LedgerError } from '@paidonce/ledger';
import type { PaymentStatus } from '@paidonce/stripe-adapter';
import Fastify from 'fastify';
import { describe, expect, test } from 'vitest';
import { mounted } from './mounted.test-support.ts';

const session = 'cs_test_a1B2c3';
const pending: PaymentStatus = { state: 'pending', stale: false, nextPollAfterMs: 2_000 };

/** All that tells one answer from another, apart from the clock. */
async function visible(response: Response): Promise<object> {
  const { date: _, ...headers } = Object.fromEntries(response.headers);
  return { status: response.status, headers, body: await response.text() };
}

describe('a session that is ours', () => {
  test('is answered with state, staleness and when to ask again, and nothing else', async () => {
    const { url, answers } = await mounted();
    answers.status = async () => ({ ...pending, orderId: 'order-1', memberId: 'member-1' }) as PaymentStatus;
    const response = await fetch(`${url}/payment/status/${session}`);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('{"state":"pending","stale":false,"nextPollAfterMs":2000}');
  });

  test('may be a payment intent: what was started without a session is asked for by its own id', async () => {
    const { url, answers, asked } = await mounted();
    answers.status = async (id) => (id === 'pi_3A1b2' ? pending : undefined);
    const response = await fetch(`${url}/payment/status/pi_3A1b2?payment_intent_client_secret=pi_3A1b2_secret_x&redirect_status=succeeded`);
    expect(await response.json()).toEqual(pending);
    expect(asked).toEqual([['pi_3A1b2']]);
  });

  test('needs no further question once it is settled', async () => {
    const { url, answers } = await mounted();
    answers.status = async () => ({ state: 'active', stale: true });
    expect(await (await fetch(`${url}/payment/status/${session}`)).json()).toEqual({ state: 'active', stale: true });
  });

  test('is asked for by its id alone: no query string, header or body says anything', async () => {
    const { url, answers, asked } = await mounted();
    answers.status = async (sessionId) => (sessionId === session ? pending : undefined);
    for (const query of ['', '?', '?status=paid', '?session_id=cs_other&payment_status=paid&redirect_status=succeeded', '?sessionId=x']) {
      const response = await fetch(`${url}/payment/status/${session}${query}`, { headers: { 'x-payment-status': 'paid' } });
      expect(await response.json()).toEqual(pending);
    }
    expect(asked).toEqual(Array.from({ length: 5 }, () => [session]));
  });
});

describe('a session that is not ours', () => {
  const malformed = ['%20', 'a%2Fb', 'a%00', 'caf%C3%A9', "a'b", `${session}%0A`, 'x'.repeat(129)];

  test.each(malformed)('malformed as %j, it gets the very answer of an unknown one, and nobody is asked', async (id) => {
    const { url, asked } = await mounted({ statusRateLimit: false }, { app: Fastify({ routerOptions: { maxParamLength: 500 } }) });
    const unknown = await visible(await fetch(`${url}/payment/status/cs_unknown`));
    expect(unknown).toMatchObject({ status: 404, body: '{"error":"not_found"}' });
    expect(await visible(await fetch(`${url}/payment/status/${id}`))).toEqual(unknown);
    expect(asked).toEqual([['cs_unknown']]);
  });

  test('refused by the adapter as malformed, it gets the same answer', async () => {
    const { url, answers } = await mounted();
    answers.status = () => Promise.reject(new LedgerError('invalid_input', 'no session id'));
    const response = await fetch(`${url}/payment/status/pi_1`);
    expect(response.status).toBe(404);
    expect(await response.text()).toBe('{"error":"not_found"}');
  });
});

describe('when it cannot be told', () => {
  test('a store that cannot answer gets 503', async () => {
    const { url, answers } = await mounted();
    answers.status = () => Promise.reject(new LedgerError('store_unavailable', 'told to'));
    expect((await fetch(`${url}/payment/status/${session}`)).status).toBe(503);
  });

  test('an error of Stripe gets 500, not its own status', async () => {
    const { url, answers } = await mounted();
    answers.status = () => Promise.reject(Object.assign(new Error('No such session'), { statusCode: 404 }));
    const response = await fetch(`${url}/payment/status/${session}`);
    expect(response.status).toBe(500);
    expect(await response.text()).toBe('{"error":"internal"}');
  });
});

test('no answer is stored on the way or tells where it came from', async () => {
  const { url, answers } = await mounted({ statusRateLimit: { max: 3, timeWindowMs: 60_000 } });
  const statuses: number[] = [];
  const outcomes = [async () => pending, async () => undefined, () => Promise.reject(new Error('told to')), async () => pending];
  for (const outcome of outcomes) {
    answers.status = outcome;
    const response = await fetch(`${url}/payment/status/${session}`);
    statuses.push(response.status);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('referrer-policy')).toBe('no-referrer');
  }
  expect(statuses).toEqual([200, 404, 500, 429]);
});

describe('a client address may ask so often', () => {
  test('beyond that it gets 429 and when to come back, and nobody is asked', async () => {
    const { url, asked, post } = await mounted({ statusRateLimit: { max: 2, timeWindowMs: 60_000 } });
    const ask = (): Promise<Response> => fetch(`${url}/payment/status/${session}`);
    expect([(await ask()).status, (await ask()).status]).toEqual([404, 404]);
    const refused = await ask();
    expect(refused.status).toBe(429);
    expect(await refused.json()).toEqual({ error: 'too_many_requests' });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(asked).toHaveLength(2);
    expect((await post('{}')).status).toBe(200);
  });

  test('another address is counted apart', async () => {
    const { url } = await mounted({ statusRateLimit: { max: 1, timeWindowMs: 60_000 } }, { app: Fastify({ trustProxy: true }) });
    const askFrom = async (address: string): Promise<number> =>
      (await fetch(`${url}/payment/status/${session}`, { headers: { 'x-forwarded-for': address } })).status;
    expect([await askFrom('192.0.2.1'), await askFrom('192.0.2.1'), await askFrom('192.0.2.2')]).toEqual([404, 429, 404]);
  });

  test('an address that an unknown machine writes is not believed, where the host names its proxies', async () => {
    const from = async (url: string, address: string): Promise<number> =>
      (await fetch(`${url}/payment/status/${session}`, { headers: { 'x-forwarded-for': address } })).status;
    const limit = { statusRateLimit: { max: 1, timeWindowMs: 60_000 } };
    const named = await mounted(limit, { app: Fastify({ trustProxy: ['127.0.0.1', '::1'] }) });
    // The proxy adds the address that it sees; the client wrote the ones before it.
    expect([await from(named.url, '203.0.113.1, 192.0.2.1'), await from(named.url, '203.0.113.2, 192.0.2.1')]).toEqual([404, 429]);
    const other = await mounted(limit, { app: Fastify({ trustProxy: ['192.0.2.9'] }) });
    expect([await from(other.url, '203.0.113.1'), await from(other.url, '203.0.113.2')]).toEqual([404, 429]);
  });

  test('120 times a minute by default, any number where the host says so', async () => {
    const ask = async (url: string): Promise<number> => (await fetch(`${url}/payment/status/${session}`)).status;
    const limited = await mounted();
    const free = await mounted({ statusRateLimit: false });
    for (let count = 0; count < 120; count += 1) expect([await ask(limited.url), await ask(free.url)]).toEqual([404, 404]);
    expect([await ask(limited.url), await ask(free.url)]).toEqual([429, 404]);
  });
});

test.each(['HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('%s asks nothing', async (method) => {
  const { url, asked } = await mounted();
  expect((await fetch(`${url}/payment/status/${session}`, { method })).status).toBe(404);
  expect(asked).toEqual([]);
});

test('the path is the host’s to choose', async () => {
  const { url, asked } = await mounted({ statusPath: '/bought/:sessionId' });
  await fetch(`${url}/bought/${session}`);
  expect(asked).toEqual([[session]]);
});
