// The edge, for the line items of a session: what they cost, and what the customer may make of them.
import { minorSchema } from '@paidonce/ledger/adapter';
import * as z from 'zod';
import { nullable } from './stripe-objects.ts';

export interface StripeLineItem {
  readonly amount_subtotal: number;
  readonly quantity: number | null;
  readonly price: {
    /** The customer chooses the price, from `minimum` on. Null: the price is fixed. */
    readonly custom_unit_amount: { readonly minimum: number | null } | null;
  } | null;
  /** Null: the customer cannot change the quantity. Absent: the version does not show it, as those before 2026-02-25. */
  readonly adjustable_quantity?: { readonly enabled: boolean; readonly minimum: number | null } | null;
}

export const lineItemSchema: z.ZodType<StripeLineItem> = z.object({
  amount_subtotal: minorSchema,
  quantity: nullable(z.number().int().min(0)),
  price: nullable(z.object({ custom_unit_amount: nullable(z.object({ minimum: nullable(minorSchema) })) })),
  adjustable_quantity: z.exactOptional(z.nullable(z.object({ enabled: z.boolean(), minimum: nullable(minorSchema) }))),
});

export const lineItemsSchema: z.ZodType<{ readonly data: readonly StripeLineItem[] }> = z.object({ data: z.array(lineItemSchema) });
