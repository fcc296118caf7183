// How the steps of a scenario are described in the report.
import type { CardName, Fate } from '../sandbox/index.ts';

export const cardTexts: Readonly<Partial<Record<CardName, string>>> = {
  processing: ' by a bank debit, which takes days',
  processing_fails: ' by a bank debit, which takes days and will bounce',
};

export function fateText(fate: Fate): string {
  const description: Readonly<Record<string, string>> = {
    delivered: 'on their way',
    lost: 'lost',
    doubled: 'sent five times each, at once',
    reordered: 'sent newest first',
    never_made: 'never made',
  };
  return description[fate] ?? fate;
}

/** An amount in Stripe's minor unit, since its decimals differ by currency. */
export function money(amountMinor: number | null, currency: string | null): string {
  return `${amountMinor ?? 0} ${currency ?? ''} (minor unit)`;
}
