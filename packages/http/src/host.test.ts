import { Writable } from 'node:stream';
import rateLimit from '@fastify/rate-limit';
import { LedgerError } from '@paidonce/ledger';
import Fastify, { type FastifyInstance } from 'fastify';
import { describe, expect, test } from 'vitest';
import { mounted, signature } from './mounted.test-support.ts';

const json = { 'content-type': 'application/json' };
const echo = (app: FastifyInstance): unknown =>
  app.post('/echo', async (request) => ({ raw: request.body instanceof Uint8Array, body: request.body }));
const ownParser = (app: FastifyInstance): unknown =>
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) =>
    done(null, { own: JSON.parse(String(body)) }),
  );
const ownErrors = (app: FastifyInstance): unknown =>
  app.setErrorHandler((_error, _request, reply) => reply.code(418).header('x-host', 'yes').send({ host: 'error' }));

describe('the bodies of the host’s routes', () => {
  test('are parsed by Fastify as before', async () => {
    const { url } = await mounted({}, { after: echo });
    const response = await fetch(`${url}/echo`, { method: 'POST', body: '{"a":1}', headers: json });
    expect(await response.json()).toEqual({ raw: false, body: { a: 1 } });
  });

  test.each([
    ['before', { before: ownParser, after: echo }],
    ['after', { before: echo, after: ownParser }],
  ])('are parsed by the host’s own JSON parser, added %s ours', async (_, host) => {
    const { url, post, webhooks } = await mounted({}, host);
    const response = await fetch(`${url}/echo`, { method: 'POST', body: '{"a":1}', headers: json });
    expect(await response.json()).toEqual({ raw: false, body: { own: { a: 1 } } });
    expect((await post('{"a":1}')).status).toBe(200);
    expect(Buffer.from(webhooks[0]!.rawBody).toString()).toBe('{"a":1}');
  });

  test('of a type that the host does not read are still refused', async () => {
    const { url } = await mounted({}, { after: echo });
    const response = await fetch(`${url}/echo`, { method: 'POST', body: 'a,b', headers: { 'content-type': 'text/csv' } });
    expect(response.status).toBe(415);
  });

  test('keep the host’s limit', async () => {
    const { url, post } = await mounted({}, { app: Fastify({ bodyLimit: 10 }), after: echo });
    expect((await fetch(`${url}/echo`, { method: 'POST', body: '{"a":"0123456789"}', headers: json })).status).toBe(413);
    expect((await post('{"a":"0123456789"}')).status).toBe(200);
  });
});

describe('the host’s error handler', () => {
  test('still answers the host’s errors and its unknown paths', async () => {
    const { url } = await mounted(
      {},
      {
        before: ownErrors,
        after: (app) => {
          app.get('/fails', () => Promise.reject(new Error('told to')));
          app.setNotFoundHandler((_request, reply) => reply.code(404).send({ host: 'not found' }));
        },
      },
    );
    const failed = await fetch(`${url}/fails`);
    expect([failed.status, failed.headers.get('x-host')]).toEqual([418, 'yes']);
    expect(await (await fetch(`${url}/nowhere`)).json()).toEqual({ host: 'not found' });
    expect(await (await fetch(`${url}/payment/status/cs_1`, { method: 'POST' })).json()).toEqual({ host: 'not found' });
  });

  test('does not change what we answer', async () => {
    const { url, post, answers } = await mounted(
      { bodyLimit: 10, statusRateLimit: { max: 1, timeWindowMs: 60_000 } },
      { before: ownErrors },
    );
    const seen = [(await post('{"a":"0123456789"}')).status, (await post('a', { headers: { 'content-type': 'text/plain' } })).status];
    answers.webhook = () => Promise.reject(new LedgerError('store_busy', 'told to'));
    seen.push((await post('{}')).status);
    answers.webhook = () => Promise.reject(new Error('told to'));
    seen.push((await post('{}')).status);
    for (let count = 0; count < 2; count += 1) seen.push((await fetch(`${url}/payment/status/cs_1`)).status);
    expect(seen).toEqual([413, 415, 503, 500, 404, 429]);
  });
});

describe('a host that limits all its routes', () => {
  const limited = (app: FastifyInstance): unknown => app.register(rateLimit, { max: 2, timeWindow: 60_000 });
  const hit = async (times: number, once: () => Promise<Response>): Promise<number[]> => {
    const statuses: number[] = [];
    for (let count = 0; count < times; count += 1) statuses.push((await once()).status);
    return statuses;
  };

  test('never answers Stripe or a load balancer with 429', async () => {
    const { url, post } = await mounted({}, { before: limited, after: (app) => app.get('/own', async () => 'own') });
    expect(await hit(5, () => post('{}'))).toEqual([200, 200, 200, 200, 200]);
    expect(await hit(5, () => fetch(`${url}/health/live`))).toEqual([200, 200, 200, 200, 200]);
    expect(await hit(5, () => fetch(`${url}/health/ready`))).toEqual([200, 200, 200, 200, 200]);
    expect(await hit(3, () => fetch(`${url}/own`))).toEqual([200, 200, 429]);
  });

  test('has our own limit on the status query', async () => {
    const { url } = await mounted({ statusRateLimit: { max: 4, timeWindowMs: 60_000 } }, { before: limited });
    expect(await hit(5, () => fetch(`${url}/payment/status/cs_1`))).toEqual([404, 404, 404, 404, 429]);
  });
});

describe('hooks and serializers of the host', () => {
  test('do not change what our bodies say', async () => {
    const { url, post } = await mounted(
      {},
      {
        before: (app) => {
          app.setReplySerializer((payload) => JSON.stringify({ serialized: payload }));
          app.addHook('preSerialization', async (_request, _reply, payload) => ({ wrapped: payload }));
          app.get('/own', async () => ({ a: 1 }));
        },
      },
    );
    expect(await (await post('{}')).text()).toBe('{"outcome":"recorded"}');
    expect(await (await fetch(`${url}/payment/status/cs_1`)).text()).toBe('{"error":"not_found"}');
    expect(await (await fetch(`${url}/own`)).text()).toBe('{"serialized":{"wrapped":{"a":1}}}');
  });

  test.each([401, 403, 503])('may refuse our routes with %i, as they refuse others', async (statusCode) => {
    const refuse = (app: FastifyInstance): unknown =>
      app.addHook('onRequest', async () => Promise.reject(Object.assign(new Error('told to'), { statusCode })));
    const { url, post, webhooks } = await mounted({}, { before: refuse });
    expect([(await post('{}')).status, (await fetch(`${url}/payment/status/cs_1`)).status]).toEqual([statusCode, statusCode]);
    expect(webhooks).toEqual([]);
  });
});

test('neither bodies nor signatures nor what an error quotes of them is logged', async () => {
  const written: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      written.push(String(chunk));
      done();
    },
  });
  const { url, post, answers } = await mounted({ bodyLimit: 100 }, { app: Fastify({ logger: { level: 'trace', stream } }) });
  const secretive = '{"marker":"body-4711"}';
  const quoting = new Error(`cannot read ${secretive} with whsec_4712`, { cause: new Error(secretive) });
  for (const error of [
    quoting,
    Object.assign(quoting, { statusCode: 400 }),
    new LedgerError('store_busy', 'queue full, try again', { cause: quoting }),
    secretive,
  ]) {
    answers.webhook = () => Promise.reject(error);
    answers.status = () => Promise.reject(error);
    await post(secretive);
    await fetch(`${url}/payment/status/cs_1`);
  }
  answers.webhook = async () => 'bad_signature';
  await post(secretive);
  await post(secretive.repeat(20));
  await post(secretive, { headers: { 'content-type': 'text/plain' } });
  await post(secretive, { headers: { 'stripe-signature': '' } });

  const log = written.join('');
  expect(log).toContain('queue full, try again');
  expect(log).toContain('unexpected error, answered 500');
  expect(log).toContain('is its secret among webhookSecrets?');
  for (const secret of ['body-4711', 'whsec_4712', signature, 'v1=']) expect(log).not.toContain(secret);
});
