// Runs a replica of a shop in a separate process, for replicas.verify.test.ts: ledger, adapter and plugin, on the store that a URL
// names. Its clock runs ten times as fast, so that a test need not wait half a minute until a replica takes over a delivery.
import { DatabaseSync } from 'node:sqlite';
import { createPaymentLedger, type MembershipChange, type Runtime, systemRuntime } from '@paidonce/ledger';
import { openEventStore } from '@paidonce/ledger/store-url';
import { stripePayments } from '@paidonce/stripe-adapter';
import Fastify from 'fastify';
import Stripe from 'stripe';
import { paymentLedgerPlugin } from './index.ts';

export interface ReplicaSettings {
  readonly name: string;
  readonly storeUrl: string;
  readonly sandboxPort: number;
  readonly shopPath: string;
  readonly webhookSecret: string;
  /** The interval of the poll, in milliseconds of the fast clock. */
  readonly intervalMs: number;
}
/** The message to the process. `hold`: from now on its deliveries and polls begin, but never end. */
export type ReplicaCommand = 'hold';
export type ReplicaMessage = { readonly ready: string } | { readonly delivering: string } | { readonly sweeping: true };

const timesAsFast = 10;
const { name, storeUrl, sandboxPort, shopPath, webhookSecret, intervalMs } = JSON.parse(process.argv[2] ?? '') as ReplicaSettings;
const runtime: Partial<Runtime> = {
  monotonicNowMs: () => systemRuntime.monotonicNowMs() * timesAsFast,
  sleep: (ms, signal) => systemRuntime.sleep(ms / timesAsFast, signal),
  patience: 50, // A busy machine makes a test slow, never red.
};
const never = new Promise<never>(() => undefined);
let held = false;
process.on('message', (command: ReplicaCommand) => {
  held ||= command === 'hold';
});

function send(message: ReplicaMessage): void {
  process.send?.(message);
}

const shop = new DatabaseSync(shopPath, { timeout: 2 ** 31 - 1 });
const save = shop.prepare('insert into deliveries (key, member, status, replica) values (?, ?, ?, ?)');
async function deliver({ idempotencyKey, memberId, status }: MembershipChange): Promise<void> {
  send({ delivering: idempotencyKey });
  if (held) await never;
  save.run(idempotencyKey, memberId, status, name);
}

/** The paths that the poll lists. A webhook may read single objects meanwhile. */
const lists = ['/v1/events', '/v1/checkout/sessions', '/v1/balance_transactions'];
const stripe = new Stripe('sk_test_123456789012', {
  host: '127.0.0.1',
  port: sandboxPort,
  protocol: 'http',
  telemetry: false,
  httpClient: Stripe.createFetchHttpClient(async (input: Parameters<typeof fetch>[0], init?: RequestInit) => {
    const isRound = (init?.method ?? 'GET') === 'GET' && lists.includes(new URL(String(input)).pathname);
    if (isRound && held) {
      send({ sweeping: true });
      await never;
    }
    return fetch(input, init);
  }),
});

const ledger = createPaymentLedger({ eventStore: await openEventStore(storeUrl), deliver, readModels: ':memory:', runtime });
const payments = stripePayments({ ledger, stripe, webhookSecrets: [webhookSecret], livemode: false, poll: { intervalMs } });
const app = Fastify();
await app.register(paymentLedgerPlugin, { payments });
app.post<{ Params: { orderId: string } }>('/checkouts/:orderId', ({ params: { orderId } }) =>
  payments.startCheckout({
    orderId,
    memberId: `member-of-${orderId}`,
    plan: 'year',
    amountMinor: 1_000,
    currency: 'eur',
    successUrl: 'https://shop.example/done',
  }),
);
app.get<{ Params: { memberId: string } }>('/memberships/:memberId', ({ params: { memberId } }) => ledger.memberships(memberId));
process.once('disconnect', () => void app.close().finally(() => shop.close()));
send({ ready: await app.listen({ host: '127.0.0.1', port: 0 }) });
