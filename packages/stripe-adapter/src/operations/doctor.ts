// Checks how a shop is wired to Stripe, and what to do about it: the key, the account and its mode, the clock, the webhook
// endpoints and their secrets. It only reads, and posts two webhooks to each endpoint's address: one without a signature, and one
// that is signed and harmless.
import { LedgerError, type Logger, type PaymentLedger } from '@paidonce/ledger';
import { type AccountTarget, accountTargets } from '../stripe/account-targets.ts';
import { addressOf, isAtStripe } from '../stripe/api-address.ts';
import type { StripeClient } from '../stripe/client.ts';
import { billingEventTypes, eventTypes } from '../stripe/event-types.ts';
import { secretKeyProblem, webhookSecretProblem } from '../stripe/secrets.ts';
import { StripeCalls } from '../stripe/stripe-calls.ts';
import { failureOf } from '../stripe/stripe-failure.ts';
import type { Answer, ListPage } from '../stripe/stripe-request.ts';
import { type Diagnosis, diagnosed, good, problem } from './diagnosis.ts';
import { checkEndpoints } from './doctor-endpoints.ts';
import { checkLedgers } from './doctor-ledgers.ts';

export interface DoctorOptions {
  readonly stripe: StripeClient;
  readonly secretKey: string;
  readonly webhookSecrets: readonly string[];
  /** The URL that Stripe should send webhooks to. Absent: every endpoint of the account is checked. */
  readonly webhookUrl?: string;
  /** Absent: the key's mode is not compared with the ledger's orders. */
  readonly ledger?: PaymentLedger;
  /** As in `stripePayments`. */
  readonly scope: string;
  readonly formerLedgers?: readonly string[];
  readonly log: Logger;
  readonly runtime: PaymentLedger['runtime'];
  /** For tests. Default: the global one. */
  readonly fetch?: typeof globalThis.fetch;
}

/** Signatures count for five minutes: a clock this far off is reported before they fail. */
const skewProblemMs = 60_000;
const probeTimeoutMs = 10_000;

/** All checks; only those of key and secrets if Stripe does not answer for the account. @throws LedgerError of the store. */
export async function diagnose(options: DoctorOptions): Promise<readonly Diagnosis[]> {
  const { secretKey, webhookSecrets } = options;
  const calls = new StripeCalls({ stripe: options.stripe, runtime: options.runtime });
  const where = { atStripe: isAtStripe(addressOf(options.stripe)) };
  const found: Diagnosis[] = [checkSecretKey(secretKey, where), ...webhookSecrets.map((secret) => checkWebhookSecret(secret, where))];
  if (webhookSecrets.length === 0) {
    found.push(problem('webhook secret', 'none is set', 'Set STRIPE_WEBHOOK_SECRET to the signing secret of the endpoint (whsec_…)'));
  }
  const account = await diagnosed(
    'account',
    () => calls.account(),
    (id) => good('account', id),
  );
  found.push(account);
  if (account.state !== 'good') return found; // Nothing else can be checked.
  const targets = options.ledger ? await accountTargets(options.ledger, options.runtime.now()) : [];
  const connectedAccounts = connectedIn(targets, account.found);
  found.push(await clock(calls, options), await modes(calls, targets, options));
  found.push(...(await permissions(calls, options)), await mayCreate(options));
  for (const id of connectedAccounts) found.push(...(await connectedAccount(calls, id, account.found, options)));
  if (options.ledger) found.push(...(await checkLedgers(calls, { ...options, ledger: options.ledger })));
  const types = [eventTypes, ...(hasSubscriptions(options) ? [billingEventTypes] : [])];
  found.push(...(await checkEndpoints({ ...options, eventTypes: types, connectedAccounts })));
  return found;
}

function checkSecretKey(key: string, where: { readonly atStripe: boolean }): Diagnosis {
  const found = secretKeyProblem(key, where);
  return found ? problem('secret key', found.found, found.remedy) : good('secret key', `${key.slice(0, 8)}…`);
}

function checkWebhookSecret(secret: string, where: { readonly atStripe: boolean }): Diagnosis {
  const found = webhookSecretProblem(secret, where);
  return found ? problem('webhook secret', found.found, found.remedy) : good('webhook secret', 'whsec_…');
}

async function clock(calls: StripeCalls, { runtime }: DoctorOptions): Promise<Diagnosis> {
  const what = 'clock';
  return diagnosed(
    what,
    () => calls.events(eventTypes, { createdFrom: 0, createdTo: 0 }),
    ({ asOf }: Answer<ListPage>) => {
      const skewMs = Math.abs(runtime.now().getTime() - Date.parse(asOf));
      const seconds = Math.round(skewMs / 1_000);
      if (skewMs < skewProblemMs) return good(what, `${seconds} s from Stripe's`);
      return problem(what, `${seconds} s from Stripe's`, 'Set the clock by NTP: signatures are believed for 300 s');
    },
  );
}

async function modes(calls: StripeCalls, targets: readonly AccountTarget[], { secretKey }: DoctorOptions): Promise<Diagnosis> {
  const what = 'mode';
  const keys = secretKey.includes('_live_');
  const name = (livemode: boolean) => (livemode ? 'live' : 'test');
  if (targets.some(({ livemode }) => livemode !== keys)) {
    return problem(
      what,
      `the key is of ${name(keys)} mode, and the ledger has orders or subscriptions of ${name(!keys)} mode`,
      'Give each mode a ledger of its own',
    );
  }
  return diagnosed(
    what,
    () => calls.livemode(),
    (livemode) =>
      livemode === keys ? good(what, name(keys)) : problem(what, `Stripe says ${name(livemode)}`, 'Is the key of this account?'),
  );
}

/** An account with orders or subscriptions that is not the key's own must be open to it, as to a platform: rights may differ there. */
async function connectedAccount(calls: StripeCalls, account: string, own: string, options: DoctorOptions): Promise<readonly Diagnosis[]> {
  const what = `orders or subscriptions on ${account}`;
  const there = calls.on(account);
  const read = () => there.events(eventTypes, noWindow);
  const diagnosis = await diagnosed(what, read, () => good(what, 'the key may read it'));
  if (diagnosis.state === 'good') return [diagnosis, ...(await permissions(there, options, ` on ${account}`))];
  if (diagnosis.state !== 'problem') return [diagnosis];
  const remedy = `Was the account changed? Use a key of ${account}, or of its platform, for what was sold there, and a ledger of its own for ${own}`;
  return [problem(what, `the ledger has some, but the key is of ${own} and may not read it`, remedy)];
}

function connectedIn(targets: readonly AccountTarget[], own: string): readonly string[] {
  return [...new Set(targets.map(({ account }) => account).filter((account) => account !== own && account.startsWith('acct_')))];
}

function hasSubscriptions({ ledger }: DoctorOptions): boolean {
  return ledger?.forAdapters.subscriptions.policy !== undefined;
}

type Read = readonly [name: string, read: () => Promise<unknown>];
const noWindow = { createdFrom: 0, createdTo: 0 };

function subscriptionReads({ billing }: StripeCalls): readonly Read[] {
  return [
    ['Subscriptions', () => billing.subscriptions(noWindow)],
    ['Invoices', () => billing.paidInvoices(noWindow)],
    ['Credit notes', () => billing.creditNotes(noWindow)],
    ['Prices', () => billing.price('price_doctor_does_not_exist')],
  ];
}

/** @param where added to the name of each right. */
async function permissions(calls: StripeCalls, options: DoctorOptions, where = ''): Promise<readonly Diagnosis[]> {
  const reads: readonly Read[] = [
    ['Checkout Sessions', () => calls.completeSessions(noWindow)],
    ['Events', () => calls.events(eventTypes, noWindow)],
    ['Balance transactions', () => calls.balanceTransactions(noWindow)],
    ['Payment Intents', () => calls.intent('pi_doctor_does_not_exist')],
    ['Charges', () => calls.object('charge', 'ch_doctor_does_not_exist')],
    ['Refunds', () => calls.object('refund', 're_doctor_does_not_exist')],
    ['Disputes', () => calls.object('dispute', 'dp_doctor_does_not_exist')],
    ...(hasSubscriptions(options) ? subscriptionReads(calls) : []),
  ];
  const found: Diagnosis[] = [];
  for (const [name, read] of reads) {
    const what = `may read ${name}${where}`;
    found.push(await diagnosed(what, read, () => good(what, 'yes')));
  }
  return found;
}

/**
 * Asks for a session of a mode that there is not: who may make sessions is told so, and nothing is made; who may not, is told that.
 */
async function mayCreate({ stripe }: DoctorOptions): Promise<Diagnosis> {
  const what = 'may create Checkout Sessions';
  const read = async (): Promise<void> => {
    try {
      await stripe.checkout.sessions.create({ mode: 'paidonce_doctor' }, { maxNetworkRetries: 0, timeout: probeTimeoutMs });
    } catch (error) {
      const failure = failureOf('POST /v1/checkout/sessions', error, 'invalid_input');
      if (!(failure instanceof LedgerError && failure.code === 'invalid_input')) throw failure;
    }
  };
  return diagnosed(what, read, () => good(what, 'yes'));
}
