// Where payments go: the local sandbox, one that all replicas share, or Stripe itself with your keys. The shop behind it is the same.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { startStripeSandbox } from '@paidonce/sandbox';
import Stripe from 'stripe';
import { type Settings, SettingsError } from './settings.ts';

export interface StripeAccess extends AsyncDisposable {
  readonly stripe: Stripe;
  readonly webhookSecret: string;
  /** Where the customer pays; the pages' policy must allow forms to lead there. */
  readonly paymentOrigin: string;
  /** Undefined: payments go to Stripe itself. */
  readonly sandboxUrl?: string;
}

/** Worth nothing: the sandbox listens on its own machine only. */
export const sandboxKeys = { secretKey: 'sk_test_paidonce_sandbox', webhookSecret: 'whsec_paidonce_sandbox' };

/** @throws Error where the sandbox's port is taken, or another sandbox holds its file. */
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

/** What was "paid" in the sandbox must never open a members' area that is paid for with money. */
function refuseMixing(dataDir: string, stateFile: string, atStripe: boolean): void {
  if (!existsSync(join(dataDir, 'ledger.db')) || existsSync(stateFile) !== atStripe) return;
  const held = atStripe ? 'the sandbox' : 'Stripe itself';
  throw new SettingsError(
    `${dataDir} holds orders that were paid at ${held}. Name another folder: DATA_DIR=./data-${atStripe ? 'stripe' : 'sandbox'}`,
  );
}
