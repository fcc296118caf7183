// The webhook, the status query and the health checks: the plugin and the web-standard handlers answer and count alike, over real sockets.
import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { createPaymentLedger, LedgerError, type Logger } from '@paidonce/ledger';
import { openMemoryEventStore } from '@paidonce/ledger/memory';
import type { PaymentStatus } from '@paidonce/stripe-adapter';
import Fastify from 'fastify';
import { Registry } from 'prom-client';
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
  /** What was counted since the last call: `name{labels}`, once for each time. */
  counted(): Promise<readonly string[]>;
  /** Ends it as its host does: Fastify by `app.close()`, another one in the order of the examples. */
  close(): Promise<unknown>;
}

/** @param parse what a body parser of the host leaves on the request before us. */
async function served(edge: Edge, parse?: (req: IncomingMessage) => unknown): Promise<Served> {
  const metrics = new Registry();
  const ledger = createPaymentLedger({ eventStore: openMemoryEventStore(), background: false });
  const parts = { ...standIns(), ledger, counted: countedIn(metrics) };
  const given = { payments: parts.payments, ledger, metrics, bodyLimit: 1_000 };
  const logged: object[] = [];
  if (edge === 'fastify') {
    const app = Fastify();
    await app.register(paymentLedgerPlugin, given);
    const url = await app.listen({ port: 0, host: '127.0.0.1' });
    onTestFinished(() => app.close());
    return { ...parts, url, logged, close: () => app.close() };
  }
  const note = (fields: object, message: string): void => void logged.push({ ...fields, message });
  const log: Logger = { info: note, warn: note, error: note };
  const web = paymentHandlers({ ...given, log });
  const handle = nodeHandler(async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === '/webhooks/stripe') return web.webhook(request);
    if (pathname === '/health/live') return web.live();
    if (pathname === '/health/ready') return web.ready();
    return web.status(request);
  });
  const server = createServer(async (req, res) => {
    await parse?.(req);
    await handle(req, res);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
    return ledger[Symbol.asyncDispose]();
  });
  return {
    ...parts,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    logged,
    close: async () => {
      web.close();
      const closed = once(server, 'close');
      server.close();
      server.closeIdleConnections();
      await closed;
      await parts.payments[Symbol.asyncDispose]();
    },
  };
}

function countedIn(metrics: Registry): Served['counted'] {
  let before = new Map<string, number>();
  return async () => {
    const text = await metrics.metrics();
    const lines = text.matchAll(/^paidonce_((?:webhooks|status_queries|observations)_total\{.*\}) (\d+)$/gm);
    const now = new Map([...lines].map(([, name = '', count]) => [name, Number(count)]));
    const grown = [...now].flatMap(([name, count]) => Array.from({ length: count - (before.get(name) ?? 0) }, () => name));
    before = now;
    return grown;
  };
}

const json = { 'content-type': 'application/json; charset=utf-8', 'stripe-signature': signature };
const status = '/payment/status/cs_1';

const hook = (body: string, headers: Record<string, string> = json): RequestInit => ({ method: 'POST', headers, body });
const webhooks = (outcome: string): string => `webhooks_total{outcome="${outcome}"}`;
const queries = (outcome: string): string => `status_queries_total{outcome="${outcome}"}`;
const observed = (outcome: string): string => `observations_total{source="webhook",outcome="${outcome}"}`;

// biome-ignore format: a table
const table: readonly (readonly [name: string, path: string, init: RequestInit, code: number, body: string, counted: readonly string[]])[] = [
  ['a webhook', '/webhooks/stripe', hook('{}'), 200, '{"outcome":"held"}', [webhooks('held'), observed('held')]],
  ['the same webhook again', '/webhooks/stripe', hook('{}'), 200, '{"outcome":"duplicate"}', [webhooks('duplicate'), observed('held')]],
  ['a forged webhook', '/webhooks/stripe', hook('forged'), 400, '{"error":"bad_signature"}', [webhooks('bad_signature')]],
  ['a webhook that fails', '/webhooks/stripe', hook('failing'), 500, '{"error":"internal"}', [webhooks('failed')]],
  ['a webhook without a signature', '/webhooks/stripe', hook('{}', { 'content-type': 'application/json' }), 400, '{"error":"bad_signature"}', [webhooks('bad_signature')]],
  ['a webhook of another type', '/webhooks/stripe', hook('{}', { ...json, 'content-type': 'text/plain' }), 415, '{"error":"unsupported_media_type"}', []],
  ['a webhook that is too long', '/webhooks/stripe', hook('x'.repeat(1_001)), 413, '{"error":"body_too_large"}', []],
  ['a status', status, {}, 200, '{"state":"pending","stale":false,"nextPollAfterMs":2000}', [queries('answered')]],
  ['a status that waits', `${status}?wait=20`, {}, 200, '{"state":"pending","stale":false,"nextPollAfterMs":2000}', [queries('answered')]],
  ['a status from memory', '/payment/status/cs_stale', {}, 200, '{"state":"pending","stale":true}', [queries('stale')]],
  ['a status that fails', '/payment/status/cs_failing', {}, 500, '{"error":"internal"}', [queries('failed')]],
  ['an unknown session', '/payment/status/cs_2', {}, 404, '{"error":"not_found"}', [queries('unknown')]],
  ['an id that is none', '/payment/status/%20', {}, 404, '{"error":"not_found"}', [queries('unknown')]],
  ['a wait that is too long', `${status}?wait=31`, {}, 400, '{"error":"invalid_input","message":"wait must be a whole number of seconds from 0 to 30."}', []],
  ['a wait that is no number', `${status}?wait=-1`, {}, 400, '{"error":"invalid_input","message":"wait must be a whole number of seconds from 0 to 30."}', []],
  ['live', '/health/live', {}, 200, '{"status":"live"}', []],
  ['ready', '/health/ready', {}, 200, '{"status":"ready"}', []],
];

/** Webhooks observe a payment of an unknown order, statuses go by the session. */
function answerTheTable({ answers, webhooks: came, ledger }: Served): void {
  answers.webhook = async () => {
    const body = new TextDecoder().decode(came.at(-1)?.rawBody);
    if (body === 'forged') return 'bad_signature';
    if (body === 'failing') throw new Error('told to');
    await ledger.observePayment({
      source: 'webhook',
      payment: { provider: 'stripe', id: 'pi_1', account: 'acct_1', livemode: true },
      fact: { kind: 'attempt', status: 'paid', amount: { totalMinor: 900, currency: 'usd' } },
      asOf: '2026-01-01T00:00:00.000Z',
      evidence: { objectId: 'pi_1', eventId: 'evt_1' },
    });
    return came.length === 1 ? 'held' : 'duplicate';
  };
  answers.status = async (id) => {
    if (id === 'cs_failing') throw new Error('told to');
    if (id === 'cs_stale') return { state: 'pending', stale: true };
    return id === 'cs_1' ? { state: 'pending', stale: false, nextPollAfterMs: 2_000 } : undefined;
  };
}

/** A status that is answered when its wait is ended, and not before. */
function untilAborted({ asked }: StandIns): Promise<PaymentStatus> {
  const [, { signal }] = asked.at(-1) as [string, { signal: AbortSignal }];
  return new Promise((resolve) => {
    const end = (): void => resolve({ state: 'pending', stale: false, nextPollAfterMs: 2_000 });
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
  });
}

describe.each(edges)('over %s', (edge) => {
  test('each request of the table gets its answer, and is counted', async () => {
    const world = await served(edge);
    answerTheTable(world);
    for (const [name, path, init, code, body, counted] of table) {
      const answer = await fetch(world.url + path, init);
      expect([name, answer.status, await answer.text(), await world.counted()]).toEqual([name, code, body, counted]);
    }
    expect(world.webhooks[0]).toEqual({ rawBody: expect.anything(), signature });
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

  test('when the server closes, a long poll is answered at once, a webhook in flight is served, and then the payments are disposed', async () => {
    const world = await served(edge);
    world.answers.status = () => untilAborted(world);
    const stored = Promise.withResolvers<'recorded'>();
    world.answers.webhook = () => stored.promise;
    const waiting = fetch(`${world.url}${status}?wait=30`);
    const webhook = fetch(`${world.url}/webhooks/stripe`, hook('{}'));
    await expect.poll(() => [world.asked.length, world.webhooks.length]).toEqual([1, 1]);

    const closed = world.close();
    const asked = await waiting;
    // Without that header the server would wait for the connection, not for the query alone.
    expect([asked.status, asked.headers.get('connection')]).toEqual([200, 'close']);
    expect(world.disposed).toEqual([]);
    stored.resolve('recorded');
    const answer = await webhook;
    expect([answer.status, answer.headers.get('connection'), await answer.text()]).toEqual([200, 'close', '{"outcome":"recorded"}']);
    await closed;
    expect(world.disposed).toContain('payments');
  });

  test('a failing ledger is a fault of ours', async () => {
    const world = await served(edge);
    world.answers.webhook = () => Promise.reject(new LedgerError('store_busy', 'full'));
    const answer = await fetch(`${world.url}/webhooks/stripe`, { method: 'POST', headers: json, body: '{}' });
    expect([answer.status, answer.headers.get('retry-after'), await answer.text()]).toEqual([503, '1', '{"error":"store_busy"}']);
  });
});

describe('behind a body parser of the host', () => {
  const readJson = async (req: IncomingMessage): Promise<unknown> => JSON.parse((await textOf(req)) || '{}');

  test.each(['{"id":"evt_1"}', '{}', ''])('a webhook whose bytes `%s` are gone is a fault of ours, and named in the log', async (body) => {
    const world = await served('fetch', async (req) => Object.assign(req, { body: await readJson(req) }));
    const answer = await fetch(`${world.url}/webhooks/stripe`, { method: 'POST', headers: json, body });
    expect([answer.status, await answer.text()]).toEqual([500, '{"error":"body_already_read"}']);
    expect(world.logged).toEqual([{ message: expect.stringContaining('body parser') }]);
    expect(world.webhooks).toEqual([]);
    expect(await world.counted()).toEqual([webhooks('failed')]);
  });

  test('a webhook that it has left alone is verified, though it put an empty object there: body-parser 1 does, on Express 4', async () => {
    const world = await served('fetch', (req) => Object.assign(req, { body: {} }));
    const answer = await fetch(`${world.url}/webhooks/stripe`, { method: 'POST', headers: json, body: '{"unread":1}' });
    expect(answer.status).toBe(200);
    expect(new TextDecoder().decode(world.webhooks[0]?.rawBody)).toBe('{"unread":1}');
  });

  test.each(['body', 'rawBody'])('a webhook whose bytes were kept as `%s` is verified', async (name) => {
    const world = await served('fetch', (req) => Object.assign(req, { [name]: Buffer.from('{"kept":1}') }));
    const answer = await fetch(`${world.url}/webhooks/stripe`, { method: 'POST', headers: json, body: '{}' });
    expect(answer.status).toBe(200);
    expect(new TextDecoder().decode(world.webhooks[0]?.rawBody)).toBe('{"kept":1}');
  });
});

test.each(['handlers', 'payments'])(
  'once the %s close, queries do not wait, nothing is ready, and each answer ends its connection',
  async (closed) => {
    const world = standIns();
    const { payments, answers } = world;
    const web = paymentHandlers({ payments });
    answers.status = () => untilAborted(world);
    const ask = () => web.status(new Request(`http://shop.example${status}?wait=30`));
    const send = () => web.webhook(new Request('http://shop.example/webhooks/stripe', hook('{}')));
    expect([(await web.ready()).status, (await send()).headers.get('connection')]).toEqual([200, null]);
    const waiting = ask();
    if (closed === 'handlers') for (const each of [web, web]) each.close();
    else await payments[Symbol.asyncDispose]();
    const ready = await web.ready();
    expect([ready.status, await ready.text()]).toEqual([503, '{"status":"closing"}']);
    for (const answer of [await waiting, await ask(), await send(), await web.live()])
      expect([answer.status, answer.headers.get('connection')]).toEqual([200, 'close']);
  },
);

test('handlers of payments that are disposed already are not ready', async () => {
  const { payments } = standIns();
  await payments[Symbol.asyncDispose]();
  expect((await paymentHandlers({ payments }).ready()).status).toBe(503);
});

// biome-ignore format: a table
test.each([
  ['a host with a user', 'GET', 'ab@shop.example', 200, undefined],
  ['a host with a user and a password', 'GET', 'a:b@shop.example', 200, undefined],
  ['a host that is none', 'GET', ':', 200, undefined],
  ['TRACE', 'TRACE', 'shop.example', 405, 'GET, HEAD, POST'],
])('a request that the web standard has no words for is the fault of who sends it: %s', async (_, method, host, status, allow) => {
  const { url } = await served('fetch');
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    httpRequest(`${url}/health/live`, { method, headers: { host } }, resolve).on('error', reject).end();
  });
  answer.resume();
  expect([answer.statusCode, answer.headers.allow]).toEqual([status, allow]);
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
  [{ payments: standIns().payments, metrics: {} }, 'paymentHandlers: metrics must be a Registry of prom-client'],
])('paymentHandlers refuses %o', (options, message) => {
  expect(() => paymentHandlers(options as never)).toThrow(message);
});
