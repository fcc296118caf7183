// Webhook, status query and readiness as `Request → Response` handlers in Node's own server, without a framework. It runs on a
// local sandbox of Stripe, which plays the customer: npx node --conditions=@paidonce/source examples/any-host.ts
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MembershipChange } from '@paidonce/ledger';
import { startStripeSandbox } from '@paidonce/sandbox';
import Stripe from 'stripe';

// #region imports

import { nodeHandler, paymentHandlers } from '@paidonce/http/fetch';
import { createPaymentLedger } from '@paidonce/ledger';
import { openSqliteEventStore } from '@paidonce/ledger/sqlite';
import { stripePayments } from '@paidonce/stripe-adapter';

// #endregion imports

const sandbox = await startStripeSandbox();
const stripe = new Stripe('sk_test_paidonce_sandbox', { ...sandbox.clientConfig });
const webhookSecret = 'whsec_sandbox_local';
const folder = mkdtempSync(join(tmpdir(), 'paidonce-'));
const ledgerFile = join(folder, 'ledger.db');

// #region ledger
const ledger = createPaymentLedger({
  eventStore: await openSqliteEventStore(ledgerFile), // a path such as 'data/ledger.db'
  deliver: (change) => saveMembership(change), // your own transaction, around once(…)
});
const payments = stripePayments({
  ledger,
  stripe, // new Stripe(secretKey)
  webhookSecrets: [webhookSecret],
});
const handlers = paymentHandlers({ payments }); // webhook, status, live, ready: each takes a Request, and returns a Response
// #endregion ledger

// #region server
const routes: Readonly<Record<string, ReturnType<typeof nodeHandler>>> = {
  'POST /webhooks/stripe': nodeHandler(handlers.webhook),
  'GET /payment/status': nodeHandler((request) => handlers.status(request)), // The id is the last part of the path.
  'GET /health/live': nodeHandler(handlers.live),
  'GET /health/ready': nodeHandler(handlers.ready),
};
const server = createServer((request, response) => {
  const path = request.url?.replace(/^(\/payment\/status)\/.*/, '$1');
  const route = routes[`${request.method} ${path}`];
  if (route) route(request, response);
  else response.writeHead(404).end();
});
// #endregion server
await once(server.listen(0, '127.0.0.1'), 'listening');
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
sandbox.addWebhookEndpoint({ url: `${url}/webhooks/stripe`, secret: webhookSecret });

// #region checkout
const { sessionId } = await payments.startCheckout({
  orderId: 'order-1',
  memberId: 'ada',
  plan: 'year',
  amountMinor: 9_000,
  currency: 'usd',
  successUrl: 'https://shop.example/thanks',
});
// #endregion checkout
sandbox.pay(sessionId, { fate: 'lost' }); // No webhook comes. The page asks, and Stripe's own answer grants.
const asked = await fetch(`${url}/payment/status/${sessionId}`);
console.log(`${asked.status} ${((await asked.json()) as { state: string }).state}`);
await ledger.settle();

// #region end
handlers.close(); // Pages that wait for news are answered now. Without it the server would wait for them.
await new Promise((resolve) => server.close(resolve));
await payments[Symbol.asyncDispose]();
await ledger[Symbol.asyncDispose]();
// #endregion end
await sandbox.close();
rmSync(folder, { recursive: true });

function saveMembership({ membershipId, memberId, status: access }: MembershipChange): void {
  console.log(`membership ${membershipId} of ${memberId} is ${access}`);
}
