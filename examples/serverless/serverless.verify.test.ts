// Plays a serverless host: each instance is a ledger of its own on the one log, the server makes events of Lambda from real
// requests, and an instance may be frozen after its answer.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { MembershipChange } from '@paidonce/ledger';
import { databaseForTests, skipReason } from '@paidonce/ledger/testing/postgres-server';
import { type StripeSandbox, startStripeSandbox } from '@paidonce/sandbox';
import Stripe from 'stripe';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { temporaryFolder } from '../shop/shop.test-support.ts';
import { everyFiveMinutes, openShop, requestFunctions, type Shop } from './functions.ts';
import { lambdaFunctions } from './lambda.ts';

const webhookSecret = 'whsec_sandbox_local';
let sandbox: StripeSandbox;
let saved: MembershipChange[];
let open: (aheadMs?: number, url?: string) => Promise<Shop>;
let cleanUp: AsyncDisposableStack;

beforeEach(async () => {
  cleanUp = new AsyncDisposableStack();
  const folder = temporaryFolder();
  cleanUp.defer(() => folder.remove());
  sandbox = cleanUp.use(await startStripeSandbox({ automatic: false }));
  saved = [];
  open = async (aheadMs = 0, ledgerUrl = `sqlite:${join(folder.path, 'ledger.db')}`) => {
    const shop = await openShop({
      ledgerUrl,
      stripe: new Stripe('sk_test_123456789012', { ...sandbox.clientConfig }),
      webhookSecret,
      saveMembership: async (change) => void saved.push(change),
      runtime: { patience: 50, now: () => new Date(Date.now() + aheadMs) },
    });
    cleanUp.use(shop.ledger);
    cleanUp.use(shop.payments);
    return shop;
  };
});
afterEach(() => cleanUp.disposeAsync());

const buy = async ({ payments }: Shop): Promise<string> => {
  const order = { orderId: 'order-1', memberId: 'ada', plan: 'year', amountMinor: 9_000, currency: 'usd' };
  return (await payments.startCheckout({ ...order, successUrl: 'https://shop.example/thanks' })).sessionId;
};

/** Serves as API Gateway does. Returns its address. */
async function gateway({ webhook, status }: ReturnType<typeof lambdaFunctions>): Promise<string> {
  const server = createServer(async (request, response) => {
    const { pathname, search } = new URL(request.url ?? '', 'http://gateway');
    const body = await text(request);
    const answer = await (pathname === '/webhooks/stripe' ? webhook : status)({
      rawPath: pathname,
      rawQueryString: search.slice(1),
      headers: request.headers as Record<string, string>,
      requestContext: { domainName: 'shop.example', http: { method: request.method ?? '' } },
      ...(body !== '' && { body: Buffer.from(body).toString('base64') }),
      isBase64Encoded: true,
    });
    response.writeHead(answer.statusCode, answer.headers).end(answer.body);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  cleanUp.defer(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('on Lambda a webhook is delivered before its answer, and the page hears `active`', async () => {
  const shop = await open();
  const functions = lambdaFunctions(shop);
  const url = await gateway(functions);
  sandbox.addWebhookEndpoint({ url: `${url}/webhooks/stripe`, secret: webhookSecret });
  const sessionId = await buy(shop);
  sandbox.pay(sessionId, { fate: 'doubled' });
  await sandbox.deliverDue();
  expect(saved).toMatchObject([{ memberId: 'ada', status: 'active' }]);
  const answer = await fetch(`${url}/payment/status/${sessionId}`);
  expect(await answer.json()).toMatchObject({ state: 'active' });
  // Anybody can send a body where none belongs.
  const http = { domainName: 'shop.example', http: { method: 'GET' } };
  const odd = { rawPath: `/payment/status/${sessionId}`, rawQueryString: '', headers: {}, requestContext: http, body: '{}' };
  expect(await functions.status({ ...odd, isBase64Encoded: false })).toMatchObject({ statusCode: 200 });
  const forged = await fetch(`${url}/webhooks/stripe`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'stripe-signature': 't=1,v1=00' },
    body: '{}',
  });
  expect(forged.status).toBe(400);
});

test('a request that is refused, as anybody can send, costs no delivery; nor does a failed one, which Stripe sends again', async () => {
  const shop = await open();
  const later: (() => Promise<unknown>)[] = [];
  const { webhook, status } = requestFunctions(shop, (work) => later.push(work));
  let secret = 'whsec_of_nobody';
  const ask = (sessionId: string): Promise<Response> => status(new Request(`https://shop.example/payment/status/${sessionId}`));
  const send = (handle: typeof webhook, body: string): Promise<Response> => {
    const headers = {
      'content-type': 'application/json',
      'stripe-signature': Stripe.webhooks.generateTestHeaderString({ payload: body, secret }),
    };
    return handle(new Request('https://shop.example/webhooks/stripe', { method: 'POST', headers, body }));
  };
  expect((await send(webhook, '{}')).status).toBe(400);
  expect((await ask('cs_test_nobodys')).status).toBe(404);
  const failing = { ...shop, handlers: { ...shop.handlers, webhook: async () => new Response(null, { status: 503 }) } };
  expect((await send(requestFunctions(failing, (work) => later.push(work)).webhook, '{}')).status).toBe(503);
  expect(later).toEqual([]);

  const sessionId = await buy(shop);
  sandbox.pay(sessionId, { fate: 'lost' });
  expect(await (await ask(sessionId)).json()).toMatchObject({ state: 'granting' });
  expect([later.length, saved]).toEqual([1, []]);
  await later[0]?.();
  expect(saved).toMatchObject([{ memberId: 'ada', status: 'active' }]);

  secret = webhookSecret;
  expect((await send(webhook, '{"id":"evt_1","object":"event","type":"paidonce.doctor"}')).status).toBe(200);
  expect(later).toHaveLength(2);
});

test('where no webhook comes and nobody asks, the cron of another instance finds the payment', async () => {
  sandbox.pay(await buy(await open()), { fate: 'lost' });
  const other = await open();
  expect(await everyFiveMinutes(other)).toEqual({ rescued: 1, undelivered: 0, abandoned: 0, openReviews: 0 });
  expect(saved).toMatchObject([{ memberId: 'ada', status: 'active' }]);
  expect(await everyFiveMinutes(other)).toMatchObject({ rescued: 0 });
});

test('where Stripe does not answer, the cron delivers all the same, and reports it', async () => {
  const shop = await open();
  const sessionId = await buy(shop);
  sandbox.pay(sessionId, { fate: 'lost' });
  expect(await shop.payments.status(sessionId)).toMatchObject({ state: 'granting' });
  sandbox.injectFault({ kind: 'status', status: 500, times: 1_000 });
  await expect(everyFiveMinutes(shop)).rejects.toMatchObject({ code: 'provider_unavailable' });
  expect(saved).toHaveLength(1);
});

test('what an instance has acknowledged and not delivered when it was frozen, another one delivers, once', async () => {
  const frozen = await open();
  const sessionId = await buy(frozen);
  sandbox.pay(sessionId, { fate: 'lost' });
  const { status } = requestFunctions(frozen, () => undefined);
  const response = await status(new Request(`https://shop.example/payment/status/${sessionId}`));
  expect(await response.json()).toMatchObject({ state: 'granting' });
  expect(saved).toEqual([]);

  expect(await everyFiveMinutes(await open())).toMatchObject({ undelivered: 1 }); // The frozen one may come back and deliver.
  expect(saved).toEqual([]);
  expect(await everyFiveMinutes(await open(300_000))).toMatchObject({ undelivered: 0 });
  expect(saved).toMatchObject([{ memberId: 'ada', status: 'active' }]);
});

test('on PostgreSQL too: what one instance sold, the cron of another one finds', async ({ skip }) => {
  const reason = skipReason();
  if (reason !== undefined) {
    console.warn(`SKIPPED: serverless on PostgreSQL. ${reason}`);
    skip();
  }
  const database = await databaseForTests();
  cleanUp.defer(() => database.remove());
  const url = new URL(database.url);
  url.searchParams.set('schema', database.newSchema());
  url.searchParams.set('clients', '2');
  sandbox.pay(await buy(await open(0, url.href)), { fate: 'lost' });
  expect(await everyFiveMinutes(await open(0, url.href))).toMatchObject({ rescued: 1, undelivered: 0 });
  expect(saved).toMatchObject([{ memberId: 'ada', status: 'active' }]);
});
