// The edge, for subscriptions: their state, their prices, and the Checkout session and portal that lead to one.
import { catalogIdSchema, currencySchema, idSchema } from '@paidonce/ledger/adapter';
import * as z from 'zod';
import { partSchema, type StripePart } from './invoice-objects.ts';
import { catalogReferenceSchema, nullable, referenceSchema, secondsSchema } from './stripe-objects.ts';

export interface StripeSubscription {
  readonly id: string;
  readonly status: string;
  readonly customer: string;
  /** Times are Unix seconds. */
  readonly ended_at: number | null;
  readonly cancel_at: number | null;
  readonly cancel_at_period_end: boolean;
  readonly trial_end: number | null;
  readonly pause_collection: { readonly resumes_at: number | null } | null;
  /** Why it was canceled: `payment_failed`, `cancellation_requested`… */
  readonly canceled_because: string | null;
  /** Why its status is `paused`: `trial_end_without_payment_method`… */
  readonly paused_because: string | null;
  readonly items: StripePart;
}

export interface StripeSubscriptionItem {
  readonly price: string;
  /** Null: a metered price has none. */
  readonly quantity: number | null;
  /** Null: the version does not show it, as those before 2025-03-31. */
  readonly current_period_end: number | null;
}

/** A Checkout session in mode `subscription`. */
export interface StripeSubscriptionSession {
  readonly id: string;
  readonly status: string | null;
}

export interface StripePrice {
  readonly id: string;
  readonly active: boolean;
  readonly livemode: boolean;
  readonly currency: string;
  readonly product: string;
  /** Null: it is charged once. */
  readonly recurring: { readonly usage_type: string } | null;
}

export const subscriptionSchema: z.ZodType<StripeSubscription> = z
  .object({
    id: idSchema,
    status: z.string(),
    customer: referenceSchema,
    ended_at: nullable(secondsSchema),
    cancel_at: nullable(secondsSchema),
    cancel_at_period_end: z.boolean(),
    trial_end: nullable(secondsSchema),
    pause_collection: nullable(z.object({ resumes_at: nullable(secondsSchema) })),
    cancellation_details: nullable(z.object({ reason: nullable(z.string()) })),
    status_details: nullable(
      z.object({ paused: nullable(z.object({ subscription: nullable(z.object({ type: nullable(z.string()) })) })) }),
    ),
    items: partSchema,
  })
  .transform(({ cancellation_details: canceled, status_details: details, ...subscription }) => ({
    ...subscription,
    canceled_because: canceled?.reason ?? null,
    paused_because: details?.paused?.subscription?.type ?? null,
  }));

export const itemsSchema: z.ZodType<readonly StripeSubscriptionItem[]> = z.array(
  z.object({
    price: catalogReferenceSchema,
    quantity: nullable(z.number().int().min(0)),
    current_period_end: nullable(secondsSchema),
  }),
);

export const subscriptionSessionSchema: z.ZodType<StripeSubscriptionSession> = z.object({ id: idSchema, status: nullable(z.string()) });

export const priceSchema: z.ZodType<StripePrice> = z.object({
  id: catalogIdSchema,
  active: z.boolean(),
  livemode: z.boolean(),
  currency: currencySchema,
  product: catalogReferenceSchema,
  recurring: nullable(z.object({ usage_type: z.string() })),
});

/** A page of Stripe's on which a customer manages his subscriptions. */
export const portalSessionSchema: z.ZodType<{ readonly url: string }> = z.object({ url: z.string() });
