// Starts what the adapter's tests need: a sandbox whose time moves only when the test moves it, and whose answers are checked
// against Stripe's types; a real ledger in memory; the adapter between them; and a small server that receives the webhooks.
// Sockets and signatures are real.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createPaymentLedger, type EventStore, LedgerError, type PaymentLedger, type PaymentLedgerOptions } from '@paidonce/ledger';
import { openMemoryEventStore } from '@paidonce/ledger/memory';
import type { StripeSandbox, StripeSandboxOptions } from '@paidonce/sandbox';
import { startSandbox } from '@paidonce/sandbox/testing';
import Stripe from 'stripe';
import { onTestFinished } from 'vitest';
import { type StripePayments, type StripePaymentsOptions, stripePayments } from './index.ts';

export const webhookSecret = 'whsec_of_the_shop';
export const hourMs = 3_600_000;

export interface Shop {
  readonly sandbox: StripeSandbox;
  readonly stripe: Stripe;
  readonly store: EventStore;
  readonly ledger: PaymentLedger;
  readonly payments: StripePayments;
  /** The address that receives webhooks. */
  readonly webhookUrl: string;
  /** The answers to webhooks so far: the outcome, or the error's code. */
  readonly answers: string[];
  /** Starts a checkout of order-1, or with the given changes. Returns its session. */
  checkout(changes?: Partial<Parameters<StripePayments['startCheckout']>[0]>): Promise<string>;
}

export const plan = {
  orderId: 'order-1',
  memberId: 'member-1',
  plan: 'year',
  amountMinor: 1_000,
  currency: 'eur',
  successUrl: 'https://shop.example/done',
};

export interface ShopOptions {
  readonly ledger?: Partial<PaymentLedgerOptions>;
  readonly payments?: Partial<StripePaymentsOptions>;
  readonly sandbox?: StripeSandboxOptions;
}

export async function openShop(options: ShopOptions = {}): Promise<Shop> {
  const answers: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', async () => {
      try {
        const { outcome } = await payments.handleWebhook(Buffer.concat(chunks), String(request.headers['stripe-signature']));
        answers.push(outcome);
        response.writeHead(outcome === 'bad_signature' ? 400 : 200).end();
      } catch (error) {
        answers.push(error instanceof LedgerError ? error.code : String(error));
        response.writeHead(503).end();
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const sandbox = await startSandbox({ automatic: false, webhookEndpoints: [{ url, secret: webhookSecret }], ...options.sandbox });
  const stripe = new Stripe('sk_test_123456789012', { ...sandbox.clientConfig, telemetry: false });
  const store = options.ledger?.eventStore ?? openMemoryEventStore();
  const ledger = createPaymentLedger({
    eventStore: store,
    ...options.ledger,
    runtime: { ...options.ledger?.runtime, patience: 50 }, // A busy machine makes a test slow, never red.
  });
  const payments = stripePayments({ ledger, stripe, webhookSecrets: [webhookSecret], poll: false, ...options.payments });
  onTestFinished(async () => {
    await payments[Symbol.asyncDispose]();
    await ledger[Symbol.asyncDispose]();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const checkout = async (changes: object = {}): Promise<string> => (await payments.startCheckout({ ...plan, ...changes })).sessionId;
  return { sandbox, stripe, store, ledger, payments, webhookUrl: url, answers, checkout };
}

/** Returns the error. Fails if nothing is thrown. */
export async function refusal(work: Promise<unknown>): Promise<LedgerError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof LedgerError) return error;
    throw error;
  }
  throw new Error('it was expected to be refused');
}

/** Returns the event types of an order, with the source of each observation. */
export async function storyOf(ledger: PaymentLedger, orderId = 'order-1'): Promise<string[]> {
  const events = await ledger.history(orderId);
  return events.map(({ type, data }) => {
    if (type !== 'PaymentObserved') return type;
    const { source, fact } = data as { source: string; fact: { status: string } };
    return `${source} ${fact.status}`;
  });
}
