// What the club sells, and its prices at Stripe. In your own shop the prices are made once, in Stripe's dashboard.
import type Stripe from 'stripe';

export const planNames = ['monthly', 'plus', 'yearly'] as const;
export type PlanName = (typeof planNames)[number];
/** `price_…` of each plan. */
export type Prices = Readonly<Record<PlanName, string>>;

interface Plan {
  readonly name: string;
  readonly about: string;
  readonly amountMinor: number;
  readonly interval: 'month' | 'year';
}

export const plans: Readonly<Record<PlanName, Plan>> = {
  monthly: { name: 'Month', about: 'Every month; leave whenever you like', amountMinor: 900, interval: 'month' },
  plus: { name: 'Plus', about: 'Every month, and all rooms', amountMinor: 2_900, interval: 'month' },
  yearly: { name: 'Year', about: 'Every year; two months are free', amountMinor: 9_000, interval: 'year' },
};

export function isPlan(name: string | undefined): name is PlanName {
  return planNames.some((each) => each === name);
}

/** Finds the prices by their lookup keys, and makes them at the first start. */
export async function openPrices(stripe: Stripe): Promise<Prices> {
  const priceOf = async (plan: PlanName): Promise<string> => {
    const [known] = (await stripe.prices.list({ lookup_keys: [plan] })).data;
    if (known) return known.id;
    const { name, amountMinor, interval } = plans[plan];
    const { id: product } = await stripe.products.create({ name });
    const price = { product, currency: 'usd', unit_amount: amountMinor, recurring: { interval }, lookup_key: plan };
    return (await stripe.prices.create(price)).id;
  };
  return { monthly: await priceOf('monthly'), plus: await priceOf('plus'), yearly: await priceOf('yearly') };
}
