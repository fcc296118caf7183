// Stripe's minor units, and how an amount is shown. Stripe's own rules differ from ISO 4217 in a few currencies.

const WITHOUT_DECIMALS = new Set(['bif', 'clp', 'djf', 'gnf', 'jpy', 'kmf', 'krw', 'mga', 'pyg', 'rwf', 'vnd', 'vuv', 'xaf', 'xof', 'xpf']);
const THREE_DECIMALS = new Set(['bhd', 'jod', 'kwd', 'omr', 'tnd']);

/** ISK and UGX count two decimals at Stripe, though they have none. */
function minorUnitDigits(currency: string): 0 | 2 | 3 {
  if (WITHOUT_DECIMALS.has(currency)) return 0;
  return THREE_DECIMALS.has(currency) ? 3 : 2;
}

/** `29000`, `twd` → `NT$290`; `1999`, `eur` → `€19.99`. */
export function formatAmount(amountMinor: number, currency: string): string {
  const digits = minorUnitDigits(currency);
  const format = new Intl.NumberFormat('en-US', {
    style: 'currency',
    currency: currency.toUpperCase(),
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
    trailingZeroDisplay: RARELY_WRITTEN_DECIMALS.has(currency) ? 'stripIfInteger' : 'auto',
  });
  return format.format(amountMinor / 10 ** digits);
}

const RARELY_WRITTEN_DECIMALS = new Set(['twd', 'isk', 'ugx', 'huf']);
