// The lines that `npm start` prints once the shop is up: where it is, who may enter its console, and where its data stays.
import { join, resolve } from 'node:path';
import { withoutPassword } from '@paidonce/ledger/store-url';
import type { Settings } from './settings.ts';
import type { Shop } from './shop.ts';
import { isLive } from './stripe.ts';

/** @param isOwnPassword the password of the console was set by the user, so it is not printed. */
export function banner(settings: Settings, shop: Pick<Shop, 'url' | 'sandboxUrl'>, isOwnPassword: boolean): readonly string[] {
  const { dataDir, pollSeconds, ledgerUrl, operatorPassword } = settings;
  const { url, sandboxUrl } = shop;
  const store = ledgerUrl === undefined ? `sqlite:${resolve(join(dataDir, 'ledger.db'))}` : `${withoutPassword(ledgerUrl)} (LEDGER_URL)`;
  return [
    '',
    `PaidOnce shop: ${url}`,
    '',
    sandboxUrl === undefined ? '  1. Choose a plan.' : '  1. Choose a plan, and what happens to the webhook.',
    '  2. Pay on the payment page.',
    '  3. See the membership arrive, then open the timeline: who granted, who only confirmed.',
    '',
    ...(operatorPassword === undefined
      ? []
      : [`  Console: ${url}/admin/payments  (name: any; password: ${isOwnPassword ? 'your OPERATOR_PASSWORD' : operatorPassword})`]),
    ...paymentLines(settings, shop),
    `  Store:   ${store}`,
    `  Poll:    every ${pollSeconds} s (POLL_SECONDS)`,
    '',
    `  Ctrl-C stops; ${ledgerUrl === undefined ? 'all' : 'other'} data stays in ${resolve(dataDir)} (DATA_DIR).`,
    '',
  ];
}

function paymentLines({ stripe }: Settings, { url, sandboxUrl }: Pick<Shop, 'url' | 'sandboxUrl'>): readonly string[] {
  if (sandboxUrl !== undefined) return [`  Sandbox: ${sandboxUrl}  (a local Stripe: no card, no money)`];
  return [
    `  Stripe:  itself${stripe && isLive(stripe.secretKey) ? ', with a LIVE key: real money' : ', with a test key'}. Its webhooks must reach ${url}/webhooks/stripe,`,
    `           for instance through: stripe listen --forward-to ${url.replace('http://', '')}/webhooks/stripe`,
  ];
}
