import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { get } from 'node:https';
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

  // TLS with a key that both sides know: no certificate is needed.
  const psk = Buffer.alloc(16, 7);
  const ciphers = { ciphers: 'PSK-AES128-GCM-SHA256', maxVersion: 'TLSv1.2' } as const;
  const https = { ...ciphers, pskCallback: () => psk };
  const client = { ...ciphers, pskCallback: () => ({ psk, identity: 'x' }), checkServerIdentity: () => undefined };
  async function overHttps(port: number): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      get({ port, host: '127.0.0.1', path: '/slow', ...client }, (response) => resolve(response.resume().statusCode)).on('error', reject);
    });
  }
  async function overHttp2(origin: string): Promise<number | undefined> {
    const session = connectHttp2(origin, client);
    let status: number | undefined;
    session
      .request({ ':path': '/slow' })
      .on('response', (headers) => (status = headers[':status']))
      .resume();
    await once(session, 'close'); // The client keeps it open: the server ends it.
    return status;
  }

  test.each([
    ['HTTP', {}, async (port: number) => (await fetch(`http://127.0.0.1:${port}/slow`)).status],
    ['HTTPS', { https }, overHttps],
    ['HTTP/2', { http2: true }, (port: number) => overHttp2(`http://127.0.0.1:${port}`)],
    ['HTTP/2 with TLS', { http2: true, https }, (port: number) => overHttp2(`https://127.0.0.1:${port}`)],
  ])('what is in flight over %s is answered, though who sends nothing is ended', async (_, options, ask) => {
    const app = Fastify(options as object);
    const first = once(app.server, 'connection');
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
    const slow = async (): Promise<string> => {
      arrive();
      await released;
      return 'slow';
    };
    const { url } = await mounted({}, { app, after: (host) => host.get('/slow', slow) });
    const port = Number(new URL(url).port);
    // It does not end its half of the connection either.
    const silent = connect({ port, host: '127.0.0.1', allowHalfOpen: true }).on('error', () => undefined);
    const [ofSilent] = await first;
    const answer = ask(port);
    await Promise.race([arrived, answer]);
    const closed = app.close();
    if (!ofSilent.destroyed) await once(ofSilent, 'close');
    release();
    expect(await answer).toBe(200);
    await closed;
    silent.destroy();
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
    ['more time than a timer can wait', { bodyTimeoutMs: 2 ** 31 }, 'bodyTimeoutMs 2147483648 must be below 2147483648'],
    ['no question allowed', { statusRateLimit: { max: 0, timeWindowMs: 1 } }, 'statusRateLimit needs a positive max'],
    ['no window', { statusRateLimit: { max: 1 } }, 'statusRateLimit needs a positive max and timeWindowMs, not 1 and undefined'],
  ])('%s is refused, by name', async (_, options, message) => {
    await expect(register(options)).rejects.toMatchObject({ code: 'invalid_input', message: expect.stringContaining(message) });
  });

  test('an absent one, said as undefined, takes its default', async () => {
    await expect(register({ webhookPath: undefined, ledger: undefined, bodyLimit: undefined })).resolves.toBeDefined();
  });
});
