// What the tests of Stripe Billing need beside a sandbox: a customer with a card, a price, and time.
import type Stripe from 'stripe';
import type { StripeSandbox, StripeSandboxOptions } from './index.ts';
import { type Ground, startGround } from './sandbox.test-support.ts';

export const DAY_MS = 86_400_000;

/** On the first of March, so that months have the lengths that a test expects; `start`: on another day. */
export function startBilling({
  start = '2026-03-01T12:00:00Z',
  ...options
}: StripeSandboxOptions & { readonly start?: string } = {}): Promise<Ground> {
  const now = new Date(start);
  return startGround({ ...options, runtime: { now: () => now } });
}

/** Returns its id. */
export async function customerWith(stripe: Stripe, card?: string): Promise<string> {
  const email = 'member@shop.example';
  if (card === undefined) return (await stripe.customers.create({ email })).id;
  return (await stripe.customers.create({ email, payment_method: card, invoice_settings: { default_payment_method: card } })).id;
}

export async function priceOf(
  stripe: Stripe,
  unit_amount: number,
  interval: 'day' | 'month' | 'year' = 'month',
  name = 'Plan',
): Promise<string> {
  const { id: product } = await stripe.products.create({ name });
  return (await stripe.prices.create({ product, currency: 'usd', unit_amount, recurring: { interval } })).id;
}

/** @param seconds Unix. */
export async function advanceTo(sandbox: StripeSandbox, seconds: number): Promise<void> {
  await sandbox.advance(Math.max(0, seconds * 1_000 - sandbox.now().getTime()));
}
