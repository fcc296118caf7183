// Mounts the plugin on a real socket, with stand-ins for ledger and payments that note their calls and answer as a test wants.
import { type ConsoleReads, type PaymentLedger, systemRuntime } from '@paidonce/ledger';
import type { PaymentStatus, StripePayments } from '@paidonce/stripe-adapter';
import Fastify, { type FastifyInstance } from 'fastify';
import { onTestFinished } from 'vitest';
import { type PaymentLedgerPluginOptions, paymentLedgerPlugin } from './plugin.ts';

export type WebhookOutcome = Awaited<ReturnType<StripePayments['handleWebhook']>>['outcome'];

export interface StandIns {
  readonly payments: StripePayments;
  readonly ledger: PaymentLedger;
  /** The arguments of each `handleWebhook`, in order. */
  readonly webhooks: { readonly rawBody: Uint8Array; readonly signature: string }[];
  /** The arguments of each `status`, in order. */
  readonly asked: unknown[][];
  readonly disposed: string[];
  /** The next answers. Written by the test. */
  answers: {
    webhook: () => Promise<WebhookOutcome>;
    status: (sessionId: string) => Promise<PaymentStatus | undefined>;
    order: () => Promise<undefined>;
    disposePayments: () => Promise<void>;
  };
}

/** What metrics read, of a ledger in which nothing has happened. */
function emptyNumbers(): Pick<PaymentLedger, 'backlog' | 'console' | 'forAdapters'> {
  const nothing = { count: 0 };
  const none = { buckets: Array.from({ length: 10 }, () => 0), count: 0, totalMs: 0 };
  const console: Partial<ConsoleReads> = {
    totals: async () => ({
      grants: { webhook: 0, poll: 0, status_query: 0, manual: 0 },
      rescued: { poll: 0, status_query: 0 },
      latency: { paid_to_granted: none, granted_to_saved: none },
      lagMs: 0,
    }),
    queues: async () => ({
      queues: { reviews: nothing, undelivered: nothing, awaiting: nothing, held: nothing, suspended: nothing, unreadable: nothing },
      lagMs: 0,
    }),
    accountHealth: async () => [],
  };
  const forAdapters: Partial<PaymentLedger['forAdapters']> = { processCounts: () => ({ observations: [], alerts: [], looks: [] }) };
  return {
    backlog: async () => ({ openOrders: 0, openReviews: 0, undelivered: 0, abandoned: 0, shadowDiffers: 0, due: 0, doubtful: 0, lagMs: 0 }),
    console: console as ConsoleReads,
    forAdapters: forAdapters as PaymentLedger['forAdapters'],
  };
}

export const signature = 't=1,v1=00ff';

export function standIns(): StandIns {
  const refuse = (): never => {
    throw new Error('the plugin has no reason to call this');
  };
  const webhooks: StandIns['webhooks'] = [];
  const asked: unknown[][] = [];
  const disposed: string[] = [];
  const answers: StandIns['answers'] = {
    webhook: async () => 'recorded',
    status: async () => undefined,
    order: async () => undefined,
    disposePayments: async () => undefined,
  };
  const ledger = {
    runtime: systemRuntime,
    order: () => answers.order(),
    ...emptyNumbers(),
    async [Symbol.asyncDispose]() {
      disposed.push('ledger');
    },
  } as Partial<PaymentLedger> as PaymentLedger;
  const closing = new AbortController();
  const payments: StripePayments = {
    ledger,
    closing: closing.signal,
    metadataFor: async () => ({}),
    startCheckout: refuse,
    adoptCheckout: refuse,
    startSubscription: refuse,
    portalUrl: refuse,
    withdrawOrder: refuse,
    sweep: refuse,
    pollHealth: async () => ({ tiers: [], reads: { allowed: 5_000, left: 5_000, days: [] } }),
    recheck: refuse,
    async handleWebhook(rawBody, given) {
      webhooks.push({ rawBody, signature: given });
      return { outcome: await answers.webhook() };
    },
    async status(...given) {
      asked.push(given);
      return answers.status(given[0]);
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
      await answers.disposePayments();
      disposed.push('payments');
    },
  };
  return { payments, ledger, webhooks, asked, disposed, answers };
}

export interface Mounted extends StandIns {
  readonly app: FastifyInstance;
  readonly url: string;
  /** Sends a webhook as Stripe does. `init` may replace path and headers. */
  post(
    body: Exclude<RequestInit['body'], undefined>,
    init?: { readonly path?: string; readonly headers?: Record<string, string> },
  ): Promise<Response>;
}

export interface Host {
  readonly app?: FastifyInstance;
  /** Called before and after the plugin is registered. */
  readonly before?: (app: FastifyInstance) => unknown;
  readonly after?: (app: FastifyInstance) => unknown;
}

export async function mounted(options: Partial<PaymentLedgerPluginOptions> = {}, host: Host = {}): Promise<Mounted> {
  const parts = standIns();
  const app = host.app ?? Fastify();
  onTestFinished(() => app.close());
  await host.before?.(app);
  await app.register(paymentLedgerPlugin, { payments: parts.payments, ...options });
  await host.after?.(app);
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  return {
    ...parts,
    app,
    url,
    post: (body, { path = '/webhooks/stripe', headers = {} } = {}) =>
      fetch(url + path, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json; charset=utf-8', 'stripe-signature': signature, ...headers },
        ...(body instanceof ReadableStream ? { duplex: 'half' } : {}),
      }),
  };
}
