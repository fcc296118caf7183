// stripePayments: Stripe for a ledger. Builds the parts, starts the poll, and closes them in order; the ledger itself
// stays open.
import { LedgerError, type Log, type PaymentLedger, type Runtime, type SweepSummary } from '@paidonce/ledger';
import type Stripe from 'stripe';
import { openAccounts } from './accounts.ts';
import { Checkout, type StartedCheckout } from './checkout.ts';
import type { StartCheckout } from './checkout-input.ts';
import { Intake } from './intake.ts';
import type { PaymentStatus } from './payment-status.ts';
import { Poll } from './poll.ts';
import { sessionReader } from './session-reader.ts';
import { siblingSessions } from './sibling-sessions.ts';
import { StatusQuery } from './status-query.ts';
import { StripeCalls } from './stripe-calls.ts';
import { StripeEvents } from './stripe-events.ts';
import { Webhook, type WebhookAnswer } from './webhook.ts';
import { readSecrets, type WebhookSecret } from './webhook-signature.ts';

export interface StripePaymentsOptions {
  readonly ledger: PaymentLedger;
  readonly stripe: Stripe;
  /** Several at once: rotation, Connect, test and live. */
  readonly webhookSecrets: readonly (string | WebhookSecret)[];
  /** Marks what is ours in a shared account. 1 to 64 of A-Z a-z 0-9 . _ : -. Default `paidonce`. */
  readonly scope?: string;
  /** Default: `GET /v1/account` on first use; restricted keys must set it. */
  readonly account?: string;
  /** false: this process never polls by itself. Default: every five minutes. */
  readonly poll?: false | { readonly intervalMs?: number };
  /** Default: silent. */
  readonly log?: Log;
  /** Default: the ledger's. */
  readonly runtime?: Partial<Runtime>;
}

/** All methods throw LedgerError: `closed`, `provider_unavailable` where Stripe did not answer, and those of the ledger. */
export interface StripePayments extends AsyncDisposable {
  readonly ledger: PaymentLedger;
  /**
   * Places the order and answers where to send the customer. Called again while that session is open, it answers the
   * same one.
   *
   * @throws LedgerError `already_paid` where the order is an active membership; `amount_differs` where Stripe's
   *   session costs something else than the order.
   */
  startCheckout(order: StartCheckout): Promise<StartedCheckout>;
  /** The raw bytes, and the header `stripe-signature`. Durable when it answers; an error means: let Stripe send it again. */
  handleWebhook(rawBody: Uint8Array, signature: string): Promise<WebhookAnswer>;
  /** Undefined: unknown session, and Stripe was not asked. */
  status(sessionId: string): Promise<PaymentStatus | undefined>;
  /**
   * One pass of the poll, for cron and serverless. `lookedAt`: completed sessions listed, in `calls` calls; `found`:
   * those of ours that said something; `rescued`: memberships granted or restored by it.
   */
  sweep(): Promise<SweepSummary>;
}

const silent: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };
const defaultIntervalMs = 5 * 60_000;
const drainMs = 10_000;
const optionNames: readonly string[] = [
  'ledger',
  'stripe',
  'webhookSecrets',
  'scope',
  'account',
  'poll',
  'log',
  'runtime',
] satisfies readonly (keyof StripePaymentsOptions)[];

/** @throws LedgerError `invalid_input` for an option that it does not know or cannot use. */
export function stripePayments(options: StripePaymentsOptions): StripePayments {
  const { ledger, stripe, log = silent, scope = 'paidonce' } = options;
  checkOptions(options);
  const secrets = readSecrets(options.webhookSecrets);
  const runtime = { ...ledger.runtime, ...options.runtime };
  const calls = new StripeCalls({ stripe, runtime });
  const accounts = openAccounts(calls, options.account);
  const account = accounts.own;
  const siblings = siblingSessions(ledger, accounts, scope, log);
  const intake = new Intake({ ledger, accounts, siblings, scope, log });
  const look = sessionReader(accounts, intake);
  const checkout = new Checkout({ ledger, accounts, look, runtime, scope, log });
  const events = new StripeEvents({ stripe, ledger, accounts, intake, scope });
  const webhook = new Webhook({ stripe, ledger, secrets, events, runtime, log, onEventsMissing: () => poll.sweepSoon() });
  const statusQuery = new StatusQuery({ ledger, look, runtime, log });
  const { intervalMs = defaultIntervalMs } = options.poll || {};
  const poll = new Poll({ ledger, calls, intake, account, runtime, log, intervalMs });
  if (options.poll !== false) poll.start();

  const inFlight = new Set<Promise<unknown>>();
  let closed: Promise<void> | undefined;

  /** Every call of a user passes here: none after `dispose`, and disposing awaits those that are under way. */
  function call<T>(work: () => Promise<T>): Promise<T> {
    if (closed) return Promise.reject(new LedgerError('closed', 'stripePayments is closed: this process is shutting down'));
    const done = work();
    inFlight.add(done);
    const leave = () => inFlight.delete(done);
    done.then(leave, leave);
    return done;
  }

  async function close(): Promise<void> {
    const drained = new AbortController();
    const drain = async () => {
      await Promise.all([poll.stop(), Promise.allSettled(inFlight)]);
      await siblings.settled();
    };
    await Promise.race([drain(), runtime.sleep(drainMs, drained.signal)]);
    drained.abort();
  }

  return {
    ledger,
    startCheckout: (order) => call(() => checkout.start(order)),
    handleWebhook: (rawBody, signature) => call(() => webhook.handle(rawBody, signature)),
    status: (sessionId) => call(() => statusQuery.ask(sessionId)),
    sweep: () => call(() => poll.sweep()),
    [Symbol.asyncDispose]: () => {
      closed ??= close();
      return closed;
    },
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
  if (account !== undefined && !/^acct_[A-Za-z0-9_]{1,64}$/.test(account)) {
    throw new LedgerError('invalid_input', `account is "${account}"; Stripe's account ids look like acct_1ABC`);
  }
  const { intervalMs = defaultIntervalMs } = poll || {};
  if (!(intervalMs > 0 && Number.isFinite(intervalMs))) {
    throw new LedgerError('invalid_input', `poll.intervalMs is ${intervalMs}; it must be a number of milliseconds above 0`);
  }
}
