import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import Fastify, { type FastifyInstance } from 'fastify';
import { describe, expect, test } from 'vitest';
import { mounted, standIns } from './mounted.test-support.ts';
import { type PaymentLedgerPluginOptions, paymentLedgerPlugin } from './plugin.ts';

describe('on app.close()', () => {
  test('payments are disposed, then the ledger', async () => {
    const { app, disposed } = await mounted();
    await app.close();
    expect(disposed).toEqual(['payments', 'ledger']);
  });

  test('what is in flight is answered first', async () => {
    const { app, post, answers, disposed } = await mounted();
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
    let disposedWhenAnswered: readonly string[] = ['never answered'];
    answers.webhook = async () => {
      arrive();
      await released;
      disposedWhenAnswered = [...disposed];
      return 'recorded';
    };
    const response = post('{}');
    await arrived;
    const closed = app.close();
    release();
    expect((await response).status).toBe(200);
    await closed;
    expect(disposedWhenAnswered).toEqual([]);
    expect(disposed).toEqual(['payments', 'ledger']);
  });

  // Fastify would wait 72 s for the next request of each connection, and these tests with it.
  describe('a connection that is kept alive ends with its answer', () => {
    const keptAlive = 'host: shop\r\nconnection: keep-alive\r\n';
    async function inFlight(register: (app: FastifyInstance, handler: () => Promise<string>) => unknown, when: 'before' | 'after') {
      const { promise: released, resolve: release } = Promise.withResolvers<void>();
      const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
      const handler = async (): Promise<string> => {
        arrive();
        await released;
        return 'slow';
      };
      const { app, url } = await mounted({}, { [when]: (host: FastifyInstance) => register(host, handler) });
      return { app, port: Number(new URL(url).port), arrived, release };
    }

    test.each(['before', 'after'] as const)('by a route that the host registers %s ours', async (when) => {
      const { app, port, arrived, release } = await inFlight((host, handler) => host.get('/slow', handler), when);
      const socket = connect(port, '127.0.0.1');
      socket.write(`GET /slow HTTP/1.1\r\n${keptAlive}\r\n`);
      await arrived;
      const closed = app.close();
      await expect.poll(() => app.server.listening).toBe(false);
      release();
      expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 OK\r\n(?:.+\r\n)*connection: close\r\n(?:.+\r\n)*\r\nslow$/);
      await closed;
    });

    test('by a route whose answer had begun', async () => {
      const { app, port, arrived, release } = await inFlight(
        (host, handler) =>
          host.get('/slow', (_request, reply) => {
            reply.hijack();
            reply.raw.writeHead(200, { 'content-length': 4 }).flushHeaders();
            void handler().then((body) => reply.raw.end(body));
          }),
        'after',
      );
      const socket = connect(port, '127.0.0.1');
      socket.write(`GET /slow HTTP/1.1\r\n${keptAlive}\r\n`);
      await arrived;
      const closed = app.close();
      await expect.poll(() => app.server.listening).toBe(false);
      release();
      expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 OK[\s\S]*slow$/);
      await closed;
    });

    test('and one that has sent half a request is ended', async () => {
      const { app, url } = await mounted();
      const socket = connect(Number(new URL(url).port), '127.0.0.1');
      socket.write('GET /health/live HTTP/1.1\r\nhost: sh');
      await once(socket, 'connect');
      await fetch(`${url}/health/live`); // The server has the half by now.
      const ended = text(socket).catch(() => 'reset');
      await app.close();
      await ended;
      expect(socket.destroyed).toBe(true);
    });
  });

  test('the host keeps its ledger where it says so', async () => {
    const { app, disposed } = await mounted({ closeLedger: false });
    await app.close();
    expect(disposed).toEqual(['payments']);
  });

  test('payments that fail to close are reported, and the ledger is closed all the same', async () => {
    const { app, answers, disposed } = await mounted();
    answers.disposePayments = () => Promise.reject(new Error('told to'));
    await expect(app.close()).rejects.toThrow('told to');
    expect(disposed).toEqual(['ledger']);
  });

  test('the ledger that was named is asked and closed, not the one of payments', async () => {
    const other = standIns();
    const { app, url, disposed } = await mounted({ ledger: other.ledger });
    other.answers.order = () => Promise.reject(new Error('told to'));
    expect((await fetch(`${url}/health/ready`)).status).toBe(503);
    await app.close();
    expect([disposed, other.disposed]).toEqual([['payments'], ['ledger']]);
  });
});

test('two of them, for test and live mode, stand side by side', async () => {
  const live = standIns();
  const { post, webhooks } = await mounted(
    {},
    {
      after: (app) =>
        app.register(paymentLedgerPlugin, {
          payments: live.payments,
          webhookPath: '/webhooks/stripe-live',
          statusPath: '/live/status/:sessionId',
          healthPaths: false,
        }),
    },
  );
  await post('{"mode":"test"}');
  await post('{"mode":"live"}', { path: '/webhooks/stripe-live' });
  const bodies = [webhooks, live.webhooks].map((given) => given.map(({ rawBody }) => Buffer.from(rawBody).toString()));
  expect(bodies).toEqual([['{"mode":"test"}'], ['{"mode":"live"}']]);
});

describe('options', () => {
  const register = async (options: object): Promise<unknown> => {
    const app = Fastify();
    return app.register(paymentLedgerPlugin, { payments: standIns().payments, ...options } as PaymentLedgerPluginOptions).ready();
  };

  test.each([
    ['a misspelt one', { webhookPaht: '/x' }, 'unknown option webhookPaht'],
    ['Fastify’s prefix, which would do nothing', { prefix: '/api' }, 'unknown option prefix'],
    ['no payments', { payments: undefined }, 'payments is missing'],
    ['a path without its slash', { webhookPath: 'webhooks' }, 'path "webhooks" must begin with /'],
    ['one path for two routes', { healthPaths: { live: '/health', ready: '/health' } }, 'paths must differ'],
    ['a status path without the session', { statusPath: '/status' }, 'must end in /:sessionId'],
    ['no body at all', { bodyLimit: 0 }, 'bodyLimit 0 must be a positive number of bytes'],
    ['half a byte', { bodyLimit: 0.5 }, 'bodyLimit 0.5'],
    ['no time for a body', { bodyTimeoutMs: 0 }, 'bodyTimeoutMs 0 must be a positive number of milliseconds'],
    ['no question allowed', { statusRateLimit: { max: 0, timeWindowMs: 1 } }, 'statusRateLimit needs a positive max'],
    ['no window', { statusRateLimit: { max: 1 } }, 'statusRateLimit needs a positive max and timeWindowMs, not 1 and undefined'],
  ])('%s is refused, by name', async (_, options, message) => {
    await expect(register(options)).rejects.toMatchObject({ code: 'invalid_input', message: expect.stringContaining(message) });
  });

  test('an absent one, said as undefined, takes its default', async () => {
    await expect(register({ webhookPath: undefined, ledger: undefined, bodyLimit: undefined })).resolves.toBeDefined();
  });
});
