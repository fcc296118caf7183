import formBody from '@fastify/formbody';
import { createPaymentLedger, LedgerError, type OrderView } from '@paidonce/ledger';
import { openMemoryEventStore } from '@paidonce/ledger/memory';
import Fastify, { type FastifyReply } from 'fastify';
import { describe, expect, test } from 'vitest';
import { standIns } from '../mounted.test-support.ts';
import { openConsole, operator, orderWithReview, startOrder } from './console.test-support.ts';
import { type PaymentAdminPluginOptions, paymentAdminPlugin } from './plugin.ts';

const home = '/admin/payments';
const page = { headers: { accept: 'text/html' } };
const reason = 'The customer called.';

interface Listed {
  readonly items: readonly { readonly orderId: string }[];
}
async function jsonOf<T>(answer: Promise<Response>): Promise<T> {
  return (await (await answer).json()) as T;
}

describe('it cannot be mounted without an authenticator', () => {
  const mount = async (options: object): Promise<unknown> => {
    const app = Fastify();
    return app
      .register(paymentAdminPlugin, options as PaymentAdminPluginOptions)
      .ready()
      .then(
        () => 'mounted',
        (error: unknown) => error,
      );
  };
  const { payments } = standIns();

  test.each([undefined, null, true, 'token'])('authenticate: %s', async (authenticate) => {
    expect(await mount({ payments, authenticate })).toMatchObject({
      code: 'invalid_input',
      message: expect.stringContaining('authenticate'),
    });
  });

  test('in types neither', () => {
    // @ts-expect-error: authenticate is missing
    const options: PaymentAdminPluginOptions = { payments };
    expect(options).toBeDefined();
  });

  test.each([
    ['prefix', '/x', 'unknown option prefix'],
    ['path', 'admin', 'path "admin"'],
    ['path', '/admin/:tenant', 'path "/admin/:tenant"'],
    ['payments', {}, 'payments is missing'],
  ])('nor with %s: %s', async (name, value, message) => {
    const options = { payments, authenticate: () => undefined, [name]: value };
    expect(await mount(options)).toMatchObject({ code: 'invalid_input', message: expect.stringContaining(message) });
  });
});

describe('who is not let in', () => {
  const routes: readonly (readonly [string, string])[] = [
    ['GET', home],
    ['GET', `${home}/reviews`],
    ['GET', `${home}/undelivered`],
    ['GET', `${home}/open-orders`],
    ['GET', `${home}/find?id=o-1`],
    ['GET', `${home}/orders/o-1`],
    ['POST', `${home}/orders/o-1/recheck`],
    ['POST', `${home}/orders/o-1/redeliver`],
    ['POST', `${home}/orders/o-1/reviews/r1`],
  ];

  test('gets 401 on every route, and nothing else', async () => {
    const { url, app } = await openConsole();
    for (const [method, path] of routes) {
      const answer = await fetch(url + path, { method, redirect: 'manual' });
      expect([method, path, answer.status, await answer.text()]).toEqual([method, path, 401, '{"error":"refused"}']);
    }
    // The list above is whole.
    const mounted = app.printRoutes({ commonPrefix: false }).match(/\([A-Z][^)]*\)/g) ?? [];
    expect(mounted).toHaveLength(routes.length + 1); // With the host's own route.
  });

  test.each([
    ['nobody is answered', home, () => undefined, {}, 401],
    ['authenticate throws', home, () => Promise.reject(Object.assign(new Error('pw-4711'), { statusCode: 403 })), {}, 403],
    [
      'authenticate refuses by itself',
      home,
      async (_: unknown, reply: FastifyReply) => void (await reply.code(429).send('later')),
      {},
      429,
    ],
    [
      'another site asks',
      `${home}/orders/o-1/recheck`,
      () => ({ actor: 'support-7' }),
      { method: 'POST', headers: { 'sec-fetch-site': 'cross-site' } },
      403,
    ],
  ])('is logged with the address, and without what was sent, where %s', async (_, path, authenticate, init, statusCode) => {
    const lines: string[] = [];
    const stream = { write: (line: string) => void lines.push(line) };
    const { ask } = await openConsole({ authenticate: authenticate as never, app: Fastify({ logger: { level: 'warn', stream } }) });
    const answer = await ask(path, { ...init, headers: { authorization: 'Basic pw-4711', ...(init as RequestInit).headers } });
    expect(answer.status).toBe(statusCode);
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ level: 40, address: '127.0.0.1', statusCode }]);
    expect(lines.join()).not.toContain('pw-4711');
  });

  test('is no refusal, and not logged, where it is sent to a log-in', async () => {
    const lines: string[] = [];
    const stream = { write: (line: string) => void lines.push(line) };
    const authenticate = async (_: unknown, reply: FastifyReply) => void (await reply.redirect('/login'));
    const { ask } = await openConsole({ authenticate: authenticate as never, app: Fastify({ logger: { level: 'warn', stream } }) });
    expect((await ask(home)).status).toBe(302);
    expect(lines).toEqual([]);
  });

  test('in a browser too, on a page without a word of payments', async () => {
    const { url } = await openConsole();
    const answer = await fetch(url + home, page);
    expect(answer.status).toBe(401);
    expect(await answer.text()).toContain('not signed in');
  });

  test('nor where the authenticator throws', async () => {
    const { ask } = await openConsole({ authenticate: () => Promise.reject(new Error('the directory is down')) });
    const answer = await ask(home);
    expect([answer.status, await answer.text()]).toEqual([500, '{"error":"internal"}']);
  });

  test('nor does the caller read what the ledger said to the authenticator', async () => {
    const refused = new LedgerError('invalid_input', 'member 17 is not of this shop');
    const { ask } = await openConsole({ authenticate: () => Promise.reject(refused) });
    for (const init of [{}, page]) {
      const answer = await ask(home, init);
      expect(answer.status).toBe(500);
      expect(await answer.text()).not.toMatch(/member 17|invalid_input/);
    }
  });

  test.each(['Ann Lee <ann@shop.example>', 'x'.repeat(129), 7])('nor under a name that the log would not take: %s', async (actor) => {
    const { ask } = await openConsole({ authenticate: () => ({ actor }) as never });
    const answer = await ask(home);
    expect([answer.status, await answer.text()]).toEqual([500, '{"error":"internal"}']);
  });

  test.each([{}, { actor: '' }])('nor where it answers something that names nobody: %o', async (nobody) => {
    const { ask } = await openConsole({ authenticate: () => nobody as never });
    expect((await ask(home)).status).toBe(401);
  });

  test.each([
    ['HEAD', home, 401],
    ['HEAD', `${home}/orders/o-1`, 401],
    ['GET', '/%61dmin/payments', 401],
    ['GET', `${home}?`, 401],
    ['OPTIONS', home, 404],
    ['GET', `${home}/`, 404],
    ['GET', '/ADMIN/payments', 404],
    ['GET', '/admin%2Fpayments', 404],
  ])('nor by another spelling: %s %s', async (method, path, status) => {
    const { url } = await openConsole();
    expect((await fetch(url + path, { method })).status).toBe(status);
  });

  test('and may be sent to the log-in by the authenticator itself', async () => {
    const { ask } = await openConsole({
      authenticate: async (_request, reply) => {
        await reply.redirect('/login', 302);
        return undefined;
      },
    });
    const answer = await ask(home);
    expect([answer.status, answer.headers.get('location')]).toEqual([302, '/login']);
  });

  test("while the host's own routes stay open to all", async () => {
    const { url } = await openConsole();
    const answer = await fetch(`${url}/shop`);
    expect([answer.status, answer.headers.get('content-security-policy')]).toEqual([200, null]);
  });
});

describe("beside the host's own parsers", () => {
  test('it is mounted, and reads its forms and its JSON by its own', async () => {
    const seen: unknown[] = [];
    const redeliver = async (...given: unknown[]) => {
      seen.push(given);
      return { outcome: 'delivered' };
    };
    const { payments } = standIns();
    const app = Fastify();
    await app.register(formBody, { parser: () => ({ reason: 'of the host' }) });
    app.removeContentTypeParser('application/json');
    app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    app.post('/shop', async ({ body }) => body);
    const ledger = { ...payments.ledger, redeliver } as unknown as typeof payments.ledger;
    await app.register(paymentAdminPlugin, { payments: { ...payments, ledger }, authenticate: () => ({ actor: 'support-7' }) });
    const type = { form: 'application/x-www-form-urlencoded', json: 'application/json' };
    const url = `${home}/orders/o-1/redeliver`;
    await app.inject({ method: 'POST', url, payload: 'reason=by+form', headers: { 'content-type': type.form } });
    await app.inject({ method: 'POST', url, payload: '{"reason":"by JSON"}', headers: { 'content-type': type.json } });
    const ofHost = await app.inject({ method: 'POST', url: '/shop', payload: 'reason=x', headers: { 'content-type': type.form } });
    expect(seen).toEqual([
      ['o-1', { actor: 'support-7', reason: 'by form' }],
      ['o-1', { actor: 'support-7', reason: 'by JSON' }],
    ]);
    expect(ofHost.json()).toEqual({ reason: 'of the host' });
    await app.close();
  });
});

describe('an order that is unknown', () => {
  test.each(['recheck', 'redeliver'])('is not found, and no fault of ours: %s', async (what) => {
    const { send, ask } = await openConsole();
    const answer = await send(`${home}/orders/nobody/${what}`, { reason });
    expect([answer.status, await answer.text()]).toEqual([404, expect.stringContaining('nobody')]);
    const headers = { 'content-type': 'application/json' };
    const asJson = await ask(`${home}/orders/nobody/${what}`, { method: 'POST', headers, body: JSON.stringify({ reason }) });
    expect([asJson.status, await asJson.json()]).toEqual([404, { error: 'order_unknown' }]);
  });
});

describe('a form that another site sends', () => {
  test.each([
    [{ 'sec-fetch-site': 'cross-site' }],
    [{ 'sec-fetch-site': 'same-site' }],
    [{ 'sec-fetch-site': 'none' }],
    [{ origin: 'https://evil.example' }],
    [{ origin: 'null' }],
  ])('does nothing: %o', async (headers) => {
    const world = await openConsole();
    await orderWithReview(world, 'o-1');
    const seen = await world.ledger.order('o-1');
    const body = new URLSearchParams({ reason, resolution: 'grant', seenRevision: String(seen?.revision) });
    const answer = await world.ask(`${home}/orders/o-1/reviews/r1`, { method: 'POST', body, headers });
    expect(answer.status).toBe(403);
    expect(await world.ledger.order('o-1')).toEqual(seen);
  });

  test('but the own one of a browser without Sec-Fetch-Site counts', async () => {
    const world = await openConsole();
    await startOrder(world, 'o-1');
    const answer = await world.ask(`${home}/orders/o-1/recheck`, { method: 'POST', headers: { origin: world.url } });
    expect(answer.status).toBe(200);
  });
});

describe('manual retry', () => {
  test('a paid order whose webhook was lost: Stripe is asked, and the membership is there', async () => {
    const world = await openConsole();
    const { pay } = await startOrder(world, 'o-1');
    await pay();
    expect(await world.ledger.order('o-1')).toMatchObject({ payment: 'none', membership: 'none' });

    const answer = await world.ask(`${home}/orders/o-1/recheck`, { method: 'POST' });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ order: { orderId: 'o-1', payment: 'paid', membership: 'active' } });
    await world.ledger.settle();
    expect(world.delivered.map(({ membershipId }) => membershipId)).toEqual(['o-1']);
  });

  test('an order that nobody paid stays as it was, however often and by whatever words Stripe is asked', async () => {
    const world = await openConsole();
    await startOrder(world, 'o-1');
    for (const body of [{}, { status: 'paid', paid: 'true', membership: 'active' }])
      await world.send(`${home}/orders/o-1/recheck?paid=true`, body as Record<string, string>);
    expect(await world.ledger.order('o-1')).toMatchObject({ payment: 'none', membership: 'none' });
  });

  test('by a form it leads back to the order, with what was done', async () => {
    const world = await openConsole();
    const { pay } = await startOrder(world, 'o-1');
    await pay();
    const answer = await world.send(`${home}/orders/o-1/recheck`, {});
    expect([answer.status, answer.headers.get('location')]).toEqual([303, `${home}/orders/o-1?did=recheck-asked`]);
    const shown = await (await world.ask(answer.headers.get('location') ?? '', page)).text();
    expect(shown).toContain('Stripe was asked');
    expect(shown).toContain('The membership is active');
  });

  test('while Stripe does not answer: 503, and nothing is lost', async () => {
    const world = await openConsole();
    const { pay } = await startOrder(world, 'o-1');
    await pay();
    const history = await world.ledger.history('o-1');
    await world.sandbox.close();
    const answer = await world.ask(`${home}/orders/o-1/recheck`, { method: 'POST' });
    expect([answer.status, await answer.json()]).toEqual([503, { error: 'provider_unavailable' }]);
    expect(await world.ledger.history('o-1')).toEqual(history);
  });

  test('a shop that failed is called again, signed by who asked', async () => {
    let broken = true;
    const world = await openConsole({
      deliver: async () => {
        if (broken) throw new Error('the shop is down');
      },
    });
    const { pay } = await startOrder(world, 'o-1');
    await pay();
    await world.payments.recheck('o-1');
    await expect.poll(async () => (await jsonOf<Listed>(world.ask(`${home}/undelivered`))).items).toMatchObject([{ orderId: 'o-1' }]);
    broken = false;
    const answer = await world.send(`${home}/orders/o-1/redeliver`, { reason }, { accept: 'application/json' });
    expect(await answer.json()).toEqual({ outcome: 'delivered' });
    const takenOver = (await world.ledger.history('o-1')).findLast(({ type }) => type === 'DeliveryTakenOver');
    expect(takenOver?.data).toMatchObject({ by: { actor: 'support-7', reason } });
  });
});

describe('a review', () => {
  test('is resolved by a person, who says why', async () => {
    const world = await openConsole();
    await orderWithReview(world, 'o-1');
    const order = await world.ledger.order('o-1');
    const fields = { resolution: 'grant', seenRevision: String(order?.revision), reason };
    const answer = await world.send(`${home}/orders/o-1/reviews/r1`, fields);
    expect(answer.headers.get('location')).toBe(`${home}/orders/o-1?did=review-resolved`);
    expect(await world.ledger.order('o-1')).toMatchObject({ membership: 'active', openReviews: [] });
    const resolved = (await world.ledger.history('o-1')).find(({ type }) => type === 'ReviewResolved');
    expect(resolved?.data).toMatchObject({ resolution: 'grant', by: { actor: 'support-7', reason } });
  });

  test('is left alone where the order has changed since it was looked at', async () => {
    const world = await openConsole();
    await orderWithReview(world, 'o-1');
    const answer = await world.send(`${home}/orders/o-1/reviews/r1`, { resolution: 'grant', seenRevision: '0', reason });
    expect(answer.headers.get('location')).toBe(`${home}/orders/o-1?did=review-stale`);
    expect(await world.ledger.order('o-1')).toMatchObject({ membership: 'none', openReviews: [{ reviewId: 'r1' }] });
  });

  test.each([
    [{ resolution: 'grant', seenRevision: '3' }, 'reason'],
    [{ resolution: 'grant', seenRevision: '3', reason: '  ' }, 'reason'],
    [{ resolution: 'pay', seenRevision: '3', reason }, 'resolution'],
    [{ resolution: 'grant', seenRevision: 'now', reason }, 'seenRevision'],
    [{ resolution: 'grant', seenRevision: '', reason }, 'seenRevision'],
    [{ resolution: 'grant', seenRevision: '3', reason: 'x'.repeat(501) }, 'reason'],
  ])('is not resolved by half a form: %o', async (fields, named) => {
    const world = await openConsole();
    await orderWithReview(world, 'o-1');
    const before = await world.ledger.history('o-1');
    const answer = await world.send(`${home}/orders/o-1/reviews/r1`, fields);
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain(named);
    expect(await world.ledger.history('o-1')).toEqual(before);
  });

  test('a body that is too long is refused before anything is done', async () => {
    const world = await openConsole();
    await orderWithReview(world, 'o-1');
    const answer = await world.send(`${home}/orders/o-1/reviews/r1`, {
      resolution: 'grant',
      seenRevision: '3',
      reason: 'x'.repeat(20_000),
    });
    expect(answer.status).toBe(413);
    const body = JSON.stringify({ resolution: 'grant', seenRevision: 3, reason: 'x'.repeat(20_000) });
    const headers = { 'content-type': 'application/json' };
    expect((await world.ask(`${home}/orders/o-1/reviews/r1`, { method: 'POST', body, headers })).status).toBe(413);
  });
});

describe('what waits', () => {
  test('is listed, page by page, as JSON', async () => {
    const world = await openConsole();
    await orderWithReview(world, 'o-1');
    await startOrder(world, 'o-2');
    await world.ledger.settle();
    const all = await jsonOf<Record<string, Listed>>(world.ask(home));
    expect(all).toMatchObject({ reviews: { items: [{ orderId: 'o-1', kind: 'amount' }] }, undelivered: { items: [] } });
    expect(all['open-orders']?.items.map(({ orderId }) => orderId)).toEqual(['o-2']);
    const [first] = (await jsonOf<Listed>(world.ask(`${home}/reviews`))).items;
    expect(first).toMatchObject({ reviewId: 'r1', orderId: 'o-1' });
  });

  test('more than a page leads to the next one', async () => {
    const world = await openConsole();
    const { account, livemode } = (await startOrder(world, 'o-0').then(() => world.ledger.order('o-0'))) ?? {
      account: '',
      livemode: false,
    };
    for (let n = 1; n <= 105; n++) {
      const orderId = `o-${n}`;
      await world.ledger.placeOrder({ orderId, memberId: 'm', plan: 'pro', amountMinor: 1, currency: 'usd', account, livemode });
      await world.ledger.attachCheckout(orderId, { provider: 'stripe', account, livemode, id: `cs_${n}` });
    }
    await world.ledger.settle();
    const firstPage = await (await world.ask(`${home}/open-orders`, page)).text();
    const next = /href="([^"]+after=[^"]+)"/.exec(firstPage)?.[1] ?? '';
    const nextPage = await (await world.ask(next, page)).text();
    const ordersOn = (text: string): number => text.match(/\/orders\/o-/g)?.length ?? 0;
    expect([ordersOn(firstPage), ordersOn(nextPage)]).toEqual([100, 6]);
  });

  test.each(['o-1', 'session', 'pi_of_o-1'])('an order is found by %s', async (by) => {
    const world = await openConsole();
    await orderWithReview(world, 'o-1');
    const id = by === 'session' ? ((await world.ledger.order('o-1'))?.checkouts[0]?.payment.id ?? '') : by;
    const answer = await world.ask(`${home}/find?id=${encodeURIComponent(` ${id} `)}`);
    expect([answer.status, answer.headers.get('location')]).toEqual([303, `${home}/orders/o-1`]);
  });

  test.each(['nobody', '', '<script>alert(1)</script>', 'a b', '../../etc'])('what is unknown is said to be so: %s', async (id) => {
    const world = await openConsole();
    const answer = await world.ask(`${home}/find?id=${encodeURIComponent(id)}`, page);
    expect(answer.status).toBe(404);
    expect(await answer.text()).not.toContain('<script>');
  });

  test('an order tells who said what, in plain words and as data', async () => {
    const world = await openConsole();
    await orderWithReview(world, 'o-1');
    const data = await jsonOf<{ order: OrderView; timeline: { kind: string }[] }>(world.ask(`${home}/orders/o-1`));
    expect(data.order).toMatchObject({ orderId: 'o-1', openReviews: [{ kind: 'amount' }] });
    expect(data.timeline.map(({ kind }) => kind)).toContain('review');
    const shown = await (await world.ask(`${home}/orders/o-1`, page)).text();
    expect(shown).toContain('less was paid than the order expects');
    expect(shown).toContain(`name="seenRevision" value="${data.order.revision}"`);
  });
});

describe('its pages', () => {
  test('run nothing, are framed by nobody, and are kept by no cache', async () => {
    const { ask } = await openConsole();
    const { headers } = await ask(home, page);
    expect(headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]+=*'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/,
    );
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  test('of a process that does not deliver offer no delivery', async () => {
    await using ledger = createPaymentLedger({ eventStore: openMemoryEventStore() });
    const app = Fastify();
    await app.register(paymentAdminPlugin, {
      payments: { ...standIns().payments, ledger },
      authenticate: () => ({ actor: 'support-7' }),
    });
    const account = { account: 'acct_1', livemode: false };
    await ledger.placeOrder({ orderId: 'o-1', memberId: 'm', plan: 'pro', amountMinor: 1, currency: 'usd', ...account });
    const paid = { kind: 'attempt', status: 'paid', amount: { totalMinor: 1, currency: 'usd' } } as const;
    const payment = { provider: 'stripe', id: 'pi_1', ...account };
    const asOf = '2026-01-01T00:00:00.000Z';
    await ledger.observePayment({ source: 'poll', payment, orderId: 'o-1', fact: paid, asOf, evidence: { objectId: 'pi_1' } });
    const shown = await app.inject({ url: `${home}/orders/o-1`, headers: { accept: 'text/html', ...operator } });
    expect(shown.body).toContain('Ask Stripe');
    expect(shown.body).not.toContain('Deliver now');
    await app.close();
  });
});
