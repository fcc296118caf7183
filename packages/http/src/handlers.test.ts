// The webhook, the status query and the health checks: the plugin and the web-standard handlers answer alike, over real sockets.
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LedgerError, type Logger } from '@paidonce/ledger';
import Fastify from 'fastify';
import { describe, expect, onTestFinished, test } from 'vitest';
import { paymentHandlers } from './fetch.ts';
import { type StandIns, signature, standIns } from './mounted.test-support.ts';
import { nodeHandler } from './node.ts';
import { paymentLedgerPlugin } from './plugin.ts';

type Edge = 'fastify' | 'fetch';
const edges: readonly Edge[] = ['fastify', 'fetch'];

interface Served extends StandIns {
  readonly url: string;
  readonly logged: object[];
  close(): Promise<unknown>;
}

/** @param parse what a body parser of the host leaves on the request before us. */
async function served(edge: Edge, parse?: (req: IncomingMessage) => void): Promise<Served> {
  const parts = standIns();
  const logged: object[] = [];
  if (edge === 'fastify') {
    const app = Fastify();
    await app.register(paymentLedgerPlugin, { payments: parts.payments, bodyLimit: 1_000 });
    const url = await app.listen({ port: 0, host: '127.0.0.1' });
    onTestFinished(() => app.close());
    return { ...parts, url, logged, close: () => app.close() };
  }
  const note = (fields: object, message: string): void => void logged.push({ ...fields, message });
  const log: Logger = { info: note, warn: note, error: note };
  const web = paymentHandlers({ payments: parts.payments, bodyLimit: 1_000, log });
  const handle = nodeHandler(async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === '/webhooks/stripe') return web.webhook(request);
    if (pathname === '/health/live') return web.live();
    if (pathname === '/health/ready') return web.ready();
    return web.status(request);
  });
  const server = createServer((req, res) => {
    parse?.(req);
    void handle(req, res);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return {
    ...parts,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    logged,
    close: async () => parts.payments[Symbol.asyncDispose](),
  };
}

const json = { 'content-type': 'application/json; charset=utf-8', 'stripe-signature': signature };
const status = '/payment/status/cs_1';

// biome-ignore format: a table
const table: readonly (readonly [name: string, path: string, init: RequestInit, code: number, body: string])[] = [
  ['a webhook', '/webhooks/stripe', { method: 'POST', headers: json, body: '{}' }, 200, '{"outcome":"recorded"}'],
  ['a webhook without a signature', '/webhooks/stripe', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }, 400, '{"error":"bad_signature"}'],
  ['a webhook of another type', '/webhooks/stripe', { method: 'POST', headers: { ...json, 'content-type': 'text/plain' }, body: '{}' }, 415, '{"error":"unsupported_media_type"}'],
  ['a webhook that is too long', '/webhooks/stripe', { method: 'POST', headers: json, body: 'x'.repeat(1_001) }, 413, '{"error":"body_too_large"}'],
  ['a status', status, {}, 200, '{"state":"pending","stale":false,"nextPollAfterMs":2000}'],
  ['a status that waits', `${status}?wait=20`, {}, 200, '{"state":"pending","stale":false,"nextPollAfterMs":2000}'],
  ['an unknown session', '/payment/status/cs_2', {}, 404, '{"error":"not_found"}'],
  ['an id that is none', '/payment/status/%20', {}, 404, '{"error":"not_found"}'],
  ['a wait that is too long', `${status}?wait=31`, {}, 400, '{"error":"invalid_input","message":"wait must be a whole number of seconds from 0 to 30."}'],
  ['a wait that is no number', `${status}?wait=-1`, {}, 400, '{"error":"invalid_input","message":"wait must be a whole number of seconds from 0 to 30."}'],
  ['live', '/health/live', {}, 200, '{"status":"live"}'],
  ['ready', '/health/ready', {}, 200, '{"status":"ready"}'],
];

describe.each(edges)('over %s', (edge) => {
  test('each request of the table gets its answer', async () => {
    const world = await served(edge);
    world.answers.status = async (id) => (id === 'cs_1' ? { state: 'pending', stale: false, nextPollAfterMs: 2_000 } : undefined);
    for (const [name, path, init, code, body] of table) {
      const answer = await fetch(world.url + path, init);
      expect([name, answer.status, await answer.text()]).toEqual([name, code, body]);
    }
    expect(world.webhooks).toEqual([{ rawBody: expect.anything(), signature }]);
    expect(new TextDecoder().decode(world.webhooks[0]?.rawBody)).toBe('{}');
  });

  test('a long poll is handed on with its time, and ends for the client that goes', async () => {
    const world = await served(edge);
    const ended = Promise.withResolvers<void>();
    world.answers.status = () =>
      new Promise((resolve) => {
        const [, wait] = world.asked.at(-1) as [string, { waitMs: number; signal: AbortSignal }];
        expect(wait.waitMs).toBe(20_000);
        wait.signal.addEventListener('abort', () => {
          ended.resolve();
          resolve({ state: 'pending', stale: false });
        });
      });
    const client = httpRequest(`${world.url}${status}?wait=20`).on('error', () => undefined);
    client.end();
    await expect.poll(() => world.asked.length).toBe(1);
    client.destroy();
    await ended.promise;
  });

  test('a failing ledger is a fault of ours', async () => {
    const world = await served(edge);
    world.answers.webhook = () => Promise.reject(new LedgerError('store_busy', 'full'));
    const answer = await fetch(`${world.url}/webhooks/stripe`, { method: 'POST', headers: json, body: '{}' });
    expect([answer.status, answer.headers.get('retry-after'), await answer.text()]).toEqual([503, '1', '{"error":"store_busy"}']);
  });
});

test('a long poll is answered at once when the server closes', async () => {
  const world = await served('fastify');
  world.answers.status = () =>
    new Promise((resolve) => {
      const [, { signal }] = world.asked.at(-1) as [string, { signal: AbortSignal }];
      signal.addEventListener('abort', () => resolve({ state: 'pending', stale: false, nextPollAfterMs: 2_000 }));
    });
  const waiting = fetch(`${world.url}${status}?wait=30`);
  await expect.poll(() => world.asked.length).toBe(1);
  const closed = world.close();
  const answer = await waiting;
  expect([answer.status, answer.headers.get('connection')]).toEqual([200, 'close']);
  await closed;
});

describe('behind a body parser of the host', () => {
  test('a webhook whose bytes are gone is a fault of ours, and named in the log', async () => {
    const world = await served('fetch', (req) => Object.assign(req, { body: { id: 'evt_1' } }));
    const answer = await fetch(`${world.url}/webhooks/stripe`, { method: 'POST', headers: json, body: '{}' });
    expect([answer.status, await answer.text()]).toEqual([500, '{"error":"body_already_read"}']);
    expect(world.logged).toEqual([{ message: expect.stringContaining('body parser') }]);
    expect(world.webhooks).toEqual([]);
  });

  test.each(['body', 'rawBody'])('a webhook whose bytes were kept as `%s` is verified', async (name) => {
    const world = await served('fetch', (req) => Object.assign(req, { [name]: Buffer.from('{"kept":1}') }));
    const answer = await fetch(`${world.url}/webhooks/stripe`, { method: 'POST', headers: json, body: '{}' });
    expect(answer.status).toBe(200);
    expect(new TextDecoder().decode(world.webhooks[0]?.rawBody)).toBe('{"kept":1}');
  });
});

test('HEAD of a status is answered as GET, and another method is not', async () => {
  const { payments, answers } = standIns();
  answers.status = async () => ({ state: 'active', stale: false });
  const web = paymentHandlers({ payments });
  const head = await web.status(new Request('http://shop.example/payment/status/cs_1', { method: 'HEAD' }));
  expect([head.status, await head.text()]).toEqual([200, '']);
  expect((await web.status(new Request('http://shop.example/x', { method: 'POST' }), 'cs_1')).status).toBe(405);
  expect((await web.webhook(new Request('http://shop.example/x'))).status).toBe(405);
});

test.each([
  [{}, 'payments is missing'],
  [{ payments: standIns().payments, webhookSecrets: [] }, 'unknown option webhookSecrets'],
  [{ payments: standIns().payments, bodyLimit: 0 }, 'bodyLimit 0'],
])('paymentHandlers refuses %o', (options, message) => {
  expect(() => paymentHandlers(options as never)).toThrow(message);
});
