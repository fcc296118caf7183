// stripePayments: Stripe for a ledger. Builds the parts, starts the poll, and closes them in order; the ledger itself
// stays open.

import { LedgerError, type Logger, type ManualAction, type PaymentLedger, type Runtime, type SweepSummary } from '@paidonce/ledger';
import { OpenCalls, settledWithin, silentLogger } from '@paidonce/ledger/adapter';
import type Stripe from 'stripe';
import { Checkout, type StartedCheckout } from './checkout/checkout.ts';
import type { StartCheckout } from './checkout/checkout-input.ts';
import type { PaymentStatus } from './checkout/payment-status.ts';
import { sessionRefresher } from './checkout/refresh-session.ts';
import { StatusQuery } from './checkout/status-query.ts';
import { Intake } from './intake/intake.ts';
import { NotOursCache } from './intake/not-ours-cache.ts';
import { siblingSessions } from './intake/sibling-sessions.ts';
import { StripeEvents } from './intake/stripe-events.ts';
import { WithdrawnCheckouts } from './intake/withdrawn-checkouts.ts';
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

/** Options of {@link stripePayments}. An unknown option or an unusable value is refused with `invalid_input`. */
export interface StripePaymentsOptions {
  /** Receives every payment. It stays open when the adapter is disposed. */
  readonly ledger: PaymentLedger;
  /** The client of the `stripe` package, with the shop's key. Its own retries are not used. */
  readonly stripe: Stripe;
  /**
   * Signing secrets (`whsec_…`); a signature by any of them is accepted. Several: rotation, Connect, test and live. Empty:
   * every webhook is refused.
   */
  readonly webhookSecrets: readonly (string | WebhookSecret)[];
  /** Marks our objects in a Stripe account that several apps share. 1 to 64 of A-Z a-z 0-9 . _ : -. Default `paidonce`. */
  readonly scope?: string;
  /** The key's own account, `acct_…`. Default: read from `GET /v1/account` on first use. Set it if a restricted key may not read that. */
  readonly account?: string;
  /** The key's mode; true is live. Default: the mode of the ledger's orders; `GET /v1/balance` if it has orders of both. */
  readonly livemode?: boolean;
  /**
   * Settings of the background poll. `false`: this process polls only when `sweep` is called, or when Stripe reports that
   * it failed to create events. Default: on, with the defaults of {@link PollOptions}.
   */
  readonly poll?: false | PollOptions;
  /** Default: nothing is logged. */
  readonly log?: Logger;
  /** Clock, randomness and timers, for tests. Default for each field: the ledger's. */
  readonly runtime?: Partial<Runtime>;
}

/** Settings of the background poll. */
export interface PollOptions {
  /**
   * Milliseconds between rounds of the `events` tier while an unpaid order is younger than an hour. The `objects` tier runs
   * 12 times less often, the `money` tier 288 times. Default 300,000.
   */
  readonly intervalMs?: number;
  /**
   * Reads of Stripe's API that may be spent in 30 days; status queries count. Stripe allows 500 for each transaction, at
   * least 10,000, and the shop's own reads come out of the same allowance. Once they are spent, the `events` tier runs only
   * as often as `objects`; the other tiers go on. Default 5,000.
   */
  readonly readsPer30Days?: number;
}

/**
 * A ledger connected to Stripe. Every asynchronous method throws LedgerError: `closed` after disposal,
 * `provider_unavailable` if Stripe gave no usable answer, and the codes of the ledger's store. Disposal waits at most 10 s
 * for the calls under way.
 */
export interface StripePayments extends AsyncDisposable {
  /** The ledger from the options. */
  readonly ledger: PaymentLedger;
  /**
   * Places the order and returns where to send the customer. While an earlier session of the order is open, it returns that
   * one again.
   *
   * @throws LedgerError `invalid_input`: a field or a Stripe parameter is invalid, or the order was placed on other terms.
   *   `already_paid`: the order is an active membership. `payment_under_way`: a debit is being collected, or an authorized
   *   payment waits for its capture. `order_withdrawn`. `duplicate_order`: see `ifDuplicate`. `amount_differs`: Stripe's session
   *   costs something other than the order.
   */
  startCheckout(order: StartCheckout): Promise<StartedCheckout>;
  /**
   * Withdraws an order that nobody has paid, as `ledger.withdrawOrder` does; then expires its open sessions and cancels its
   * bare payment intents. What Stripe does not answer to now, each pass of the poll tries again. A payment that comes all the
   * same opens the review `withdrawn`.
   *
   * @throws LedgerError `order_unknown`. `already_paid`: the order was granted. `payment_under_way`: a debit is being
   *   collected, or an authorized payment waits for its capture.
   */
  withdrawOrder(orderId: string, by: ManualAction): Promise<{ readonly outcome: 'withdrawn' | 'exists' }>;
  /** Metadata that marks a Stripe object you create yourself (a Payment Link, a payment intent) as this order's. */
  metadataFor(orderId: string): Record<string, string>;
  /**
   * Verifies and records one webhook. `rawBody`: the bytes of the request, before anything parses them. `signature`: the
   * header `stripe-signature`. The result is durable once the promise resolves.
   *
   * @throws LedgerError `invalid_input`: the body is not bytes. Any other code: answer 503, and Stripe sends the webhook
   *   again.
   */
  handleWebhook(rawBody: Uint8Array, signature: string): Promise<WebhookAnswer>;
  /**
   * The state of one Checkout session (`cs_…`), for a success page. Undefined: the ledger does not know the session, and
   * Stripe was not asked. If Stripe does not answer within 3 s, the result is `stale`; that is no error.
   */
  status(sessionId: string): Promise<PaymentStatus | undefined>;
  /**
   * Runs one pass of the poll, for cron and serverless. By default all tiers run now; `onlyDue` skips those that are not
   * due, for a cron job every few minutes. `lookedAt`: objects listed, in `calls` calls; `found`: those of ours that stated
   * a fact; `rescued`: memberships that the pass granted or restored; `budgetLeft`: what is left of `readsPer30Days`.
   *
   * @throws LedgerError `provider_unavailable` or a code of the store: the round is not finished, and the next one reads
   *   the same again.
   */
  sweep(options?: SweepOptions): Promise<SweepSummary>;
  /**
   * Manual retry: reads one order, or one object by its id (`cs_…`, `pi_…`, `re_…`, `dp_…`, `ch_…`), from Stripe again, and
   * lets the ledger observe it. Stripe's answer decides, not who asks.
   *
   * @throws LedgerError `order_unknown`: the name is neither an order nor an id of Stripe's.
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

/**
 * Connects a ledger to Stripe, and starts the poll unless `poll` is false.
 *
 * @throws LedgerError `invalid_input`: an option is unknown or unusable.
 */
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

  /** Calls that a customer or a webhook waits for: neither paced nor retried here. The poll's calls are both. */
  const accounts = openAccounts(new StripeCalls({ stripe, runtime, around: countedIn(budget) }), options);
  const siblings = siblingSessions(ledger, accounts, scope, log);
  const intake = new Intake({ ...parts, accounts, siblings });
  const refreshSession = sessionRefresher(accounts, intake);
  const withdrawn = new WithdrawnCheckouts({ ...parts, accounts, intake });
  const checkout = new Checkout({ ...parts, accounts, refreshSession, withdrawn });
  const events = new StripeEvents({ ...parts, accounts, intake });
  const webhook = new Webhook({ ...parts, secrets, events, onEventsMissing: () => poll.sweepSoon() });
  const statusQuery = new StatusQuery({ ledger, refreshSession, runtime, log });

  const polledAccounts = accounts.through(new StripeCalls({ stripe, runtime, around: reads.around }));
  const polledIntake = new Intake({ ...parts, accounts: polledAccounts, siblings, notOurs: new NotOursCache(runtime) });
  const polledEvents = new StripeEvents({ ...parts, accounts: polledAccounts, intake: polledIntake });
  const poll = new Poll({
    ...parts,
    accounts: polledAccounts,
    intake: polledIntake,
    events: polledEvents,
    withdrawn: new WithdrawnCheckouts({ ...parts, accounts: polledAccounts, intake: polledIntake }),
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
    withdrawOrder: (orderId, by) =>
      calls.run(async () => {
        const withdrawal = await ledger.withdrawOrder(orderId, by);
        const order = await ledger.order(orderId);
        if (order) await withdrawn.end(order);
        return withdrawal;
      }),
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

/** Only reads count: Stripe rations reads, not writes. */
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
