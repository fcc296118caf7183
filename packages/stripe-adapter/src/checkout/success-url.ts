// The page that Stripe sends the customer back to. Stripe fills the placeholder only where it stands literally, and
// `URL.searchParams` encodes it; so the URL is built as text.
import { LedgerError } from '@paidonce/ledger';

const placeholder = '{CHECKOUT_SESSION_ID}';
const encoded = encodeURIComponent(placeholder);

/** @throws LedgerError `invalid_input` where the placeholder is encoded: Stripe would hand it on as it is. */
export function withSessionId(successUrl: string): string {
  if (successUrl.toUpperCase().includes(encoded)) {
    throw new LedgerError(
      'invalid_input',
      `successUrl has ${encoded}, which Stripe does not fill. Write ${placeholder} literally, not through URL.searchParams`,
    );
  }
  if (successUrl.includes(placeholder)) return successUrl;
  const [page = '', ...fragment] = successUrl.split('#');
  const joint = !page.includes('?') ? '?' : page.endsWith('?') || page.endsWith('&') ? '' : '&';
  return [`${page}${joint}session_id=${placeholder}`, ...fragment].join('#');
}
