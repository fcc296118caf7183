// Opens the access to Stripe: the local sandbox, a sandbox that all replicas share, or Stripe itself with your keys. The rest
// of the shop is the same.
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EventStore } from '@paidonce/ledger';
import { startStripeSandbox } from '@paidonce/sandbox';
import type { WebhookSecret } from '@paidonce/stripe-adapter';
import Stripe from 'stripe';
import { type Settings, SettingsError } from './settings.ts';

export interface StripeAccess extends AsyncDisposable {
  readonly stripe: Stripe;
  /** With the mode for which it speaks. */
  readonly webhookSecret: WebhookSecret;
  /** The origin at which the customer pays. The content policy must allow forms to lead there. */
  readonly paymentOrigin: string;
  /** The address of the sandbox. Absent: payments go to Stripe itself. */
  readonly sandboxUrl?: string;
  /** The only account that the ledger's orders may be of. Absent: it is not known here. */
  readonly account?: string;
  /** A shared sandbox: its host, which may receive the key over plain http. */
  readonly trustedApiHost?: string;
}

/** The key of the sandbox. It need not be secret: the sandbox takes any test key, and Stripe takes this one never. */
export const sandboxKey = 'sk_test_paidonce_sandbox';
/** The account of a sandbox that is started without naming one. */
const sandboxAccount = 'acct_1SandboxPaidOnce';
const stripePages = 'https://checkout.stripe.com';

/** Opens the access. @throws Error the sandbox's port is in use, or another sandbox uses its file. */
export async function openStripe(settings: Settings): Promise<StripeAccess> {
  const { port, dataDir, stripe: keys, sandbox: shared } = settings;
  const stateFile = join(dataDir, 'sandbox.db');
  if (shared) return openSharedSandbox(shared);
  refuseMixing(dataDir, stateFile, keys !== undefined);
  if (keys) {
    return {
      stripe: new Stripe(keys.secretKey),
      webhookSecret: { secret: keys.webhookSecret, livemode: isLive(keys.secretKey) },
      paymentOrigin: stripePages,
      [Symbol.asyncDispose]: async () => undefined,
    };
  }
  const secret = ownSecret(join(dataDir, 'sandbox-secret'));
  const sandbox = await startStripeSandbox({
    port: port + 1,
    stateFile,
    webhookEndpoints: [{ url: `http://127.0.0.1:${port}/webhooks/stripe`, secret }],
  });
  return {
    stripe: new Stripe(sandboxKey, { ...sandbox.clientConfig }),
    webhookSecret: { secret, livemode: false },
    paymentOrigin: sandbox.url,
    sandboxUrl: sandbox.url,
    account: sandbox.account,
    [Symbol.asyncDispose]: () => sandbox.close(),
  };
}

function openSharedSandbox({ apiUrl, pagesUrl, secretKey, webhookSecret }: NonNullable<Settings['sandbox']>): StripeAccess {
  const { hostname: host, port, protocol } = new URL(apiUrl);
  const isHttp = protocol === 'http:';
  return {
    stripe: new Stripe(secretKey, { host, port: port || (isHttp ? 80 : 443), protocol: isHttp ? 'http' : 'https' }),
    webhookSecret: { secret: webhookSecret, livemode: false },
    trustedApiHost: host,
    paymentOrigin: pagesUrl,
    sandboxUrl: pagesUrl,
    [Symbol.asyncDispose]: async () => undefined,
  };
}

/** The secret that signs the sandbox's webhooks: random, one for each data folder, so that nobody elsewhere can know it. */
function ownSecret(file: string): string {
  try {
    writeFileSync(file, `whsec_sandbox_${randomBytes(24).toString('hex')}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  const secret = readFileSync(file, 'utf8').trim();
  if (!/^whsec_sandbox_[0-9a-f]{48}$/.test(secret))
    throw new SettingsError(`${file} is no secret of a sandbox. Delete it, and the shop makes a new one.`);
  return secret;
}

/** Whether the key is for real money. */
export const isLive = (secretKey: string): boolean => secretKey.includes('_live_');

/**
 * Refuses a ledger whose orders are of another Stripe: what was "paid" in a sandbox must never give access to a real shop, and
 * a real shop whose keys are missing must not take orders for nothing.
 *
 * It reads the log itself, before there is a ledger that would deliver.
 *
 * @throws SettingsError
 */
export async function refuseOtherOrders(store: EventStore, access: StripeAccess): Promise<void> {
  const atStripe = access.paymentOrigin === stripePages;
  const isOther = ({ account, livemode }: PlacedOn): boolean =>
    livemode !== access.webhookSecret.livemode ||
    (access.account !== undefined && account !== access.account) ||
    (atStripe && account === sandboxAccount);
  const other = await firstOrder(store, isOther);
  if (other === undefined) return;
  const held = `The ledger holds orders of ${other.account} in ${other.livemode ? 'live' : 'test'} mode`;
  throw new SettingsError(
    atStripe
      ? `${held}, and STRIPE_SECRET_KEY is of another account or mode. Use their own keys for them, and another DATA_DIR and LEDGER_URL for these keys.`
      : `${held}, which are not of the sandbox. Set their STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET, or name another folder: DATA_DIR=./data-sandbox.`,
  );
}

interface PlacedOn {
  readonly account: string;
  readonly livemode: boolean;
}

/** The first order in the log, of an account of Stripe's, for which `isWanted` is true. */
async function firstOrder(store: EventStore, isWanted: (placed: PlacedOn) => boolean): Promise<PlacedOn | undefined> {
  for await (const { events } of store.readLog({ prefixes: ['order-'] })) {
    for (const { type, data } of events) {
      const placed = data as unknown as PlacedOn;
      if (type === 'OrderPlaced' && placed.account.startsWith('acct_') && isWanted(placed)) return placed;
    }
  }
  return undefined;
}

/** Refuses to mix payments of the sandbox and of Stripe: a payment in the sandbox must never give access to a real shop. */
function refuseMixing(dataDir: string, stateFile: string, atStripe: boolean): void {
  if (!existsSync(join(dataDir, 'ledger.db')) || existsSync(stateFile) !== atStripe) return;
  const held = atStripe ? 'the sandbox' : 'Stripe itself';
  throw new SettingsError(
    `${dataDir} holds orders that were paid at ${held}. Name another folder: DATA_DIR=./data-${atStripe ? 'stripe' : 'sandbox'}`,
  );
}
