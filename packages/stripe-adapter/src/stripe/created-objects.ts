// The edge, for what Stripe made on our request: it answers in the release of the shop's SDK, whichever that is, so these are
// fields that all releases share.
import { currencySchema, idSchema, minorSchema } from '@paidonce/ledger/adapter';
import * as z from 'zod';
import { lineItemSchema, type StripeLineItem } from './line-items.ts';
import { nullable, secondsSchema } from './stripe-objects.ts';

export interface CreatedSession {
  readonly id: string;
  readonly livemode: boolean;
  /** As it was made: of another status it is another session, also where it bears the same metadata. */
  readonly status: 'open';
  /** The address of Stripe's page. Null: it is paid elsewhere. */
  readonly url: string | null;
  readonly client_secret: string | null;
  /** Unix seconds. */
  readonly expires_at: number;
  readonly amount_subtotal: number | null;
  readonly currency: string | null;
  readonly after_expiration: { readonly recovery: { readonly enabled: boolean } | null } | null;
  /** The first ten. Null: they were not expanded. */
  readonly line_items: { readonly data: readonly StripeLineItem[]; readonly has_more: boolean } | null;
}

export interface CreatedIntent {
  readonly id: string;
  readonly livemode: boolean;
  readonly amount: number;
  readonly currency: string;
  readonly client_secret: string | null;
}

export const createdSessionSchema: z.ZodType<CreatedSession> = z.object({
  id: idSchema,
  livemode: z.boolean(),
  status: z.literal('open'),
  url: nullable(z.string()),
  client_secret: nullable(z.string()),
  expires_at: secondsSchema,
  amount_subtotal: nullable(minorSchema),
  currency: nullable(currencySchema),
  after_expiration: nullable(z.object({ recovery: nullable(z.object({ enabled: z.boolean() })) })),
  line_items: nullable(z.object({ data: z.array(lineItemSchema), has_more: z.boolean() })),
});

export const createdIntentSchema: z.ZodType<CreatedIntent> = z.object({
  id: idSchema,
  livemode: z.boolean(),
  amount: minorSchema,
  currency: currencySchema,
  client_secret: nullable(z.string()),
});
