// Checks how a shop is wired to Stripe, and what to do about it: the key, the account and its mode, the clock, the webhook
// endpoints and their secrets. It only reads, and posts one unsigned webhook to each endpoint's address.
import type { Logger, PaymentLedger } from '@paidonce/ledger';
import type Stripe from 'stripe';
import * as z from 'zod';
import { addressOf, isAtStripe } from '../stripe/api-address.ts';
import { eventTypes } from '../stripe/event-types.ts';
import { secretKeyProblem, webhookSecretProblem } from '../stripe/secrets.ts';
import { type Answer, type ListPage, StripeCalls } from '../stripe/stripe-calls.ts';
import { type Diagnosis, diagnosed, good, problem } from './diagnosis.ts';
import { checkLedgers } from './doctor-ledgers.ts';

export interface DoctorOptions {
  readonly stripe: Stripe;
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
  found.push(await clock(calls, options), await modes(calls, options), ...(await orderAccounts(calls, account.found, options)));
  found.push(...(await permissions(calls)));
  if (options.ledger) found.push(...(await checkLedgers(calls, { ...options, ledger: options.ledger })));
  found.push(...(await endpoints(options)));
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

async function modes(calls: StripeCalls, { ledger, secretKey }: DoctorOptions): Promise<Diagnosis> {
  const what = 'mode';
  const keys = secretKey.includes('_live_');
  const orders = (await ledger?.forAdapters.accountOrders()) ?? [];
  const name = (livemode: boolean) => (livemode ? 'live' : 'test');
  if (orders.some(({ livemode }) => livemode !== keys)) {
    return problem(
      what,
      `the key is of ${name(keys)} mode, and the ledger has orders of ${name(!keys)} mode`,
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

/** The accounts on which the ledger has orders: all others than the key's own must be open to it, as to a platform. */
async function orderAccounts(calls: StripeCalls, own: string, { ledger }: DoctorOptions): Promise<readonly Diagnosis[]> {
  const orders = (await ledger?.forAdapters.accountOrders()) ?? [];
  const others = new Set(orders.map(({ account }) => account).filter((account) => account !== own && account.startsWith('acct_')));
  const found: Diagnosis[] = [];
  for (const account of others) {
    const what = `orders on ${account}`;
    const read = () => calls.on(account).events(eventTypes, { createdFrom: 0, createdTo: 0 });
    const diagnosis = await diagnosed(what, read, () => good(what, 'the key may read it'));
    const remedy = `Was the account changed? Use a key of ${account}, or of its platform, for what was sold there, and a ledger of its own for ${own}`;
    found.push(
      diagnosis.state === 'problem'
        ? problem(what, `the ledger has orders on ${account}, but the key is of ${own} and may not read it`, remedy)
        : diagnosis,
    );
  }
  return found;
}

async function permissions(calls: StripeCalls): Promise<readonly Diagnosis[]> {
  const window = { createdFrom: 0, createdTo: 0 };
  const reads: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['Checkout Sessions', () => calls.completeSessions(window)],
    ['Events', () => calls.events(eventTypes, window)],
    ['Balance transactions', () => calls.balanceTransactions(window)],
    ['Payment Intents', () => calls.intent('pi_doctor_does_not_exist')],
    ['Refunds', () => calls.object('refund', 're_doctor_does_not_exist')],
    ['Disputes', () => calls.object('dispute', 'dp_doctor_does_not_exist')],
  ];
  const found: Diagnosis[] = [];
  for (const [name, read] of reads) found.push(await diagnosed(`may read ${name}`, read, () => good(`may read ${name}`, 'yes')));
  return found;
}

interface Endpoint {
  readonly id: string;
  readonly url: string;
  readonly status: string;
  readonly enabled_events: readonly string[];
  readonly api_version: string | null;
}
const endpointSchema: z.ZodType<Endpoint> = z.object({
  id: z.string(),
  url: z.string(),
  status: z.string(),
  enabled_events: z.array(z.string()),
  api_version: z.string().nullable(),
});

async function endpoints({ stripe, webhookUrl, fetch = globalThis.fetch }: DoctorOptions): Promise<readonly Diagnosis[]> {
  const what = 'webhook endpoint';
  let all: readonly Endpoint[];
  try {
    const { data } = await stripe.webhookEndpoints.list({ limit: 100 }, { maxNetworkRetries: 0, timeout: probeTimeoutMs });
    all = data.flatMap((object) => endpointSchema.safeParse(object).data ?? []);
  } catch (error) {
    const remedy = 'Give the key Read on Webhook Endpoints, or look at them in the dashboard';
    return [{ what, state: 'unknown', found: error instanceof Error ? error.message : String(error), remedy }];
  }
  const ours = all.filter(({ url }) => webhookUrl === undefined || url === webhookUrl);
  if (ours.length === 0) {
    const elsewhere = all.length === 0 ? 'there is none' : `none goes to ${webhookUrl}; there are ${all.map(({ url }) => url).join(', ')}`;
    return [problem(what, elsewhere, 'Add one in the dashboard, for the address of POST /webhooks/stripe')];
  }
  const found: Diagnosis[] = [];
  for (const endpoint of ours)
    found.push(...diagnoseEndpoint(endpoint, String(stripe.getApiField('version'))), await probe(endpoint.url, fetch));
  return found;
}

function diagnoseEndpoint({ url, status, enabled_events: enabled, api_version: version }: Endpoint, ours: string): readonly Diagnosis[] {
  const missing = enabled.includes('*') ? [] : eventTypes.filter((type) => !enabled.includes(type));
  const release = (text: string) => text.split('.')[1] ?? text;
  return [
    status === 'enabled'
      ? good(`${url}: enabled`, 'yes')
      : problem(
          `${url}: enabled`,
          status,
          'Stripe disables an endpoint that failed for days: enable it in the dashboard, then run `reconcile --repair`',
        ),
    missing.length === 0
      ? good(`${url}: event types`, 'all')
      : problem(
          `${url}: event types`,
          `without ${missing.join(', ')}`,
          'Add them to the endpoint; until then the poll finds what they would tell',
        ),
    version === null || release(version) === release(ours)
      ? good(`${url}: API version`, version ?? "the account's")
      : problem(
          `${url}: API version`,
          `${version}, and the SDK has ${ours}`,
          'Each webhook costs one read more; make a new endpoint with the SDK’s version',
        ),
  ];
}

/** Posts a webhook without a signature: a handler of ours refuses it with 400, at this very address. */
async function probe(url: string, fetch: typeof globalThis.fetch): Promise<Diagnosis> {
  const what = `${url}: answers`;
  try {
    const headers = { 'content-type': 'application/json' };
    const init = { method: 'POST', body: '{}', headers, redirect: 'manual', signal: AbortSignal.timeout(probeTimeoutMs) } as const;
    const { status, headers: answered } = await fetch(url, init);
    if (status === 400) return good(what, '400 to a webhook without a signature');
    if (status >= 300 && status < 400) {
      return problem(what, `${status} to ${answered.get('location')}`, 'Stripe follows no redirect: give it the final address');
    }
    if (status < 300)
      return problem(what, `${status} to a webhook without a signature`, 'Something else answers there, or signatures are not checked');
    return problem(what, `${status}`, 'Is the path right, and the shop running?');
  } catch (error) {
    return problem(
      what,
      error instanceof Error ? error.message : String(error),
      'Stripe must reach it from the internet: is the shop running?',
    );
  }
}
