// Which amounts Stripe takes: the least charge in each currency, and the last digits that some currencies must leave empty.
import { invalidRequest } from '../api/stripe-error.ts';
import { formatAmount } from '../money.ts';

const LAST_DIGIT_ZERO = new Set(['bhd', 'jod', 'kwd', 'omr', 'tnd']);
/** They count two decimals at Stripe, and have none. */
const WHOLE_UNITS = new Set(['isk', 'ugx']);

/** Published for an account that is paid out in the currency. Where Stripe would convert, the sandbox has no rates, and takes all. */
const LEAST_MINOR: Readonly<Record<string, number>> = {
  aed: 200,
  aud: 50,
  bgn: 100,
  brl: 50,
  cad: 50,
  chf: 50,
  czk: 1_500,
  dkk: 250,
  eur: 50,
  gbp: 30,
  hkd: 400,
  huf: 17_500,
  inr: 50,
  jpy: 50,
  mxn: 1_000,
  myr: 200,
  nok: 300,
  nzd: 50,
  pln: 200,
  ron: 200,
  sek: 300,
  sgd: 50,
  thb: 1_000,
  usd: 50,
};

/** Minor units: what is less is no charge. */
export function leastCharge(currency: string): number {
  return LEAST_MINOR[currency] ?? 0;
}

/** Minor units: amounts are a multiple of it. */
export function chargeStep(currency: string): number {
  if (LAST_DIGIT_ZERO.has(currency)) return 10;
  return WHOLE_UNITS.has(currency) ? 100 : 1;
}

/** @throws StripeApiError 400. An amount of 0 is no charge, and passes. */
export function refuseUnchargeable(amountMinor: number, currency: string, param: string): void {
  const step = chargeStep(currency);
  if (amountMinor % step !== 0) {
    throw invalidRequest(`Invalid amount: amounts in ${currency} must be divisible by ${step}; this one is ${amountMinor}.`, { param });
  }
  const least = leastCharge(currency);
  if (amountMinor === 0 || amountMinor >= least) return;
  throw invalidRequest(`The amount must add up to at least ${formatAmount(least, currency)} ${currency}.`, {
    code: 'amount_too_small',
    param,
  });
}
