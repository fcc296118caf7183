// Amounts in Stripe's minor unit, for people.

// Stripe counts these with two decimals, whatever ISO 4217 says.
const twoDecimals = new Set(['isk', 'ugx']);

export function money(amountMinor: number, currency: string): string {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency });
  const digits = twoDecimals.has(currency) ? 2 : (format.resolvedOptions().maximumFractionDigits ?? 2);
  return format.format(amountMinor / 10 ** digits);
}
