// Starts what the sandbox's tests need, on real sockets: a shop that records its webhooks, a client, and an order to pay. Every
// answer and every webhook of every test is checked against Stripe's own types.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Stripe from 'stripe';
import { afterEach, expect, onTestFinished } from 'vitest';
import type { StripeSandbox, StripeSandboxOptions } from './index.ts';
import { startWitnessed } from './sandbox.ts';
import { problemsOf } from './schema/answer-check.test-support.ts';

export const SECRET = 'whsec_test_secret_of_the_shop';
export const HOUR_MS = 3_600_000;

export interface Received {
  readonly body: string;
  readonly signature: string;
  readonly event: Stripe.Event;
}

export interface Shop {
  readonly url: string;
  readonly received: readonly Received[];
  /** Returns the types of the events that have arrived, in order. */
  types(): string[];
  /** Sets the status that it answers from now on; before, it is 200. `'silence'`: it never answers. */
  answer(how: number | 'silence'): void;
  close(): Promise<void>;
}

/** What is wrong with answers and webhooks of the running test. Endpoints of an old API version are not checked. */
const problems = new Set<string>();
let checked = 0;

afterEach(() => {
  const found = [...problems];
  problems.clear();
  expect(found, 'what the sandbox said in a shape that Stripe’s types do not allow').toEqual([]);
});

/** Returns how many answers and webhooks have been checked so far. */
export function checkedAnswers(): number {
  return checked;
}

function check(body: string): void {
  const value = JSON.parse(body) as { readonly api_version?: string };
  checked += 1;
  if (value.api_version !== undefined && value.api_version !== Stripe.API_VERSION) return;
  for (const problem of problemsOf(value)) problems.add(problem);
}

export async function startShop(port = 0): Promise<Shop> {
  const received: Received[] = [];
  let how: number | 'silence' = 200;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      received.push({ body, signature: String(request.headers['stripe-signature']), event: JSON.parse(body) as Stripe.Event });
      if (how === 'silence') return;
      response.writeHead(how, how >= 300 && how < 400 ? { location: '/elsewhere' } : {}).end('ok');
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const close = (): Promise<void> => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(() => resolve()));
  };
  onTestFinished(close);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks/stripe`,
    received,
    types: () => received.map(({ event }) => event.type),
    answer: (next) => {
      how = next;
    },
    close,
  };
}

export interface Ground {
  readonly sandbox: StripeSandbox;
  readonly stripe: Stripe;
  readonly shop: Shop;
}

/** Starts a sandbox whose time moves only when the test moves it, a shop that receives webhooks, and a client. */
export async function startGround(options: StripeSandboxOptions = {}): Promise<Ground> {
  const shop = await startShop();
  const start = Date.now();
  const sandbox = await startSandbox({
    automatic: false,
    webhookEndpoints: [{ url: shop.url, secret: SECRET }],
    ...options,
    runtime: { now: () => new Date(start), ...options.runtime },
  });
  return { shop, sandbox, stripe: clientOf(sandbox) };
}

export async function startSandbox(options: StripeSandboxOptions = {}): Promise<StripeSandbox> {
  const sandbox = await startWitnessed(options, check);
  onTestFinished(() => sandbox.close());
  return sandbox;
}

export function clientOf(sandbox: StripeSandbox, key = 'sk_test_123456789012', options: Stripe.StripeConfig = {}): Stripe {
  return new Stripe(key, { ...sandbox.clientConfig, maxNetworkRetries: 0, telemetry: false, ...options });
}

const PLAN: Stripe.Checkout.SessionCreateParams = {
  mode: 'payment',
  line_items: [{ quantity: 1, price_data: { currency: 'twd', unit_amount: 29_000, product_data: { name: 'Membership, one year' } } }],
  success_url: 'http://127.0.0.1:3020/success?session_id={CHECKOUT_SESSION_ID}',
  cancel_url: 'http://127.0.0.1:3020/plans',
  metadata: { paidonce_order: 'order-1' },
  payment_intent_data: { metadata: { paidonce_order: 'order-1' } },
};

/** The metadata of the plan's intent and charge. */
export const INTENT_METADATA: Record<string, string> = { paidonce_order: 'order-1' };

/** Creates a session of the plan. @param changes the fields that differ. */
export function createSession(
  stripe: Stripe,
  changes: Partial<Stripe.Checkout.SessionCreateParams> = {},
): Promise<Stripe.Checkout.Session> {
  return stripe.checkout.sessions.create({ ...PLAN, ...changes } as Stripe.Checkout.SessionCreateParams);
}

export async function errorOf(promise: Promise<unknown>): Promise<Stripe.errors.StripeError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Stripe.errors.StripeError) return error;
    throw error;
  }
  throw new Error('It was expected to fail.');
}
