// One table of requests: the Fastify plugin and the web-standard handler answer each alike, over real sockets.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type PaymentConsoleOptions, paymentConsole } from '../fetch.ts';
import { standIns } from '../mounted.test-support.ts';
import { nodeHandler } from '../node.ts';
import { edges, openConsole, operator, orderWithReview } from './console.test-support.ts';
import { paymentAdminPlugin } from './plugin.ts';

const home = '/admin/payments';
const html = { accept: 'text/html' };
const form = { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' };
const json = { 'content-type': 'application/json' };
const reason = 'ticket 4711';
const nobody = { authorization: 'Bearer somebody-else' };

interface Asked {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}
/** Status, and where it leads or what it says: the same at each edge. */
type Told = readonly [status: number, told?: string | RegExp];

// biome-ignore format: a table
const table: readonly (readonly [name: string, asked: Asked, told: Told])[] = [
  ['the overview as JSON', { path: home }, [200]],
  ['and below its slash', { path: `${home}/` }, [200]],
  ['an order as JSON', { path: `${home}/orders/o-1` }, [200, /"orderId":"o-1"/]],
  ['an order as a page', { path: `${home}/orders/o-1`, headers: html }, [200, /<!doctype html>/]],
  ['HEAD as GET', { path: `${home}/orders/o-1`, method: 'HEAD' }, [200, '']],
  ['an order that is unknown', { path: `${home}/orders/nobody` }, [404, '{"error":"not_found"}']],
  ['an id of 128 characters', { path: `${home}/orders/${'x'.repeat(128)}` }, [404, '{"error":"not_found"}']],
  ['a page that there is none', { path: `${home}/nothing/here` }, [404, '{"error":"not_found"}']],
  ['a slash in an id', { path: `${home}/orders/o%2F1` }, [404, '{"error":"not_found"}']],
  ['an old route', { path: `${home}/reviews` }, [308, './queues/reviews']],
  ['another one, with its query', { path: `${home}/open-orders?after=o-1` }, [308, './queues/awaiting?after=o-1']],
  ['no old route, but a name that every object has', { path: `${home}/constructor` }, [404, '{"error":"not_found"}']],
  ['another such name', { path: `${home}/__proto__` }, [404, '{"error":"not_found"}']],
  ['another method', { path: `${home}/orders/o-1`, method: 'DELETE' }, [405, '{"error":"method_not_allowed"}']],
  ['a GET of an action', { path: `${home}/orders/o-1/recheck` }, [405, '{"error":"method_not_allowed"}']],
  ['nobody', { path: home, headers: nobody }, [401, '{"error":"refused"}']],
  ['nobody, as a page', { path: home, headers: { ...html, ...nobody } }, [401, /<!doctype html>/]],
  ['nobody on a page that there is none', { path: `${home}/nothing`, headers: nobody }, [401, '{"error":"refused"}']],
  ['a form of another site', { path: `${home}/orders/o-1/recheck`, method: 'POST', headers: { ...form, 'sec-fetch-site': 'cross-site' } }, [403, '{"error":"refused"}']],
  ['a form of an older browser on another site', { path: `${home}/orders/o-1/recheck`, method: 'POST', headers: { origin: 'https://evil.example' } }, [403, '{"error":"refused"}']],
  ['every that is no number', { path: `${home}?every=soon` }, [400, '{"error":"invalid_input"}']],
  ['every on a page with forms', { path: `${home}/orders/o-1?every=30` }, [400, '{"error":"invalid_input"}']],
  ['a form without seenRevision', { path: `${home}/orders/o-1/reviews/r1`, method: 'POST', headers: form, body: `resolution=grant&reason=${reason}` }, [400, '{"error":"invalid_input"}']],
  ['a form without a reason', { path: `${home}/orders/o-1/reviews/r1`, method: 'POST', headers: form, body: 'resolution=grant&seenRevision=3' }, [422, '{"error":"invalid_input","field":"reason","problem":"missing"}']],
  ['JSON that is none', { path: `${home}/orders/o-1/recheck`, method: 'POST', headers: json, body: '{' }, [400, '{"error":"bad_request"}']],
  ['JSON that is a list', { path: `${home}/orders/o-1/recheck`, method: 'POST', headers: json, body: '[]' }, [400, '{"error":"bad_request"}']],
  ['another type', { path: `${home}/orders/o-1/recheck`, method: 'POST', headers: { 'content-type': 'text/xml' }, body: '<a/>' }, [415, '{"error":"unsupported_media_type"}']],
  ['a body that is too long', { path: `${home}/orders/o-1/recheck`, method: 'POST', headers: json, body: JSON.stringify({ reason: 'x'.repeat(70_000) }) }, [413, '{"error":"body_too_large"}']],
  ['a form of more fields than any of ours, and a body that is not too long', { path: `${home}/preferences`, method: 'POST', headers: form, body: `lang=zh-TW${'&a'.repeat(6_000)}` }, [413, '{"error":"body_too_large"}']],
  ['a form of as many fields as there may be', { path: `${home}/preferences`, method: 'POST', headers: { ...form, ...html }, body: `lang=zh-TW${'&a'.repeat(5_999)}` }, [303, './']],
  ['a review that there is none', { path: `${home}/orders/o-1/reviews/r9`, method: 'POST', headers: json, body: JSON.stringify({ resolution: 'grant', seenRevision: 3, reason }) }, [404, '{"error":"not_found"}']],
  ['an action on an unknown order', { path: `${home}/orders/nobody/recheck`, method: 'POST' }, [404, '{"error":"order_unknown"}']],
  ['a form as a page leads back', { path: `${home}/preferences`, method: 'POST', headers: { ...form, ...html }, body: 'lang=zh-TW&back=orders/o-1' }, [303, './orders/o-1']],
  ['preferences that do not parse', { path: `${home}/preferences`, method: 'POST', headers: form, body: 'lang=xx' }, [400, '{"error":"invalid_input"}']],
  ['a zone that there is none', { path: `${home}/preferences`, method: 'POST', headers: form, body: 'tz=Mars/Base' }, [400, '{"error":"invalid_input"}']],
  ['a way back to another site', { path: `${home}/preferences`, method: 'POST', headers: form, body: 'lang=en&back=//evil.example' }, [400, '{"error":"invalid_input"}']],
  ['a way back to above the mount', { path: `${home}/preferences`, method: 'POST', headers: form, body: 'lang=en&back=../../shop' }, [400, '{"error":"invalid_input"}']],
];

describe.each(edges)('over %s', (edge) => {
  test('each request of the table gets its answer, and the same headers', async () => {
    const world = await openConsole({ edge });
    await orderWithReview(world, 'o-1');
    for (const [name, { path, method = 'GET', headers = {}, body }, [status, told]] of table) {
      const answer = await fetch(world.url + path, {
        method,
        redirect: 'manual',
        headers: { ...operator, ...headers },
        ...(body === undefined ? {} : { body }),
      });
      const text = await answer.text();
      const said = answer.headers.get('location') ?? text;
      expect([name, answer.status, said]).toEqual([
        name,
        status,
        told === undefined ? said : typeof told === 'string' ? told : expect.stringMatching(told),
      ]);
      expect([name, answer.headers.get('content-security-policy')]).toEqual([name, expect.stringContaining("default-src 'none'")]);
      expect([name, answer.headers.get('cache-control'), answer.headers.get('x-content-type-options')]).toEqual([
        name,
        'no-store',
        'nosniff',
      ]);
    }
  });

  test('the next request on a connection goes well after one that was too long', async () => {
    const world = await openConsole({ edge });
    for (let round = 0; round < 3; round++) {
      const long = await world.ask(`${home}/recheck`, { method: 'POST', headers: json, body: JSON.stringify({ id: 'x'.repeat(200_000) }) });
      expect(long.status).toBe(413);
      expect((await world.ask(home)).status).toBe(200);
    }
  });

  test('language and zone come from cookies, and are kept by no path', async () => {
    const world = await openConsole({ edge });
    const answer = await world.send(`${home}/preferences`, { lang: 'zh-TW', tz: 'Asia/Taipei' });
    const cookies = answer.headers.getSetCookie();
    expect(cookies).toEqual([
      'paidonce_lang=zh-TW; Max-Age=31536000; HttpOnly; SameSite=Lax',
      'paidonce_tz=Asia%2FTaipei; Max-Age=31536000; HttpOnly; SameSite=Lax',
    ]);
    const cookie = cookies.map((each) => each.split(';')[0]).join('; ');
    const shown = await world.ask(`${home}/nothing`, { headers: { ...html, cookie } });
    expect([shown.headers.get('content-language'), await shown.text()]).toEqual(['zh-TW', expect.stringContaining('<html lang="zh-TW">')]);
  });

  test.each([
    ['orders/o-1/reviews/r1', { resolution: 'grant', seenRevision: '3' }, 422],
    ['orders/o-1/reviews/r1?from=mail', { resolution: 'grant', seenRevision: '0', reason }, 409],
  ])('from a form that came back (%s), language and zone lead to the page of its order', async (path, fields, status) => {
    const world = await openConsole({ edge });
    await orderWithReview(world, 'o-1');
    const answer = await world.send(`${home}/${path}`, fields);
    const page = await answer.text();
    expect(answer.status).toBe(status);
    expect(/name="back" value="([^"]*)"/.exec(page)?.[1]).toBe('orders/o-1');
    expect(/preferences\?back=([^"]*)"/.exec(page)?.[1]).toBe('orders%2Fo-1');
    const chosen = await world.send(`${home}/preferences`, { lang: 'zh-TW', back: 'orders/o-1' });
    const back = new URL(chosen.headers.get('location') ?? '', `${world.url}${home}/preferences`);
    expect((await world.ask(back.pathname, { headers: html })).status).toBe(200);
  });

  // biome-ignore format: a table
  test.each([
    ['en', 'en'], ['zh-TW', 'zh-TW'], ['zh-Hant', 'zh-TW'], ['zh-HK', 'zh-TW'], ['zh-CN', 'en'], ['zh-Hans-TW,en;q=0.1', 'en'],
    ['de,zh-TW;q=0.5,en;q=0.4', 'zh-TW'], ['fr', 'en'], ['en;q=0,zh-TW;q=0.1', 'zh-TW'], ['', 'en'], ['%%%;q=x,,;', 'en'],
  ])('Accept-Language %s is answered in %s', async (accepted, language) => {
    const world = await openConsole({ edge });
    const shown = await world.ask(`${home}/nothing`, { headers: { ...html, 'accept-language': accepted, cookie: 'paidonce_lang=xx; paidonce_tz=%' } });
    expect(shown.headers.get('content-language')).toBe(language);
  });

  test('the sheet is served to all, and kept for ever', async () => {
    const world = await openConsole({ edge });
    const page = await (await fetch(`${world.url}${home}/orders/o-1`, { headers: html })).text();
    const href = /<link rel="stylesheet" href="([^"]+)"/.exec(page)?.[1] ?? '';
    const sheet = await fetch(new URL(href, `${world.url}${home}/orders/o-1`));
    expect([sheet.status, sheet.headers.get('content-type'), sheet.headers.get('cache-control')]).toEqual([
      200,
      'text/css; charset=utf-8',
      'private, max-age=31536000, immutable',
    ]);
  });
});

test('a path that cannot be decoded is a bad request on each edge', async () => {
  const status = async (edge: (typeof edges)[number]) => (await (await openConsole({ edge })).ask(`${home}/orders/%zz`)).status;
  expect([await status('fetch'), await status('fastify')]).toEqual([400, 400]);
});

describe('permissions', () => {
  const posts = [
    ['recheck', 'repair'],
    ['orders/o-1/recheck', 'repair'],
    ['orders/o-1/redeliver', 'repair'],
    ['runs', 'repair'],
    ['runs/r/cancel', 'repair'],
    ['orders/o-1/observe', 'money'],
    ['orders/o-1/move', 'money'],
    ['orders/o-1/link', 'money'],
    ['orders/o-1/reviews/r1', 'money'],
    ['orders/o-1/withdraw', 'money'],
  ] as const;

  test.each(edges)('decide on each route over %s, and nothing is done without them', async (edge) => {
    for (const may of [['read'], ['read', 'repair'], ['read', 'money'], []] as const) {
      const world = await openConsole({ edge, may });
      await orderWithReview(world, 'o-1');
      const before = await world.ledger.history('o-1');
      expect((await world.ask(`${home}/orders/o-1`)).status).toBe(may.some((word) => word === 'read') ? 200 : 403);
      for (const [path, needs] of posts) {
        const answer = await world.ask(`${home}/${path}`, { method: 'POST' });
        const isAllowed = may.some((word) => word === needs);
        if (!isAllowed) expect([path, may, answer.status, await answer.text()]).toEqual([path, may, 403, `{"error":"needs_${needs}"}`]);
        else expect([path, may, answer.status]).not.toEqual([path, may, 403]);
      }
      // Only rechecks needed nothing more than the permission.
      expect((await world.ledger.history('o-1')).filter(({ type }) => type !== 'StripeRechecked')).toEqual(before);
    }
  });

  test.each(edges)('that are no words let nobody in over %s', async (edge) => {
    const world = await openConsole({ edge, may: ['read', 'admin' as 'read'] });
    expect((await world.ask(home)).status).toBe(401);
  });
});

const nobodyIsIn = (): undefined => undefined;

describe('where a host has its own ways', () => {
  test('under a prefix, and behind a proxy that strips one, every way leads below the mount', async () => {
    const { payments } = await openConsole();
    const app = Fastify();
    onTestFinished(() => app.close());
    const authenticate = () => ({ actor: 'support-7' });
    await app.register(async (child) => void (await child.register(paymentAdminPlugin, { payments, authenticate })), { prefix: '/shop' });
    const moved = await app.inject({ url: `/shop${home}/reviews` });
    expect([moved.statusCode, moved.headers.location]).toEqual([308, './queues/reviews']);
    const page = await app.inject({ url: `/shop${home}/nothing`, headers: html });
    const own = [...page.body.matchAll(/(?:href|src|action)="([^"]*)"/g)].map(([, url]) => url ?? '');
    expect(own.length).toBeGreaterThan(10);
    expect(own.filter((url) => /^(\/|https?:)/.test(url))).toEqual([]);
    // The browser is at /ops/shop/…, and the proxy has taken /ops away.
    const led = own
      .filter((url) => !/^(#|data:)/.test(url))
      .map((url) => new URL(url, `https://proxy.example/ops/shop${home}/nothing`).pathname);
    expect(led.filter((path) => !path.startsWith(`/ops/shop${home}/`))).toEqual([]);
  });

  test('from the mount without a slash too', async () => {
    const world = await openConsole();
    const shown = await (await world.ask(home, { headers: html })).text();
    const own = [...shown.matchAll(/(?:href|src|action)="([^"]*)"/g)]
      .map(([, url]) => url ?? '')
      .filter((url) => !/^(#|data:|\?|https:)/.test(url));
    const led = own.map((url) => new URL(url, `https://proxy.example/ops${home}`).pathname);
    expect(led.filter((path) => !path.startsWith(`/ops${home}`))).toEqual([]);
  });

  test('a form that a parser of the host has read is taken as it is', async () => {
    const { payments } = await openConsole();
    const handler = nodeHandler(paymentConsole({ payments, authenticate: () => ({ actor: 'support-7' }) }));
    const server = createServer(async (req, res) => {
      for await (const _ of req);
      await handler(Object.assign(req, { body: { lang: 'zh-TW', back: 'orders' } }), res);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${home}/preferences`;
    const answer = await fetch(url, { method: 'POST', redirect: 'manual', headers: html, body: new URLSearchParams({ lang: 'ignored' }) });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, './orders']);
  });

  test('a form that a parser for another type has left alone is read, though there is an empty object: body-parser 1 on Express 4', async () => {
    const { payments } = await openConsole();
    const handler = nodeHandler(paymentConsole({ payments, authenticate: () => ({ actor: 'support-7' }) }));
    const server = createServer((req, res) => handler(Object.assign(req, { body: {} }), res));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${home}/preferences`;
    const body = new URLSearchParams({ lang: 'zh-TW', back: 'orders' });
    const answer = await fetch(url, { method: 'POST', redirect: 'manual', headers: html, body });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, './orders']);
  });

  test('authenticate of the handler may answer by itself, and what it throws lets nobody in', async () => {
    const { payments } = await openConsole();
    const lines: object[] = [];
    const note = (fields: object): void => void lines.push(fields);
    const ask = (authenticate: PaymentConsoleOptions['authenticate']): Promise<Response> =>
      paymentConsole({ payments, authenticate, log: { info: note, warn: note, error: note } })(new Request(`http://shop.example${home}`));
    const led = await ask(() => new Response(null, { status: 302, headers: { location: '/login' } }));
    expect([led.status, led.headers.get('location'), lines]).toEqual([302, '/login', []]);
    expect((await ask(() => Promise.reject(Object.assign(new Error('pw-4711'), { statusCode: 403 })))).status).toBe(403);
    expect((await ask(() => Promise.reject(new Error('pw-4711')))).status).toBe(500);
    expect((await ask(() => ({ actor: 'Ann Lee' }))).status).toBe(500);
    expect(JSON.stringify(lines)).not.toContain('pw-4711');
  });

  test('an order that is not there is a mistake of the operator, and no error in the log', async () => {
    const { payments } = await openConsole();
    const errors: unknown[] = [];
    const log = { info: () => undefined, warn: () => undefined, error: (...said: unknown[]) => void errors.push(said) };
    const handler = paymentConsole({ payments, authenticate: () => ({ actor: 'support-7' }), log });
    for (const orderId of ['nobody', 'x'.repeat(3_000)]) {
      const answer = await handler(new Request(`http://shop.example${home}/orders/${orderId}/recheck`, { method: 'POST', headers: form }));
      expect([answer.status, await answer.json()]).toEqual([404, { error: 'order_unknown' }]);
    }
    expect(errors).toEqual([]);
  });

  test.each([
    [{}, 'authenticate is missing'],
    [{ authenticate: 'token' }, 'authenticate is missing'],
    [{ authenticate: nobodyIsIn, prefix: '/x' }, 'unknown option prefix'],
    [{ authenticate: nobodyIsIn, path: 'admin' }, 'path "admin"'],
    [{ authenticate: nobodyIsIn, findMember: 'x' }, 'findMember must be a function'],
  ])('paymentConsole refuses %o', (options, message) => {
    expect(() => paymentConsole({ payments: standIns().payments, ...options } as never)).toThrow(message);
  });
});
