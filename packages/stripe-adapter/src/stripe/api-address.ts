// Where a client of Stripe sends the shop's key, and whether it may. A live key goes to Stripe itself over TLS, and nowhere
// else unless that is said; over plain http a key goes no further than this machine.
import { LedgerError } from '@paidonce/ledger';
import { type StripeClient, settingOf } from './client.ts';

/** Where requests go, and with which key. */
export interface ApiAddress {
  readonly host: string;
  readonly protocol: string;
  /** Absent: the client has an authenticator of its own. */
  readonly key?: string;
}

const stripeHost = 'api.stripe.com';

/** Reads from the client where it sends requests, and its key. */
export function addressOf(stripe: StripeClient): ApiAddress {
  // The SDK has no public name for its key; versions 17 to 23 keep it here.
  const { _authenticator: authenticator } = stripe as unknown as { readonly _authenticator?: { readonly _apiKey?: unknown } };
  const key = authenticator?._apiKey;
  return {
    host: settingOf(stripe, 'host') || stripeHost,
    protocol: (settingOf(stripe, 'protocol') || 'https').replace(/:$/, ''),
    ...(typeof key === 'string' ? { key } : {}),
  };
}

/** Whether requests go to Stripe itself, over TLS. */
export function isAtStripe({ host, protocol }: ApiAddress): boolean {
  return host === stripeHost && protocol === 'https';
}

/**
 * @param trustedHost the only other host that may receive a live key; or a test key over plain http.
 * @throws LedgerError `invalid_input`: the key must not go there. The message names the address and never the key.
 */
export function checkKeyMayGoTo(address: ApiAddress, trustedHost: string | undefined, howToTrust: string): void {
  const { host, protocol, key } = address;
  if (isAtStripe(address)) return;
  const isTest = key !== undefined && /^[a-z]+_(?:org_)?test_/.test(key);
  const isTrusted = trustedHost !== undefined && host === trustedHost;
  const to = `${protocol}://${host}`;
  if (protocol !== 'https' && !isLoopback(host) && !(isTest && isTrusted)) {
    const unless = isTest ? ` If this network is yours, ${howToTrust}` : '';
    throw new LedgerError(
      'invalid_input',
      `The key would go to ${to} over plain http, where others can read it. Use https, or an address of this machine.${unless}`,
    );
  }
  if (isTest || isTrusted) return;
  throw new LedgerError(
    'invalid_input',
    `A live key would go to ${to}, which is not Stripe. Use https://${stripeHost}, or a test key (sk_test_…). If that host may have it, ${howToTrust}`,
  );
}

/** Whether the host is this machine: 127.0.0.0/8, `::1` or `localhost`. */
function isLoopback(host: string): boolean {
  return /^(?:127(?:\.\d{1,3}){3}|localhost|\[?::1\]?)$/i.test(host);
}
