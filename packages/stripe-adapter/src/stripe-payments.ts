// stripePayments: Stripe for a ledger. Builds the parts, starts the poll, and closes them in order; the ledger itself
// stays open.

import { LedgerError, type Logger, type PaymentLedger, type Runtime, type SweepSummary } from '@paidonce/ledger';
import { OpenCalls, settledWithin, silentLogger } from '@paidonce/ledger/adapter';
import type Stripe from 'stripe';
import { Checkout, type StartedCheckout } from './checkout/checkout.ts';
import type { StartCheckout } from './checkout/checkout-input.ts';
import type { PaymentStatus } from './checkout/payment-status.ts';
import { sessionReader } from './checkout/refresh-session.ts';
import { StatusQuery } from './checkout/status-query.ts';
import { Intake } from './intake/intake.ts';
import { NotOursCache } from './intake/not-ours-cache.ts';
import { siblingSessions } from './intake/sibling-sessions.ts';
import { StripeEvents } from './intake/stripe-events.ts';
import { metadataFor } from './mapping/claim.ts';
import { type Rechecked, recheck } from './operations/recheck.ts';
import { Poll, type SweepOptions } from './poll/poll.ts';
import { ReadBudget } from './poll/read-budget.ts';
import { defaultIntervalMs } from './poll/schedule.ts';
import { openAccounts } from './stripe/accounts.ts';
import { BackgroundReads } from './stripe/background-reads.ts';
import { StripeCalls, type StripeCallsOptions } from './stripe/stripe-calls.ts';
import { stripeAccountSchema } from './stripe/stripe-objects.ts';
import { Webhook, type WebhookAnswer } from './webhook/webhook.ts';
import { readSecrets, type WebhookSecret } from './webhook/webhook-signature.ts';

export interface StripePaymentsOptions {
  readonly ledger: PaymentLedger;
  readonly stripe: Stripe;
  /** Several at once: rotation, Connect, test and live. */
  readonly webhookSecrets: readonly (string | WebhookSecret)[];
  /** Marks what is ours in a shared account. 1 to 64 of A-Z a-z 0-9 . _ : -. Default `paidonce`. */
  readonly scope?: string;
  /** Default: `GET /v1/account` on first use; restricted keys must set it. */
  readonly account?: string;
  /** The key's mode. Default: that of the ledger's orders; `GET /v1/balance` where it has orders of both. */
  readonly livemode?: boolean;
  /** false: this process polls only when it is told to, by `sweep` or by Stripe's word that it failed to make events. */
  readonly poll?: false | PollOptions;
  /** Default: silent. */
  readonly log?: Logger;
  /** Default: the ledger's. */
  readonly runtime?: Partial<Runtime>;
}

export interface PollOptions {
  /** Of the quick tier while an order is younger than an hour; the others come 12 and 288 times as rarely. Default 300,000. */
  readonly intervalMs?: number;
  /**
   * Reads that may be spent in 30 days; status queries count. Stripe allows 500 for each transaction, at least 10,000,
   * and the shop's own reads come out of them too. Where it runs out the quick tier becomes hourly; the others go on.
   * Default 5,000.
   */
  readonly readsPer30Days?: number;
}

/** All methods throw LedgerError: `closed`, `provider_unavailable` where Stripe did not answer, and those of the ledger. */
export interface StripePayments extends AsyncDisposable {
  readonly ledger: PaymentLedger;
  /**
   * Places the order and answers where to send the customer. Called again while that session is open, it answers the
   * same one.
   *
   * @throws LedgerError `already_paid` where the order is an active membership; `payment_under_way` where a debit is being
   *   collected, or money waits for its capture; `amount_differs` where Stripe's session costs something else than the order.
   */
  startCheckout(order: StartCheckout): Promise<StartedCheckout>;
  /** What marks an object of Stripe that you make yourself (a Payment Link, a payment intent) as this order's. */
  metadataFor(orderId: string): Record<string, string>;
  /** The raw bytes, and the header `stripe-signature`. Durable when it answers; an error means: let Stripe send it again. */
  handleWebhook(rawBody: Uint8Array, signature: string): Promise<WebhookAnswer>;
  /** Undefined: unknown session, and Stripe was not asked. */
  status(sessionId: string): Promise<PaymentStatus | undefined>;
  /**
   * One pass of the poll, for cron and serverless: `onlyDue` for a cron job that comes every few minutes. `lookedAt`:
   * objects listed, in `calls` calls; `found`: those of ours that said something; `rescued`: memberships granted or
   * restored by it; `budgetLeft`: of `readsPer30Days`.
   */
  sweep(options?: SweepOptions): Promise<SweepSummary>;
  /**
   * Manual retry: asks Stripe again about one order, or one object by its id (`cs_…`, `pi_…`, `re_…`, `dp_…`), and lets the
   * ledger observe what it says. Stripe's answer decides, not who asks.
   *
   * @throws LedgerError `order_unknown`: neither an order nor an id of Stripe's.
   */
  recheck(orderOrObjectId: string): Promise<Rechecked>;
}

const defaultReadsPer30Days = 5_000;
const drainMs = 10_000;
const optionNames: readonly string[] = [
  'ledger',
  'stripe',
  'webhookSecrets',
  'scope',
  'account',
  'livemode',
  'poll',
  'log',
  'runtime',
] satisfies readonly (keyof StripePaymentsOptions)[];

/** @throws LedgerError `invalid_input` for an option that it does not know or cannot use. */
export function stripePayments(options: StripePaymentsOptions): StripePayments {
  const { ledger, stripe, log = silentLogger, scope = 'paidonce' } = options;
  checkOptions(options);
  const secrets = readSecrets(options.webhookSecrets);
  const runtime = { ...ledger.runtime, ...options.runtime };
  const { intervalMs = defaultIntervalMs, readsPer30Days = defaultReadsPer30Days } = options.poll || {};
  const stopping = new AbortController();
  const budget = new ReadBudget(readsPer30Days);
  const reads = new BackgroundReads(runtime, stopping.signal);
  const parts = { ledger, stripe, scope, runtime, log };

  /** What customers and Stripe wait for: at once, and once. */
  const accounts = openAccounts(new StripeCalls({ stripe, runtime, around: countedIn(budget) }), options);
  const siblings = siblingSessions(ledger, accounts, scope, log);
  const intake = new Intake({ ...parts, accounts, siblings });
  const look = sessionReader(accounts, intake);
  const checkout = new Checkout({ ...parts, accounts, look });
  const events = new StripeEvents({ ...parts, accounts, intake });
  const webhook = new Webhook({ ...parts, secrets, events, onEventsMissing: () => poll.sweepSoon() });
  const statusQuery = new StatusQuery({ ledger, look, runtime, log });

  const polledAccounts = accounts.through(new StripeCalls({ stripe, runtime, around: reads.around }));
  const polledIntake = new Intake({ ...parts, accounts: polledAccounts, siblings, notOurs: new NotOursCache(runtime) });
  const polledEvents = new StripeEvents({ ...parts, accounts: polledAccounts, intake: polledIntake });
  const poll = new Poll({
    ...parts,
    accounts: polledAccounts,
    intake: polledIntake,
    events: polledEvents,
    reads,
    budget,
    intervalMs,
    stopping,
  });
  if (options.poll !== false) poll.start();

  const calls = new OpenCalls('stripePayments');
  let closed: Promise<void> | undefined;

  async function close(): Promise<void> {
    const drain = async () => {
      await Promise.all([poll.stop(), calls.close()]);
      await siblings.settled();
    };
    await settledWithin(runtime, drainMs, [drain()]);
  }

  return {
    ledger,
    startCheckout: (order) => calls.run(() => checkout.start(order)),
    metadataFor: (orderId) => metadataFor(scope, orderId),
    handleWebhook: (rawBody, signature) => calls.run(() => webhook.handle(rawBody, signature)),
    status: (sessionId) => calls.run(() => statusQuery.ask(sessionId)),
    sweep: (sweep) => calls.run(() => poll.sweep(sweep)),
    recheck: (orderOrObjectId) => calls.run(() => recheck(orderOrObjectId, { ...parts, accounts, intake, siblings, reads })),
    [Symbol.asyncDispose]: () => {
      closed ??= close();
      return closed;
    },
  };
}

/** Reads are rationed, writes are not. */
function countedIn(budget: ReadBudget): NonNullable<StripeCallsOptions['around']> {
  return (what, call) => {
    if (what.startsWith('GET ')) budget.note();
    return call();
  };
}

function checkOptions(options: StripePaymentsOptions): void {
  for (const name of Object.keys(options)) {
    if (!optionNames.includes(name))
      throw new LedgerError('invalid_input', `stripePayments knows no option ${name}; it knows ${optionNames.join(', ')}`);
  }
  const { scope = 'paidonce', account, poll } = options;
  if (!/^[A-Za-z0-9._:-]{1,64}$/.test(scope))
    throw new LedgerError('invalid_input', `scope is "${scope}"; it must be 1 to 64 of A-Z a-z 0-9 . _ : -`);
  if (account !== undefined && !stripeAccountSchema.safeParse(account).success) {
    throw new LedgerError('invalid_input', `account is "${account}"; Stripe's account ids look like acct_1ABC`);
  }
  const { intervalMs = defaultIntervalMs, readsPer30Days = defaultReadsPer30Days } = poll || {};
  if (!(Number.isInteger(readsPer30Days) && readsPer30Days >= 0)) {
    throw new LedgerError('invalid_input', `poll.readsPer30Days is ${readsPer30Days}; it must be a whole number of reads from 0 on`);
  }
  if (!(intervalMs > 0 && Number.isFinite(intervalMs))) {
    throw new LedgerError('invalid_input', `poll.intervalMs is ${intervalMs}; it must be a number of milliseconds above 0`);
  }
}
