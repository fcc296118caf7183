// Reads an amount that a person has typed. It is money, so nothing is guessed: `2,900` may be two amounts, and so may `2900.5`.
import { decimalsOf } from '@paidonce/ledger/adapter';

/** In Stripe's minor unit. Undefined: it is no whole number, nor one with exactly the decimals of the currency. */
export function typedAmount(text: string, currency: string): number | undefined {
  const decimals = decimalsOf(currency);
  const [, whole = '', fraction = '0'.repeat(decimals)] = /^(\d{1,12})(?:\.(\d+))?$/.exec(text.trim()) ?? [];
  if (whole === '' || fraction.length !== decimals) return undefined;
  return Number(whole + fraction);
}
