// The page to which Stripe sends the customer back. Stripe fills the placeholder only if it is there literally, and
// `URL.searchParams` encodes it, so the URL is built as text.
import { LedgerError } from '@paidonce/ledger';

const placeholder = '{CHECKOUT_SESSION_ID}';
const encoded = encodeURIComponent(placeholder);

/** @throws LedgerError `invalid_input`: the placeholder is encoded, and Stripe would not fill it. */
export function withSessionId(url: string, field: 'successUrl' | 'returnUrl' = 'successUrl'): string {
  if (url.toUpperCase().includes(encoded)) {
    throw new LedgerError(
      'invalid_input',
      `${field} has ${encoded}, which Stripe does not fill. Write ${placeholder} literally, not through URL.searchParams`,
    );
  }
  if (url.includes(placeholder)) return url;
  const [page = '', ...fragment] = url.split('#');
  const joint = !page.includes('?') ? '?' : page.endsWith('?') || page.endsWith('&') ? '' : '&';
  return [`${page}${joint}session_id=${placeholder}`, ...fragment].join('#');
}
