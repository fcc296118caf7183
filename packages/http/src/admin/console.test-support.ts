// Opens a shop with a console on a real socket: a ledger in memory, the adapter, the sandbox, and one operator with access.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createPaymentLedger, type MembershipChange, type PaymentLedger, type PlaceOrder } from '@paidonce/ledger';
import { openMemoryEventStore } from '@paidonce/ledger/memory';
import { type StripeSandbox, startStripeSandbox } from '@paidonce/sandbox';
import { type StripePayments, stripePayments } from '@paidonce/stripe-adapter';
import Fastify, { type FastifyInstance } from 'fastify';
import Stripe from 'stripe';
import { onTestFinished } from 'vitest';
import type { Operator } from '../console-call.ts';
import { paymentConsole } from '../fetch.ts';
import { nodeHandler } from '../node.ts';
import { type PaymentAdminPluginOptions, paymentAdminPlugin } from './plugin.ts';

export interface ConsoleWorld {
  readonly url: string;
  readonly app: FastifyInstance;
  readonly ledger: PaymentLedger;
  readonly payments: StripePayments;
  readonly sandbox: StripeSandbox;
  readonly delivered: MembershipChange[];
  /** Sends a request as the operator who wants JSON. `init` may replace this. */
  ask(path: string, init?: RequestInit): Promise<Response>;
  /** Sends a form as the operator's browser does. */
  send(path: string, fields: Record<string, string>, headers?: Record<string, string>): Promise<Response>;
}

/** The operator's own request. */
export const operator = { authorization: 'Bearer operator' };

/** Through which edge the console is served. */
export type Edge = 'fastify' | 'fetch';
export const edges: readonly Edge[] = ['fastify', 'fetch'];

export interface WorldOptions extends Partial<Omit<PaymentAdminPluginOptions, 'payments'>> {
  /** Default: Fastify. With `fetch`, `authenticate` and `app` are not used. */
  readonly edge?: Edge;
  /** What the operator may do. Default: everything. */
  readonly may?: NonNullable<Operator['may']>;
  /** The host's server. Default: one that logs nothing. */
  readonly app?: FastifyInstance;
  readonly deliver?: (change: MembershipChange) => Promise<void>;
  /** False: this process decides, and leaves the delivery to others. Default true. */
  readonly delivers?: boolean;
}

export async function openConsole({
  deliver,
  delivers = true,
  edge = 'fastify',
  may,
  app = Fastify(),
  ...options
}: WorldOptions = {}): Promise<ConsoleWorld> {
  const sandbox = await startStripeSandbox();
  const delivered: MembershipChange[] = [];
  const ledger = createPaymentLedger({
    eventStore: openMemoryEventStore(),
    runtime: { patience: 50 }, // A busy machine makes a test slow, never red.
    ...(delivers
      ? {
          deliver: async (change: MembershipChange) => {
            await deliver?.(change);
            delivered.push(change);
          },
        }
      : {}),
  });
  const stripe = new Stripe('sk_test_console', { ...sandbox.clientConfig });
  const payments = stripePayments({ ledger, stripe, webhookSecrets: ['whsec_console'], poll: false });
  const signedIn = (authorization: string | null | undefined): Operator | undefined =>
    authorization === operator.authorization ? { actor: 'support-7', ...(may ? { may } : {}) } : undefined;
  app.get('/shop', async () => 'open to all');
  await app.register(paymentAdminPlugin, {
    payments,
    authenticate: ({ headers }) => signedIn(headers.authorization),
    ...options,
  });
  const { path, findMember, describeMember } = options;
  const hooks = { ...(findMember ? { findMember } : {}), ...(describeMember ? { describeMember } : {}), ...(path ? { path } : {}) };
  const handler = paymentConsole({ payments, authenticate: ({ headers }) => signedIn(headers.get('authorization')), ...hooks });
  const server = createServer(nodeHandler(handler));
  const url = edge === 'fastify' ? await app.listen({ port: 0, host: '127.0.0.1' }) : await listening(server);
  onTestFinished(async () => {
    await app.close();
    server.close();
    server.closeAllConnections();
    await payments[Symbol.asyncDispose]();
    await ledger[Symbol.asyncDispose]();
    await sandbox.close();
  });
  const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
    fetch(url + path, { redirect: 'manual', ...init, headers: { ...operator, ...init.headers } });
  return {
    url,
    app,
    ledger,
    payments,
    sandbox,
    delivered,
    ask,
    send: (path, fields, headers = {}) =>
      ask(path, {
        method: 'POST',
        body: new URLSearchParams(fields),
        headers: { accept: 'text/html', 'sec-fetch-site': 'same-origin', ...headers },
      }),
  };
}

async function listening(server: ReturnType<typeof createServer>): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Starts an order of 49.00 USD whose checkout is open. `pay` pays it without a webhook. */
export async function startOrder(
  { payments, sandbox }: ConsoleWorld,
  orderId: string,
  terms: Partial<PlaceOrder> = {},
): Promise<{ readonly sessionId: string; pay(): Promise<void> }> {
  const order = { orderId, memberId: `member-of-${orderId}`, plan: 'pro', amountMinor: 4_900, currency: 'usd', ...terms };
  const { sessionId } = await payments.startCheckout({ ...order, successUrl: 'https://shop.example/done' });
  return {
    sessionId,
    pay: async () => {
      sandbox.pay(sessionId, { fate: 'lost' });
    },
  };
}

/** Makes an order with an open review: the ledger gets a payment that is too small. */
export async function orderWithReview(world: ConsoleWorld, orderId: string): Promise<void> {
  const { sessionId } = await startOrder(world, orderId);
  const order = await world.ledger.order(orderId);
  if (!order) throw new Error(`${orderId} is not placed`);
  await world.ledger.observePayment({
    source: 'webhook',
    payment: { provider: 'stripe', account: order.account, livemode: order.livemode, id: `pi_of_${orderId}` },
    aliases: [sessionId],
    orderId,
    fact: { kind: 'attempt', status: 'paid', amount: { totalMinor: 100, currency: 'usd' } },
    asOf: '2026-01-01T00:00:00.000Z',
    evidence: { objectId: `pi_of_${orderId}` },
  });
}
