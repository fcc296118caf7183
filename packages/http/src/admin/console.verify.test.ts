import formBody from '@fastify/formbody';
import { LedgerError } from '@paidonce/ledger';
import Fastify, { type FastifyReply } from 'fastify';
import { describe, expect, test } from 'vitest';
import { standIns } from '../mounted.test-support.ts';
import { openConsole, orderWithReview, startOrder } from './console.test-support.ts';
import { type PaymentAdminPluginOptions, paymentAdminPlugin } from './plugin.ts';

const home = '/admin/payments';
const page = { headers: { accept: 'text/html' } };
const reason = 'The customer called.';

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
    ['GET', `${home}/queues/reviews`],
    ['GET', `${home}/reviews`],
    ['GET', `${home}/find?q=o-1`],
    ['GET', `${home}/orders/o-1`],
    ['POST', `${home}/orders/o-1/recheck`],
    ['POST', `${home}/orders/o-1/redeliver`],
    ['POST', `${home}/orders/o-1/reviews/r1`],
  ];

  test('gets 401 on every route, and nothing else', async () => {
    const { url } = await openConsole();
    for (const [method, path] of routes) {
      const answer = await fetch(url + path, { method, redirect: 'manual' });
      expect([method, path, answer.status, await answer.text()]).toEqual([method, path, 401, '{"error":"refused"}']);
    }
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

  // biome-ignore format: a table
  test.each([
    ['and awaits it', async (_: unknown, reply: FastifyReply) => void (await reply.redirect('/login'))],
    ['and returns it', (_: unknown, reply: FastifyReply) => reply.redirect('/login')],
    ['and goes on', (_: unknown, reply: FastifyReply) => void reply.redirect('/login')],
    ['and goes on, in a promise', async (_: unknown, reply: FastifyReply) => void reply.redirect('/login')],
  ])('who answers by itself %s has answered, also where a hook of the host takes its time', async (_, authenticate) => {
    const app = Fastify().addHook('onSend', async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
    });
    const { ask } = await openConsole({ authenticate: authenticate as never, app });
    const answer = await ask(home, { redirect: 'manual' });
    expect([answer.status, answer.headers.get('location')]).toEqual([302, '/login']);
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
    ['GET', `${home}/`, 401],
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
    const recheck = async (...given: unknown[]) => {
      seen.push(given);
      return { objects: [] };
    };
    const { payments } = standIns();
    const app = Fastify();
    await app.register(formBody, { parser: () => ({ reason: 'of the host' }) });
    app.removeContentTypeParser('application/json');
    app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    app.post('/shop', async ({ body }) => body);
    await app.register(paymentAdminPlugin, { payments: { ...payments, recheck }, authenticate: () => ({ actor: 'support-7' }) });
    const type = { form: 'application/x-www-form-urlencoded', json: 'application/json' };
    const url = `${home}/recheck`;
    await app.inject({ method: 'POST', url, payload: 'id=pi_1&reason=by+form', headers: { 'content-type': type.form } });
    await app.inject({ method: 'POST', url, payload: '{"id":"pi_2","reason":"by JSON"}', headers: { 'content-type': type.json } });
    const ofHost = await app.inject({ method: 'POST', url: '/shop', payload: 'reason=x', headers: { 'content-type': type.form } });
    expect(seen).toEqual([
      ['pi_1', { by: { actor: 'support-7', reason: 'by form' } }],
      ['pi_2', { by: { actor: 'support-7', reason: 'by JSON' } }],
    ]);
    expect(ofHost.json()).toEqual({ reason: 'of the host' });
    await app.close();
  });
});

describe('an order that is unknown', () => {
  test.each(['recheck', 'redeliver', 'withdraw'])('is not found, and no fault of ours: %s', async (what) => {
    const { send, ask } = await openConsole();
    const answer = await send(`${home}/orders/nobody/${what}`, { reason, seenRevision: '1' });
    expect([answer.status, await answer.text()]).toEqual([404, expect.stringContaining('nobody')]);
    const headers = { 'content-type': 'application/json' };
    const asJson = await ask(`${home}/orders/nobody/${what}`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ reason, seenRevision: 1 }),
    });
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
