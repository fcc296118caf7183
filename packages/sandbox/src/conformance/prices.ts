// The prices of the plans that an app with subscriptions sells, made before it starts.
import type Stripe from 'stripe';
import type { SubscriptionPlan } from './shop-under-test.ts';

const terms: Readonly<Record<SubscriptionPlan, { readonly minor: number; readonly interval: 'month' | 'year' }>> = {
  monthly: { minor: 1_000, interval: 'month' },
  plus: { minor: 3_000, interval: 'month' },
  yearly: { minor: 10_000, interval: 'year' },
};

export async function makePrices(stripe: Stripe): Promise<Readonly<Record<SubscriptionPlan, string>>> {
  const { monthly, plus, yearly } = terms;
  return {
    monthly: await makePrice(stripe, 'monthly', monthly.minor, monthly.interval),
    plus: await makePrice(stripe, 'plus', plus.minor, plus.interval),
    yearly: await makePrice(stripe, 'yearly', yearly.minor, yearly.interval),
  };
}

/** Returns its id. */
export async function makePrice(stripe: Stripe, name: string, unit_amount: number, interval: 'month' | 'year'): Promise<string> {
  const { id: product } = await stripe.products.create({ name });
  return (await stripe.prices.create({ product, currency: 'usd', unit_amount, recurring: { interval } })).id;
}
