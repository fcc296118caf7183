// Amounts that Stripe refuses, by its published rules: found here, with a sentence that says what to change, before Stripe
// is called. What these rules do not know, Stripe refuses itself.
import { LedgerError } from '@paidonce/ledger';
import type { CheckedStart } from './checkout-terms.ts';

const threeDecimals: ReadonlySet<string> = new Set(['bhd', 'jod', 'kwd', 'omr', 'tnd']);
/** Stripe counts two decimals of them, though they have none. */
const withoutCents: ReadonlySet<string> = new Set(['isk', 'ugx']);

/**
 * Stripe's least charge in a currency, in its minor unit, for an account that is paid out in it. (Elsewhere Stripe converts,
 * and may refuse more.) Currencies that are not listed have no published minimum of their own.
 */
// biome-ignore format: a table
const leastMinor: Readonly<Record<string, number>> = {
  aed: 200, aud: 50, bgn: 100, brl: 50, cad: 50, chf: 50, czk: 1_500, dkk: 250, eur: 50, gbp: 30, hkd: 400, huf: 17_500, inr: 50,
  jpy: 50, mxn: 1_000, myr: 200, nok: 300, nzd: 50, pln: 200, ron: 200, sek: 300, sgd: 50, thb: 1_000, usd: 50,
};

/** @throws LedgerError `invalid_input` */
export function refuseUnpayable({ ui, order, session }: CheckedStart): void {
  const { amountMinor, currency, allow } = order;
  const step = threeDecimals.has(currency) ? 10 : withoutCents.has(currency) ? 100 : 1;
  if (amountMinor % step !== 0) {
    const rounded = [Math.floor(amountMinor / step) * step, Math.ceil(amountMinor / step) * step].join(' or ');
    throw refused(`${amountMinor} ${currency} is no amount that Stripe takes: it must be divisible by ${step}, like ${rounded}`);
  }
  if (amountMinor === 0 && ui !== 'intent') return; // A free order is no charge: Checkout completes without one.
  if (amountMinor === 0) throw refused('a payment intent cannot be free. Use a Checkout session for it, or no payment');
  const least = leastMinor[currency] ?? 0;
  const mayGrow = allow?.more === true || session?.shipping_options !== undefined || isTaxed(session);
  if (amountMinor >= least || mayGrow) return;
  throw refused(`${amountMinor} ${currency} is less than Stripe's minimum of ${least} ${currency}. Raise the price, or sell it for 0`);
}

function isTaxed(session: CheckedStart['session']): boolean {
  return session?.automatic_tax?.enabled === true || session?.line_items?.some(({ tax_rates: rates }) => rates !== undefined) === true;
}

function refused(why: string): LedgerError {
  return new LedgerError('invalid_input', `order.amountMinor: ${why}`);
}
