// The plans that the shop sells.
import type { Lasts } from '../periods/periods.ts';

export interface Plan {
  readonly id: string;
  readonly name: string;
  readonly about: string;
  readonly amountMinor: number;
  readonly currency: string;
  /** How long one order of it gives access. */
  readonly lasts: Lasts;
}

export const plans: readonly Plan[] = [
  { id: 'month', name: 'Month', about: 'Thirty days, to have a look', amountMinor: 900, currency: 'usd', lasts: { days: 30 } },
  { id: 'year', name: 'Year', about: 'Twelve months, two of them free', amountMinor: 9_000, currency: 'usd', lasts: { months: 12 } },
  { id: 'lifetime', name: 'Lifetime', about: 'Pay once and stay', amountMinor: 24_000, currency: 'usd', lasts: 'forever' },
];

export function planNamed(id: string): Plan | undefined {
  return plans.find((plan) => plan.id === id);
}
