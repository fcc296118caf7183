// A server of `bench -- http`, a process of its own. `ours`: the ledger on SQLite with its read models, mounted in Fastify.
// `delivering`: the same, and its decisions go to a shop. `bare`: the same Fastify, which verifies and parses, and keeps nothing.
import { join } from 'node:path';
import { paymentLedgerPlugin } from '@paidonce/http';
import { createPaymentLedger, type PaymentLedger } from '@paidonce/ledger';
import { openSqliteEventStore } from '@paidonce/ledger/sqlite';
import { stripePayments } from '@paidonce/stripe-adapter';
import Fastify from 'fastify';
import Stripe from 'stripe';
import { orderId, secret, sessionId, webhookPath } from './http-events.ts';

export type Variant = 'ours' | 'delivering' | 'bare';

/** What a server is asked, and answers each with. */
export type Question =
  /** Places orders, each with an attached session: `count` from `from` on. */
  | { readonly ask: 'place'; readonly from: number; readonly count: number }
  /** Answers the processor time of the process so far, in milliseconds, once its read models have all that was recorded. */
  | { readonly ask: 'cpu' }
  /** Answers when the shop got each decision: order, and milliseconds since 1970. */
  | { readonly ask: 'delivered' };

const [variant, folder = '', account = ''] = process.argv.slice(2) as [Variant, string?, string?];
const deliveredAtMs = new Map<string, number>();
const app = Fastify();
const ledger = variant === 'bare' ? undefined : await mountLedger();
if (ledger === undefined) mountBare();
const url = await app.listen({ port: 0, host: '127.0.0.1' });

process.on('message', (question: Question) => void answered(question).then((answer) => process.send?.(answer)));
process.on('disconnect', () => void app.close().then(() => process.exit()));
process.send?.({ port: Number(new URL(url).port), ledgerId: (await ledger?.forAdapters.ensureLedgerId()) ?? '' });

async function mountLedger(): Promise<PaymentLedger> {
  const eventStore = await openSqliteEventStore(join(folder, `${variant}.db`));
  const deliver = ({ membershipId }: { readonly membershipId: string }): void => {
    deliveredAtMs.set(membershipId, performance.timeOrigin + performance.now());
  };
  const ledger = createPaymentLedger({ eventStore, ...(variant === 'delivering' && { deliver }) });
  const payments = stripePayments({ ledger, stripe: new Stripe('sk_test_bench'), account, webhookSecrets: [secret], poll: false });
  await app.register(paymentLedgerPlugin, { payments });
  return ledger;
}

function mountBare(): void {
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.post(webhookPath, async ({ body, headers }) => {
    const event = Stripe.webhooks.constructEvent(body as Buffer, headers['stripe-signature'] ?? '', secret);
    return { outcome: event.type };
  });
}

async function answered(question: Question): Promise<unknown> {
  switch (question.ask) {
    case 'place':
      await place(question);
      return 'placed';
    case 'cpu': {
      await ledger?.settle();
      const { user, system } = process.cpuUsage();
      return (user + system) / 1_000;
    }
    case 'delivered':
      await ledger?.settle();
      return [...deliveredAtMs];
  }
}

async function place({ from, count }: Extract<Question, { ask: 'place' }>): Promise<void> {
  const numbers = Array.from({ length: count }, (_, index) => from + index);
  const placing = async (): Promise<void> => {
    for (let number = numbers.shift(); number !== undefined; number = numbers.shift()) {
      const order = { orderId: orderId(number), memberId: `member-${number}`, plan: 'pro', amountMinor: 4_900, currency: 'usd' };
      await ledger?.placeOrder({ ...order, account, livemode: false });
      await ledger?.attachCheckout(order.orderId, { provider: 'stripe', account, livemode: false, id: sessionId(number) });
    }
  };
  await Promise.all(Array.from({ length: 64 }, placing));
  await ledger?.settle();
}
