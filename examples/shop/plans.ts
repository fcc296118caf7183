// The plans that the shop sells.

export interface Plan {
  readonly id: string;
  readonly name: string;
  readonly about: string;
  readonly amountMinor: number;
  readonly currency: string;
}

export const plans: readonly Plan[] = [
  { id: 'month', name: 'Month', about: 'Thirty days, to have a look', amountMinor: 900, currency: 'usd' },
  { id: 'year', name: 'Year', about: 'Twelve months, two of them free', amountMinor: 9_000, currency: 'usd' },
  { id: 'lifetime', name: 'Lifetime', about: 'Pay once and stay', amountMinor: 24_000, currency: 'usd' },
];

export function planNamed(id: string): Plan | undefined {
  return plans.find((plan) => plan.id === id);
}
