// Whether a subscription at Stripe that nobody has linked looks like one of ours: it lives, and is sold at a price of a plan.
import type { SubscriptionPolicy } from '@paidonce/ledger/adapter';
import * as z from 'zod';

const priceSchema = z.union([z.string(), z.object({ id: z.string(), product: z.unknown() })]);
const soldSchema = z.object({ test_clock: z.null().optional(), items: z.object({ data: z.array(z.object({ price: priceSchema })) }) });
const statusSchema = z.object({ status: z.string() });

/** The status as Stripe says it. Empty: it says none. */
export function statusOf(subscription: unknown): string {
  return statusSchema.safeParse(subscription).data?.status ?? '';
}

/** It has begun, and has not ended: its member pays, or is asked to. */
export function isLivingStatus(status: string): boolean {
  return !['', 'incomplete', 'incomplete_expired', 'canceled'].includes(status);
}

/** Where the policy names no prices, every one would be: then only a mark shows it. What belongs to a test clock is ignored. */
export function hasPriceOf(subscription: unknown, { plans }: Pick<SubscriptionPolicy, 'plans'>): boolean {
  const named = new Set(Object.values(plans).flat());
  const items = soldSchema.safeParse(subscription).data?.items.data ?? [];
  return items.some(({ price }) => (typeof price === 'string' ? [price] : [price.id, price.product]).some((id) => named.has(String(id))));
}
