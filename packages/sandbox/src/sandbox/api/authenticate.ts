// Which callers are accepted: any test key, or the one that the sandbox was started with. A live key is refused, so that a
// misconfigured shop notices here. A platform names a connected account by header.
import type { Accounts } from '../accounts.ts';
import type { Model } from '../model.ts';
import { StripeApiError } from './stripe-error.ts';

/** The account that the request is for. @throws StripeApiError 401 without a good key, 403 for an account that is not connected. */
export function authenticate(
  headers: Readonly<Record<string, string | undefined>>,
  secretKey: string | undefined,
  accounts: Accounts,
): Model {
  const key = keyIn(headers.authorization);
  if (key === undefined || key === '') {
    throw unauthorized(
      "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
    );
  }
  if (/^(sk|rk)_live_/.test(key))
    throw unauthorized('A live key was sent to the sandbox. Use a test key (sk_test_…), and roll the live one if it was logged.');
  if (secretKey !== undefined && key !== secretKey) throw unauthorized(`Invalid API Key provided: ${key.slice(0, 8)}****`);
  const asked = headers['stripe-account'] ?? headers['stripe-context'];
  if (asked === undefined || asked === '') return accounts.platform;
  const model = accounts.of(asked);
  if (model) return model;
  throw new StripeApiError(
    403,
    'invalid_request_error',
    `The provided key does not have access to account '${asked}' (or that account does not exist). The sandbox has ${accounts.platform.account} and what was connected to it by POST /v1/accounts.`,
    { code: 'account_invalid' },
  );
}

function keyIn(authorization: string | undefined): string | undefined {
  const [scheme, value] = (authorization ?? '').split(' ');
  if (scheme?.toLowerCase() === 'bearer') return value;
  // curl -u KEY: sends it as a user name.
  if (scheme?.toLowerCase() === 'basic')
    return Buffer.from(value ?? '', 'base64')
      .toString('utf8')
      .split(':')[0];
  return undefined;
}

function unauthorized(message: string): StripeApiError {
  return new StripeApiError(401, 'invalid_request_error', message);
}
