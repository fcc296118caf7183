// The options of stripePayments, and their checks.
import { LedgerError, type Logger, type PaymentLedger, type Runtime } from '@paidonce/ledger';
import { isId } from '@paidonce/ledger/adapter';
import { defaultIntervalMs } from './poll/schedule.ts';
import { addressOf, checkKeyMayGoTo, isAtStripe } from './stripe/api-address.ts';
import { checkBillingClient, type StripeClient } from './stripe/client.ts';
import { secretKeyProblem } from './stripe/secrets.ts';
import { stripeAccountSchema } from './stripe/stripe-objects.ts';
import type { WebhookSecret } from './webhook/webhook-signature.ts';

/** Options of {@link stripePayments}. An unknown option or an unusable value is refused with `invalid_input`. */
export interface StripePaymentsOptions {
  /** Receives every payment. It stays open when the adapter is disposed. */
  readonly ledger: PaymentLedger;
  /** `new Stripe(key)` of the `stripe` package, 17 to 23. Its own retries are not used, and its API version only for what `startCheckout` makes. */
  readonly stripe: StripeClient;
  /**
   * Signing secrets (`whsec_…`); a signature by any of them is accepted. Several: rotation, Connect, test and live. A
   * placeholder is refused, and at Stripe itself a secret of the sandbox (`whsec_sandbox…`). False: this process receives no
   * webhooks, and refuses each.
   */
  readonly webhookSecrets: readonly (string | WebhookSecret)[] | false;
  /** Marks our objects in a Stripe account that several apps share. 1 to 64 of A-Z a-z 0-9 . _ : -. Default `paidonce`. */
  readonly scope?: string;
  /**
   * Identities of ledgers whose logs this shop has lost: what they made under this scope is ours too. `paidonce-stripe doctor`
   * and the alert `other_ledger` name them. Default: none.
   */
  readonly formerLedgers?: readonly string[];
  /** The key's own account, `acct_…`. Default: read from `GET /v1/account` on first use. Set it if a restricted key may not read that. */
  readonly account?: string;
  /**
   * The host of the client, where it is not Stripe's own and may all the same receive a live key over TLS, or a test key over
   * plain http. Default: neither goes further than this machine.
   */
  readonly trustedApiHost?: string;
  /** The key's mode; true is live. Default: the mode of the ledger's orders; `GET /v1/balance` if it has orders of both. */
  readonly livemode?: boolean;
  /**
   * Settings of the background poll. `false`: this process polls only when `sweep` is called, or when Stripe reports that
   * it failed to create events. Default: on, with the defaults of {@link PollOptions}.
   */
  readonly poll?: false | PollOptions;
  /**
   * Subscriptions of Stripe Billing. True where the ledger keeps none is refused; false: their objects are ignored here. It needs
   * stripe 18 or newer. Default: on where the ledger has its own option `subscriptions`.
   */
  readonly subscriptions?: boolean;
  /** Default: nothing is logged. */
  readonly log?: Logger;
  /** Clock, randomness and timers, for tests. Default for each field: the ledger's. */
  readonly runtime?: Partial<Runtime>;
}

/** Settings of the background poll. */
export interface PollOptions {
  /**
   * Milliseconds between rounds of the `events` tier while an unpaid order is younger than an hour. The `objects` tier runs
   * 12 times less often, the `money` tier 288 times. Above 0, at most 1,728,000,000 (20 days). Default 300,000.
   */
  readonly intervalMs?: number;
  /**
   * Reads of Stripe's API that may be spent in 30 days, by all accounts together. Stripe allows 500 for each transaction, at
   * least 10,000, and the shop's own reads come out of the same allowance. Three quarters are the poll's, shared by its
   * accounts; a quarter is for status queries. An account whose share is spent is polled more rarely, at most by the
   * interval of its `objects` and `money` tiers if it is the only one. Default: 250 for each order that was paid in the last
   * 30 days, at least 5,000.
   */
  readonly readsPer30Days?: number;
}

/** A pause of the poll is up to a tenth longer, and no timer can wait for 25 days. */
const longestIntervalMs = 20 * 24 * 3_600_000;

const optionNames: readonly string[] = [
  'ledger',
  'stripe',
  'webhookSecrets',
  'scope',
  'formerLedgers',
  'account',
  'trustedApiHost',
  'livemode',
  'poll',
  'subscriptions',
  'log',
  'runtime',
] satisfies readonly (keyof StripePaymentsOptions)[];

/** Whether subscriptions are on. @throws LedgerError `invalid_input`: the ledger keeps none, or the client lacks what they need. */
export function keepsSubscriptions({ subscriptions, ledger, stripe }: StripePaymentsOptions): boolean {
  const isKept = ledger.forAdapters.subscriptions.policy !== undefined;
  if (subscriptions === true && !isKept) {
    throw new LedgerError(
      'invalid_input',
      'subscriptions is true, but the ledger keeps none. Give createPaymentLedger the option `subscriptions` with the policy that names your plans',
    );
  }
  if (!isKept || subscriptions === false) return false;
  checkBillingClient(stripe);
  return true;
}

/** @throws LedgerError `invalid_input`: an option is unknown, or a value unusable. */
export function checkOptions(options: StripePaymentsOptions): void {
  for (const name of Object.keys(options)) {
    if (!optionNames.includes(name))
      throw new LedgerError('invalid_input', `stripePayments knows no option ${name}; it knows ${optionNames.join(', ')}`);
  }
  const { scope = 'paidonce', account, poll, formerLedgers = [], subscriptions } = options;
  if (subscriptions !== undefined && typeof subscriptions !== 'boolean')
    throw new LedgerError('invalid_input', 'subscriptions must be true or false: the plans are options of createPaymentLedger');
  if (!isId(scope) || scope.length > 64)
    throw new LedgerError('invalid_input', `scope is "${scope}"; it must be 1 to 64 of A-Z a-z 0-9 . _ : -`);
  if (!Array.isArray(formerLedgers) || !formerLedgers.every(isId))
    throw new LedgerError('invalid_input', `formerLedgers is ${JSON.stringify(formerLedgers)}; it must be a list of ids of ledgers`);
  if (account !== undefined && !stripeAccountSchema.safeParse(account).success) {
    throw new LedgerError('invalid_input', `account is "${account}"; Stripe's account ids look like acct_1ABC`);
  }
  const { intervalMs = defaultIntervalMs, readsPer30Days } = poll || {};
  if (readsPer30Days !== undefined && !(Number.isInteger(readsPer30Days) && readsPer30Days >= 0)) {
    throw new LedgerError('invalid_input', `poll.readsPer30Days is ${readsPer30Days}; it must be a whole number of reads from 0 on`);
  }
  if (!(intervalMs > 0 && Number.isFinite(intervalMs))) {
    throw new LedgerError('invalid_input', `poll.intervalMs is ${intervalMs}; it must be a number of milliseconds above 0`);
  }
  if (intervalMs > longestIntervalMs) {
    throw new LedgerError(
      'invalid_input',
      `poll.intervalMs is ${intervalMs}; the most is ${longestIntervalMs}, which is 20 days. poll: false turns the poll off`,
    );
  }
}

/** Whether the client sends its key to Stripe itself. @throws LedgerError `invalid_input`: it may not go where it goes, or is none. */
export function checkKey({ stripe, trustedApiHost }: StripePaymentsOptions): boolean {
  const address = addressOf(stripe);
  checkKeyMayGoTo(address, trustedApiHost, `give stripePayments the option trustedApiHost: '${address.host}'`);
  const atStripe = isAtStripe(address);
  const problem = atStripe && address.key !== undefined ? secretKeyProblem(address.key, { atStripe }) : undefined;
  if (problem) throw new LedgerError('invalid_input', `The secret key of the client is unusable: ${problem.found}. ${problem.remedy}`);
  return atStripe;
}
