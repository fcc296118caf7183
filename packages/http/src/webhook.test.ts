import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { LedgerError, type LedgerErrorCode } from '@paidonce/ledger';
import Fastify, { type FastifyInstance } from 'fastify';
import { Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { mounted, signature, type WebhookOutcome } from './mounted.test-support.ts';

const bodyOf = (response: Response): Promise<unknown> => response.json();
const chunked = (bytes: number): ReadableStream<Uint8Array> => new Blob([new Uint8Array(bytes)]).stream();

describe('what is durable, or none of ours, is acknowledged', () => {
  const acknowledged: readonly WebhookOutcome[] = ['recorded', 'duplicate', 'held', 'not_ours', 'ignored', 'unreadable'];
  test.each(acknowledged)('%s answers 200', async (outcome) => {
    const { post, answers } = await mounted();
    answers.webhook = async () => outcome;
    const response = await post('{}');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(await bodyOf(response)).toEqual({ outcome });
  });

  test('the bytes and the signature arrive as they were sent, whatever they are', async () => {
    const { post, webhooks } = await mounted();
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    await post(bytes);
    await post('{ "a" :1,\r\n"__proto__":{} }');
    expect(webhooks.map(({ rawBody }) => Buffer.from(rawBody))).toEqual([Buffer.from(bytes), Buffer.from('{ "a" :1,\r\n"__proto__":{} }')]);
    expect(webhooks.map((webhook) => webhook.signature)).toEqual([signature, signature]);
  });
});

describe('what is forged, stale or unsigned gets 400', () => {
  test('a signature that does not hold', async () => {
    const { post, answers } = await mounted();
    answers.webhook = async () => 'bad_signature';
    const response = await post('{}');
    expect(response.status).toBe(400);
    expect(await bodyOf(response)).toEqual({ error: 'bad_signature' });
  });

  test('no signature, and nobody is asked', async () => {
    const { url, webhooks } = await mounted();
    const response = await fetch(`${url}/webhooks/stripe`, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } });
    expect(response.status).toBe(400);
    expect(await bodyOf(response)).toEqual({ error: 'bad_signature' });
    expect(webhooks).toEqual([]);
  });

  test('each is counted, and one a minute is logged, with the address', async () => {
    const registry = new Registry();
    const lines: string[] = [];
    const stream = { write: (line: string) => void lines.push(line) };
    const { url, post, answers } = await mounted({ metrics: registry }, { app: Fastify({ logger: { level: 'warn', stream } }) });
    answers.webhook = async () => 'bad_signature';
    for (let count = 0; count < 20; count += 1) expect((await post('{}')).status).toBe(400);
    await fetch(`${url}/webhooks/stripe`, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } });
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ address: '127.0.0.1', refused: 1 }]);
    expect(await registry.metrics()).toContain('paidonce_webhooks_total{outcome="bad_signature"} 21');
  });

  test('an empty body is judged by its signature like any other', async () => {
    const { post, answers, webhooks } = await mounted();
    answers.webhook = async () => 'bad_signature';
    expect((await post(null)).status).toBe(400);
    expect(webhooks.map(({ rawBody }) => rawBody.byteLength)).toEqual([0]);
  });
});

describe('only application/json is read', () => {
  test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/json-patch+json', 'application/jsonp', 'json', ''])(
    '%j gets 415',
    async (contentType) => {
      const { post, webhooks } = await mounted();
      const response = await post(new Uint8Array([123, 125]), { headers: { 'content-type': contentType } });
      expect(response.status).toBe(415);
      expect(await bodyOf(response)).toEqual({ error: 'unsupported_media_type' });
      expect(webhooks).toEqual([]);
    },
  );

  test.each(['application/json', 'Application/JSON', 'application/json ; charset=utf-8'])('%j is read', async (contentType) => {
    const { post } = await mounted();
    expect((await post('{}', { headers: { 'content-type': contentType } })).status).toBe(200);
  });
});

describe('a body has a limit', () => {
  const mebibyte = 1024 * 1024;
  test.each([
    ['1 MiB by default', undefined, mebibyte],
    ['as the host says', 1000, 1000],
    ['more, where the host says so', 3 * mebibyte, 3 * mebibyte],
  ])('%s: at the limit it is read, one byte over gets 413', async (_, bodyLimit, limit) => {
    const { post, webhooks } = await mounted(bodyLimit === undefined ? {} : { bodyLimit });
    expect((await post(new Uint8Array(limit))).status).toBe(200);
    expect((await post(chunked(limit))).status).toBe(200);
    expect(webhooks.map(({ rawBody }) => rawBody.byteLength)).toEqual([limit, limit]);

    for (const body of [new Uint8Array(limit + 1), chunked(limit + 1)]) {
      const response = await post(body);
      expect(response.status).toBe(413);
      expect(await bodyOf(response)).toEqual({ error: 'body_too_large' });
    }
    expect(webhooks).toHaveLength(2);
  });
});

describe('a body has a deadline', () => {
  /** Opens a connection and sends headers and the beginning of a body, and no more. */
  async function trickling(url: string, head: string): Promise<{ readonly text: string }> {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.write(`POST /webhooks/stripe HTTP/1.1\r\nhost: shop\r\ncontent-length: 1000\r\n${head}\r\n\r\n{`);
    return { text: await text(socket) };
  }
  const signedJson = `content-type: application/json\r\nstripe-signature: ${signature}`;

  test('then it gets 408, and its connection is closed', async () => {
    const { url, webhooks } = await mounted({ bodyTimeoutMs: 50 });
    const answers = await Promise.all(Array.from({ length: 40 }, () => trickling(url, signedJson)));
    for (const answer of answers) {
      expect(answer.text).toMatch(/^HTTP\/1\.1 408 /);
      expect(answer.text).toContain('{"error":"request_timeout"}');
    }
    expect(webhooks).toEqual([]);
  });

  test.each([
    ['without a signature', 'content-type: application/json', 400],
    ['that is no JSON', 'content-type: text/plain', 415],
  ])('one %s is refused at once, and its connection closed then', async (_, head, status) => {
    const { url } = await mounted({ bodyTimeoutMs: 50 });
    expect((await trickling(url, head)).text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  });

  test('and one whose sender goes away is no error of ours', async () => {
    const lines: string[] = [];
    const stream = { write: (line: string) => void lines.push(line) };
    let answered = 0;
    const before = (app: FastifyInstance): unknown =>
      app.addHook('onSend', async () => {
        answered += 1;
      });
    const { url, webhooks } = await mounted({}, { app: Fastify({ logger: { level: 'warn', stream } }), before });
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.write(`POST /webhooks/stripe HTTP/1.1\r\nhost: shop\r\ncontent-length: 1000\r\n${signedJson}\r\n\r\n{`);
    await fetch(`${url}/health/live`); // The server has the half by now.
    socket.destroy();
    await expect.poll(() => answered).toBe(2);
    expect(lines).toEqual([]);
    expect(webhooks).toEqual([]);
  });

  test('one that comes in time is read whole, and the connection serves the next', async () => {
    const { url, webhooks } = await mounted({ bodyTimeoutMs: 20_000 });
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    const request = `POST /webhooks/stripe HTTP/1.1\r\nhost: shop\r\ncontent-length: 2\r\n${signedJson}\r\n\r\n`;
    socket.write(`${request}{`);
    await setTimeout(5);
    socket.end(`}${request}{}`);
    expect((await text(socket)).match(/HTTP\/1\.1 200 /g)).toHaveLength(2);
    expect(webhooks.map(({ rawBody }) => Buffer.from(rawBody).toString())).toEqual(['{}', '{}']);
  });
});

describe('what is not durable is sent again', () => {
  const statuses: Record<LedgerErrorCode, number> = {
    store_busy: 503,
    store_unavailable: 503,
    store_full: 503,
    contention: 503,
    log_went_back: 503,
    provider_unavailable: 503,
    closed: 503,
    invalid_input: 400,
    order_unknown: 500,
    subscription_unknown: 500,
    already_subscribed: 409,
    not_begun: 409,
    belongs_to_subscription: 409,
    already_paid: 409,
    payment_under_way: 409,
    order_withdrawn: 409,
    duplicate_order: 409,
    amount_differs: 409,
    file_newer: 503,
    corrupt: 503,
  };
  test.each(Object.entries(statuses) as [LedgerErrorCode, number][])('%s gets %i', async (code, status) => {
    const { post, answers } = await mounted();
    answers.webhook = () => Promise.reject(new LedgerError(code, 'told to'));
    const response = await post('{}');
    expect(response.status).toBe(status);
    expect(await bodyOf(response)).toEqual({ error: code });
    expect(response.headers.get('retry-after')).toBe(code === 'store_busy' ? '1' : null);
  });

  test.each([
    ['an error with a status of its own, as Stripe has them', Object.assign(new Error('secret'), { statusCode: 401, code: 'x' })],
    ['a bug', new TypeError('secret')],
    ['no error at all', 'secret'],
    ['nothing', undefined],
  ])('%s gets 500, and tells nothing', async (_, thrown) => {
    const { post, answers } = await mounted();
    answers.webhook = () => Promise.reject(thrown);
    const response = await post('{}');
    expect(response.status).toBe(500);
    expect(await response.text()).toBe('{"error":"internal"}');
  });
});

test.each(['GET', 'PUT', 'DELETE', 'HEAD'])('%s is no webhook', async (method) => {
  const { url, webhooks } = await mounted();
  expect((await fetch(`${url}/webhooks/stripe`, { method })).status).toBe(404);
  expect(webhooks).toEqual([]);
});

test('the path is the host’s to choose', async () => {
  const { post } = await mounted({ webhookPath: '/hooks/payments' });
  expect((await post('{}', { path: '/hooks/payments' })).status).toBe(200);
  expect((await post('{}')).status).toBe(404);
});
