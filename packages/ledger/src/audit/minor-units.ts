// Converts between Stripe's minor units and decimal text. Most currencies have two decimals, some none, some three. ISK
// and UGX have two at Stripe, although ISO 4217 gives them none.
const none: ReadonlySet<string> = new Set('bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf'.split(' '));
const three: ReadonlySet<string> = new Set(['bhd', 'jod', 'kwd', 'omr', 'tnd']);

/** Returns how many decimals an amount of the currency has. @param currency ISO 4217, lower case. */
export function decimalsOf(currency: string): 0 | 2 | 3 {
  if (none.has(currency)) return 0;
  return three.has(currency) ? 3 : 2;
}

/** Returns the amount as decimal text: `4900`, `usd` gives `49.00`. It is exact: no floating point is used. */
export function decimalText(amountMinor: number, currency: string): string {
  const decimals = decimalsOf(currency);
  if (decimals === 0) return String(amountMinor);
  const digits = String(Math.abs(amountMinor)).padStart(decimals + 1, '0');
  return `${amountMinor < 0 ? '-' : ''}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

/** Returns the amount with its currency: `49.00 USD`. */
export function moneyText(amountMinor: number, currency: string): string {
  return `${decimalText(amountMinor, currency)} ${currency.toUpperCase()}`;
}

/** Returns the amount for a reader, its thousands apart and with a real minus sign: `−1,234.50 USD`. */
export function groupedMoneyText(amountMinor: number, currency: string): string {
  const [whole = '', fraction] = decimalText(Math.abs(amountMinor), currency).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return `${amountMinor < 0 ? '−' : ''}${grouped}${fraction === undefined ? '' : `.${fraction}`} ${currency.toUpperCase()}`;
}

/**
 * Returns the amount in minor units: `49.00`, `usd` gives 4900. Zeros after the currency's last decimal are allowed.
 * Undefined: the text is no amount of that currency.
 */
export function minorOf(text: string, currency: string): number | undefined {
  const [, sign = '', whole = '', fraction = ''] = /^(-?)(\d{1,12})(?:\.(\d+))?$/.exec(text) ?? [];
  const decimals = decimalsOf(currency);
  if (whole === '' || /[^0]/.test(fraction.slice(decimals))) return undefined;
  const minor = Number(whole + fraction.slice(0, decimals).padEnd(decimals, '0'));
  return sign === '-' && minor !== 0 ? -minor : minor;
}
