// Opens the access to Stripe: the local sandbox, a sandbox that all replicas share, or Stripe itself with your keys. The rest
// of the shop is the same.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { startStripeSandbox } from '@paidonce/sandbox';
import Stripe from 'stripe';
import { type Settings, SettingsError } from './settings.ts';

export interface StripeAccess extends AsyncDisposable {
  readonly stripe: Stripe;
  readonly webhookSecret: string;
  /** The origin at which the customer pays. The content policy must allow forms to lead there. */
  readonly paymentOrigin: string;
  /** The address of the sandbox. Absent: payments go to Stripe itself. */
  readonly sandboxUrl?: string;
}

/** The keys of the sandbox. They need not be secret, because it listens only on its own machine. */
export const sandboxKeys = { secretKey: 'sk_test_paidonce_sandbox', webhookSecret: 'whsec_paidonce_sandbox' };

/** Opens the access. @throws Error the sandbox's port is in use, or another sandbox uses its file. */
export async function openStripe({ port, dataDir, stripe: keys, sandbox: shared }: Settings): Promise<StripeAccess> {
  const stateFile = join(dataDir, 'sandbox.db');
  if (!shared) refuseMixing(dataDir, stateFile, keys !== undefined);
  if (keys) {
    return {
      stripe: new Stripe(keys.secretKey),
      webhookSecret: keys.webhookSecret,
      paymentOrigin: 'https://checkout.stripe.com',
      [Symbol.asyncDispose]: async () => undefined,
    };
  }
  const { secretKey, webhookSecret } = sandboxKeys;
  if (shared) {
    const { hostname: host, port: apiPort, protocol } = new URL(shared.apiUrl);
    return {
      stripe: new Stripe(secretKey, { host, port: apiPort, protocol: protocol === 'http:' ? 'http' : 'https' }),
      webhookSecret,
      paymentOrigin: shared.pagesUrl,
      sandboxUrl: shared.pagesUrl,
      [Symbol.asyncDispose]: async () => undefined,
    };
  }
  const sandbox = await startStripeSandbox({
    port: port + 1,
    stateFile,
    webhookEndpoints: [{ url: `http://127.0.0.1:${port}/webhooks/stripe`, secret: webhookSecret }],
  });
  return {
    stripe: new Stripe(secretKey, { ...sandbox.clientConfig }),
    webhookSecret,
    paymentOrigin: sandbox.url,
    sandboxUrl: sandbox.url,
    [Symbol.asyncDispose]: () => sandbox.close(),
  };
}

/** Refuses to mix payments of the sandbox and of Stripe: a payment in the sandbox must never give access to a real shop. */
function refuseMixing(dataDir: string, stateFile: string, atStripe: boolean): void {
  if (!existsSync(join(dataDir, 'ledger.db')) || existsSync(stateFile) !== atStripe) return;
  const held = atStripe ? 'the sandbox' : 'Stripe itself';
  throw new SettingsError(
    `${dataDir} holds orders that were paid at ${held}. Name another folder: DATA_DIR=./data-${atStripe ? 'stripe' : 'sandbox'}`,
  );
}
