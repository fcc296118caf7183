// A server that answers as Stripe does, with objects that the test gives it, for reads of Stripe Billing. Sockets and the SDK are
// real; so are the parameters and the version that each request is asked with.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Runtime } from '@paidonce/ledger';
import Stripe from 'stripe';
import { onTestFinished } from 'vitest';
import { StripeCalls } from './stripe/stripe-calls.ts';

export interface Route {
  /** The body. Default: `resource_missing`. */
  readonly body?: unknown;
  /** The header `Date`, ISO 8601. Null: there is none. Default: 3 May 2026, at noon. */
  readonly date?: string | null;
}

export interface BillingServer {
  readonly calls: StripeCalls;
  /** What was asked so far, like `GET /v1/invoices/in_1?expand[0]=payments`. */
  readonly asked: string[];
  /** The versions of the API that it was asked in. */
  readonly versions: Set<string>;
  /** The answers by `METHOD path`, without the query; a list of them is answered one after the other. */
  readonly routes: Map<string, Route | Route[]>;
}

/** Times of this runtime stand still. */
export const runtime: Runtime = {
  now: () => new Date('2031-01-01T00:00:00Z'),
  monotonicNowMs: () => 0,
  random: () => 0.5,
  uuid: () => '00000000-0000-4000-8000-000000000000',
  sleep: () => Promise.resolve(),
  patience: 50,
};

export async function openBilling(routes: Readonly<Record<string, unknown>>): Promise<BillingServer> {
  const table = new Map(Object.entries(routes).map(([name, body]) => [name, { body }] as [string, Route | Route[]]));
  const asked: string[] = [];
  const versions = new Set<string>();
  const server = createServer((request, response) => {
    const { pathname, search } = new URL(request.url ?? '', 'http://127.0.0.1');
    asked.push(`${request.method} ${pathname}${decodeURIComponent(search)}`);
    versions.add(String(request.headers['stripe-version']));
    const found = table.get(`${request.method} ${pathname}`);
    const { body, date = '2026-05-03T12:00:00Z' } = (Array.isArray(found) ? found.shift() : found) ?? {};
    const missing = { error: { type: 'invalid_request_error', code: 'resource_missing', message: `No such object: ${pathname}` } };
    response.sendDate = false;
    if (date !== null) response.setHeader('Date', new Date(date).toUTCString());
    response.writeHead(body === undefined ? 404 : 200, { 'Content-Type': 'application/json' }).end(JSON.stringify(body ?? missing));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  const stripe = new Stripe('sk_test_123456789012', { host: '127.0.0.1', port, protocol: 'http', telemetry: false });
  return { calls: new StripeCalls({ stripe, runtime }), asked, versions, routes: table };
}
