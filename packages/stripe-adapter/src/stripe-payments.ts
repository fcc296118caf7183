// stripePayments: Stripe for a ledger. Builds the parts, starts the poll, and closes them in order; the ledger itself
// stays open.

import type { ManualAction, PaymentLedger, Seen, StaleAction } from '@paidonce/ledger';
import { defined, OpenCalls, settledWithin, silentLogger } from '@paidonce/ledger/adapter';
import { type AdoptCheckout, adoptCheckout } from './checkout/adopt-checkout.ts';
import { Checkout } from './checkout/checkout.ts';
import type { StartCheckout, StartEmbeddedCheckout, StartPaymentIntent } from './checkout/checkout-terms.ts';
import type { PaymentStatus } from './checkout/payment-status.ts';
import { checkoutRefresher } from './checkout/refresh-checkout.ts';
import type { StartedCheckout, StartedEmbeddedCheckout, StartedPaymentIntent } from './checkout/started.ts';
import { StatusQuery } from './checkout/status-query.ts';
import { type StatusWait, StatusWaits } from './checkout/status-wait.ts';
import { openSubscriptionPayments, type SubscriptionPayments } from './checkout/subscription-payments.ts';
import { Intake } from './intake/intake.ts';
import { NotOursCache } from './intake/not-ours-cache.ts';
import { OurLedger } from './intake/our-ledger.ts';
import { siblingSessions } from './intake/sibling-sessions.ts';
import { StripeEvents } from './intake/stripe-events.ts';
import { WithdrawnCheckouts } from './intake/withdrawn-checkouts.ts';
import { metadataFor } from './mapping/claim.ts';
import type { Rechecked, RecheckOptions } from './operations/recheck.ts';
import { openRechecks } from './operations/rechecks.ts';
import { openPoll } from './poll/open-poll.ts';
import { OtherReads } from './poll/other-reads.ts';
import type { SweepOptions } from './poll/poll.ts';
import { type PollHealth, pollHealth } from './poll/poll-health.ts';
import { defaultIntervalMs } from './poll/schedule.ts';
import type { SweepResult } from './poll/sweep-result.ts';
import { openAccounts } from './stripe/accounts.ts';
import { BackgroundReads } from './stripe/background-reads.ts';
import { checkClient } from './stripe/client.ts';
import { ReadAllowance } from './stripe/read-allowance.ts';
import { StripeCalls } from './stripe/stripe-calls.ts';
import type { StripeCallsOptions } from './stripe/stripe-request.ts';
import { checkKey, checkOptions, keepsSubscriptions, type StripePaymentsOptions } from './stripe-payments-options.ts';
import { openSubscriptions } from './subscriptions.ts';
import { Webhook, type WebhookAnswer } from './webhook/webhook.ts';
import { readSecrets } from './webhook/webhook-signature.ts';

/**
 * A ledger connected to Stripe. Every asynchronous method throws LedgerError: `closed` after disposal,
 * `provider_unavailable` if Stripe gave no usable answer, and the codes of the ledger's store. Disposal waits at most 10 s
 * for the calls under way.
 */
export interface StripePayments extends SubscriptionPayments, AsyncDisposable {
  /** The ledger from the options. */
  readonly ledger: PaymentLedger;
  /** Aborts when disposal begins, for what must end with it. */
  readonly closing: AbortSignal;
  /**
   * Places the order and returns what the customer pays with: a page of Stripe's; with `ui: 'embedded'` or `'elements'` a
   * Checkout session, and with `ui: 'intent'` a bare payment intent, for a page of yours. While an earlier one of the order is
   * open, it returns that again; one with another `ui` is ended first.
   *
   * @throws LedgerError `invalid_input`: a field or a Stripe parameter is invalid, Stripe takes no such amount, or the order was
   *   placed on other terms (the message names them). `already_paid`: the order is an active membership. `payment_under_way`: a
   *   debit is being collected, or an authorized payment waits for its capture. `order_withdrawn`. `duplicate_order`: see
   *   `ifDuplicate`. `amount_differs`: Stripe's session costs something other than the order, or the customer could change what
   *   it costs.
   */
  startCheckout(order: StartEmbeddedCheckout): Promise<StartedEmbeddedCheckout>;
  startCheckout(order: StartPaymentIntent): Promise<StartedPaymentIntent>;
  startCheckout(order: StartCheckout): Promise<StartedCheckout>;
  /**
   * Places the order and attaches a Checkout session that your own code made: before the customer is sent there, in place of
   * `startCheckout`. Give the session `metadataFor(orderId)` as its metadata, and as that of its payment intent. The same call
   * again is safe. What the session states already is recorded.
   *
   * @throws LedgerError `invalid_input`: a field is invalid, Stripe has no such session, it is not one for this order, or the order
   *   was placed on other terms. `amount_differs`: the session costs something other than the order, or has another currency, or
   *   the customer could change what it costs.
   */
  adoptCheckout(order: AdoptCheckout): Promise<{ readonly outcome: 'adopted' | 'exists' }>;
  /**
   * Withdraws an order that nobody has paid, as `ledger.withdrawOrder` does; then expires its open sessions and cancels its
   * bare payment intents. What Stripe does not answer to now, each pass of the poll tries again. A payment that comes all the
   * same opens the review `withdrawn`.
   *
   * @throws LedgerError `order_unknown`. `already_paid`: the order was granted. `payment_under_way`: a debit is being
   *   collected, or an authorized payment waits for its capture.
   */
  withdrawOrder(orderId: string, by: ManualAction): Promise<{ readonly outcome: 'withdrawn' | 'exists' }>;
  withdrawOrder(orderId: string, by: ManualAction, seen: Seen): Promise<{ readonly outcome: 'withdrawn' | 'exists' } | StaleAction>;
  /**
   * Metadata that marks a Stripe object you create yourself (a Payment Link, a payment intent) as this order's: our scope, the
   * order, and the identity of this ledger, which its log gets by the first order or the first of these calls.
   */
  metadataFor(orderId: string): Promise<Record<string, string>>;
  /**
   * Verifies and records one webhook. `rawBody`: the bytes of the request, before anything parses them. `signature`: the
   * header `stripe-signature`. The result is durable once the promise resolves.
   *
   * @throws LedgerError `invalid_input`: the body is not bytes. Any other code: answer 503, and Stripe sends the webhook
   *   again.
   */
  handleWebhook(rawBody: Uint8Array, signature: string): Promise<WebhookAnswer>;
  /**
   * The state of one Checkout session (`cs_…`) or payment intent (`pi_…`), for a success page. Undefined: the ledger does not
   * know it, and Stripe was not asked. If Stripe does not answer within 3 s, or this process has spent the reads that are for
   * status queries, the result is what the ledger knows, and `stale`; that is no error.
   *
   * `wait`: the answer may take that long while nothing changes, and comes as soon as this process records a change. Stripe is
   * read at the start alone. At most 1,000 calls wait at a time, more are answered at once; disposal ends every wait.
   *
   * @throws LedgerError `invalid_input`: `waitMs` is no number from 0 to 60,000.
   */
  status(checkoutId: string, wait?: StatusWait): Promise<PaymentStatus | undefined>;
  /**
   * Runs one pass of the poll, for cron and serverless. By default all tiers run now; `onlyDue` skips those that are not
   * due, for a cron job every few minutes. `lookedAt`: objects listed, in `calls` calls; `found`: those of ours that stated
   * a fact; `rescued`: memberships that the pass granted or restored; `budgetLeft`: what is left of `readsPer30Days`;
   * `unreadAccounts`: those with orders here that the key may not read.
   *
   * @throws LedgerError `provider_unavailable` or a code of the store: the round is not finished, and the next one reads
   *   the same again.
   */
  sweep(options?: SweepOptions): Promise<SweepResult>;
  /** How the poll is doing: when each tier ran, and how many reads are left. From the log, so every process says the same. */
  pollHealth(): Promise<PollHealth>;
  /**
   * Manual retry: reads one order, one subscription, or one object by its id (`cs_…`, `pi_…`, `re_…`, `dp_…`, `ch_…`), from Stripe
   * again, and lets the ledger observe it. Stripe's answer decides, not who asks. `by`: who asks, and why; the log keeps it with how
   * many objects were read and how many were news, once for an order and a person in ten seconds. Default: nobody is named. `of`:
   * which one is meant where an order and a subscription have the same id. Default: the order.
   *
   * @throws LedgerError `order_unknown`: the name is neither an order, nor a subscription, nor an id of Stripe's.
   */
  recheck(orderOrObjectId: string, options?: RecheckOptions): Promise<Rechecked>;
}

const drainMs = 10_000;
const notPolling =
  'this process does not poll: memberships of subscriptions end only where another process polls, or sweep is called; validUntil passes at the shop all the same';
/**
 * Connects a ledger to Stripe, and starts the poll unless `poll` is false.
 *
 * @throws LedgerError `invalid_input`: an option is unknown or unusable.
 */
export function stripePayments(options: StripePaymentsOptions): StripePayments {
  const { ledger, stripe, log = silentLogger, scope = 'paidonce' } = options;
  checkOptions(options);
  checkClient(stripe);
  const secrets = readSecrets(options.webhookSecrets, { atStripe: checkKey(options) });
  const runtime = { ...ledger.runtime, ...options.runtime };
  const { intervalMs = defaultIntervalMs, readsPer30Days } = options.poll || {};
  const stopping = new AbortController();
  const allowance = new ReadAllowance(ledger, runtime, readsPer30Days);
  const others = new OtherReads();
  const reads = new BackgroundReads(runtime, stopping.signal);
  const ourLedger = new OurLedger({ ledger, scope, ...defined({ formerLedgers: options.formerLedgers }) });
  const parts = { ledger, stripe, scope, ourLedger, runtime, log };

  /** Calls that a customer or a webhook waits for: neither paced nor retried here. The poll's calls are both. */
  const accounts = openAccounts(new StripeCalls({ stripe, runtime, around: countedIn(others) }), options);
  const siblings = siblingSessions(ledger, accounts, scope, log);
  const notOurs = new NotOursCache(runtime);
  const subscriptions = keepsSubscriptions(options) ? openSubscriptions(parts) : undefined;
  const askedSubscriptions = defined({ subscriptions: subscriptions?.intakeBy(accounts) });
  const intake = new Intake({ ...parts, accounts, siblings, notOurs, ...askedSubscriptions });
  const refreshCheckout = checkoutRefresher(accounts, intake);
  const begins = subscriptions?.checkoutBy(accounts);
  const withdrawn = new WithdrawnCheckouts({ ...parts, accounts, intake });
  const checkout = new Checkout({ ...parts, accounts, refreshCheckout, withdrawn });
  const events = new StripeEvents({ ...parts, accounts, intake, ...askedSubscriptions });
  const webhook = new Webhook({ ...parts, secrets, events, onEventsMissing: () => poll.sweepSoon() });
  const ofQueries = { refreshCheckout, allowance, ...defined({ refreshSubscription: begins?.refreshSubscription }) };
  const statusQuery = new StatusQuery({ ...parts, ...ofQueries });
  const statusWaits = new StatusWaits({ ledger, statusQuery, runtime, stopping: stopping.signal });

  const poll = openPoll({ ...parts, stripe, accounts, siblings, notOurs, subscriptions, reads, allowance, others, intervalMs, stopping });
  if (options.poll !== false) poll.start();
  else if (subscriptions) log.warn({}, notPolling);

  const calls = new OpenCalls('stripePayments');
  const call = <T>(work: () => Promise<T>): Promise<T> => calls.run(work);
  const ofRechecks = { reads, counted: countedIn(others), stopping, call, ...defined({ openSubscriptions: subscriptions?.intakeBy }) };
  const rechecks = openRechecks({ ...parts, accounts, siblings, ...ofRechecks });
  let closed: Promise<void> | undefined;

  async function close(): Promise<void> {
    rechecks.end();
    const drain = async () => {
      await Promise.all([poll.stop(), calls.close()]);
      await siblings.settled();
    };
    await settledWithin(runtime, drainMs * runtime.patience, [drain()]);
  }

  return {
    ledger,
    closing: stopping.signal,
    startCheckout: ((order) => calls.run(() => checkout.start(order))) as StripePayments['startCheckout'],
    adoptCheckout: (order) => calls.run(() => adoptCheckout(order, { ledger, ourLedger, accounts, intake })),
    ...openSubscriptionPayments(begins, call),
    withdrawOrder: ((orderId: string, by: ManualAction, seen?: Seen) =>
      calls.run(() => withdrawOrder({ ledger, withdrawn }, orderId, by, seen))) as StripePayments['withdrawOrder'],
    metadataFor: (orderId) => calls.run(async () => metadataFor(scope, orderId, await ledger.forAdapters.ensureLedgerId())),
    handleWebhook: (rawBody, signature) => {
      void subscriptions?.watch.check(); // Here too: a process that does not poll receives webhooks, if anything.
      return calls.run(() => webhook.handle(rawBody, signature));
    },
    status: (checkoutId, wait = { waitMs: 0 }) => calls.run(() => statusWaits.ask(checkoutId, wait)),
    sweep: (sweep) => calls.run(() => poll.sweep(sweep)),
    pollHealth: () => calls.run(() => pollHealth(ledger, { runtime, allowance, intervalMs })),
    recheck: rechecks.recheck,
    [Symbol.asyncDispose]: () => {
      closed ??= close();
      return closed;
    },
  };
}

interface Withdrawing {
  readonly ledger: PaymentLedger;
  readonly withdrawn: WithdrawnCheckouts;
}

async function withdrawOrder({ ledger, withdrawn }: Withdrawing, orderId: string, by: ManualAction, seen: Seen = {}) {
  const withdrawal = await ledger.withdrawOrder(orderId, by, seen);
  const order = await ledger.order(orderId);
  if (order && withdrawal.outcome !== 'stale') await withdrawn.end(order);
  return withdrawal;
}

/** Only reads count: Stripe rations reads, not writes. */
function countedIn(others: OtherReads): NonNullable<StripeCallsOptions['around']> {
  return (what, call) => {
    if (what.startsWith('GET ')) others.note();
    return call();
  };
}
