// Amounts in Stripe's minor units, as the page writes them.
import { expect, test } from 'vitest';
import { formatAmount } from './money.ts';

test.each([
  [1_999, 'eur', '€19.99'],
  [1_900, 'usd', '$19.00'],
  [29_000, 'twd', 'NT$290'],
  [29_050, 'twd', 'NT$290.50'],
  [500, 'jpy', '¥500'],
  [1_234, 'kwd', 'KWD 1.234'],
  // No decimals in daily life, two at Stripe.
  [50_000, 'isk', 'ISK 500'],
  [50_000, 'ugx', 'UGX 500'],
  [-320_000, 'usd', '-$3,200.00'],
])('%i %s reads %s', (amountMinor, currency, text) => {
  expect(formatAmount(amountMinor, currency).replace('\u00a0', ' ')).toBe(text);
});
