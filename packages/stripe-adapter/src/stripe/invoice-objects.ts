// The edge, for invoices of subscriptions: what of them shows who has paid for what, and what was given back.
import { currencySchema, idSchema, minorSchema } from '@paidonce/ledger/adapter';
import * as z from 'zod';
import { catalogReferenceSchema, nullable, referenceSchema, secondsSchema } from './stripe-objects.ts';

/** The fields that each invoice has. What it was for is told by `StripePaidInvoice` and its lines. */
export interface StripeInvoice {
  readonly id: string;
  /** `draft`, `open`, `paid`, `uncollectible` or `void`. */
  readonly status: string | null;
  /** `charge_automatically`, or `send_invoice`: with terms. */
  readonly collection_method: string | null;
  /** Times are Unix seconds. Null: it is charged automatically. */
  readonly due_date: number | null;
  /** The invoice that was made in its place. */
  readonly latest_revision: string | null;
  readonly status_transitions: { readonly paid_at: number | null; readonly voided_at: number | null };
}

/** Amounts are in the currency's minor unit. */
export interface StripePaidInvoice {
  readonly currency: string;
  readonly billing_reason: string | null;
  /** After discounts and tax. Below 0: credits exceed the charges, and the rest goes to the balance. */
  readonly total: number;
  /** The customer's balance before it was finalized. Below 0: the customer has money there. */
  readonly starting_balance: number;
  readonly ending_balance: number | null;
  readonly amount_paid_off_stripe: number | null;
  readonly pre_payment_credit_notes_amount: number | null;
  readonly discounted: number;
  readonly taxed: number;
}

/** A list within an object: its first ten, or so. */
export interface StripePart {
  readonly data: readonly unknown[];
  readonly has_more: boolean;
}

/** What a line is: an item of a subscription, or an invoice item, which may be a proration of one. */
export interface StripeLineOrigin {
  readonly proration: boolean;
  /** The invoice whose line a credit gives back. */
  readonly credits: string | null;
  readonly subscription: string | null;
  /** Null: it is an invoice item, or Stripe names none. */
  readonly subscription_item: string | null;
}

export interface StripeInvoiceLine {
  readonly id: string;
  /** Before tax. Below 0: a credit. */
  readonly amount: number;
  /** The sum of its discounts. */
  readonly discounted: number;
  readonly quantity: number | null;
  readonly period: { readonly start: number; readonly end: number };
  /** Null: Stripe names no price. */
  readonly price: { readonly price: string; readonly product: string } | null;
  readonly item: StripeLineOrigin | null;
  readonly invoice_item: StripeLineOrigin | null;
}

/** A payment, or a part of it, that is for one invoice. */
export interface StripeInvoicePayment {
  readonly id: string;
  /** `open`, `paid` or `canceled`. */
  readonly status: string;
  /** Null until it is paid. */
  readonly amount_paid: number | null;
  readonly invoice: string;
  readonly payment: {
    readonly type: string;
    readonly payment_intent: string | null;
    readonly charge: string | null;
    readonly payment_record: string | null;
  };
  readonly status_transitions: { readonly canceled_at: number | null; readonly paid_at: number | null };
}

export interface StripeCreditNote {
  readonly id: string;
  /** `issued` or `void`. */
  readonly status: string;
  readonly invoice: string;
  readonly created: number;
  readonly voided_at: number | null;
  /** What was given back after the payment: refunded, credited to the balance, or outside Stripe. */
  readonly post_payment_amount: number;
  /** The part of it that refunds gave back: `refund`, a refund at Stripe. */
  readonly refunds: readonly { readonly amount_refunded: number; readonly type: string | null }[];
}

const signedSchema = z.number().int();
const sumSchema: z.ZodType<number> = nullable(z.array(z.object({ amount: signedSchema }))).transform(
  (parts) => parts?.reduce((sum, { amount }) => sum + amount, 0) ?? 0,
);
export const partSchema: z.ZodType<StripePart> = z.object({ data: z.array(z.unknown()), has_more: z.boolean() });

export const invoiceSchema: z.ZodType<StripeInvoice> = z.object({
  id: idSchema,
  status: nullable(z.string()),
  collection_method: nullable(z.string()),
  due_date: nullable(secondsSchema),
  latest_revision: nullable(referenceSchema),
  status_transitions: z.object({ paid_at: nullable(secondsSchema), voided_at: nullable(secondsSchema) }),
});

export const paidInvoiceSchema: z.ZodType<StripePaidInvoice> = z
  .object({
    currency: currencySchema,
    billing_reason: nullable(z.string()),
    total: signedSchema,
    starting_balance: signedSchema,
    ending_balance: nullable(signedSchema),
    amount_paid_off_stripe: nullable(minorSchema),
    pre_payment_credit_notes_amount: nullable(minorSchema),
    total_discount_amounts: sumSchema,
    total_taxes: sumSchema,
  })
  .transform(({ total_discount_amounts: discounted, total_taxes: taxed, ...invoice }) => ({ ...invoice, discounted, taxed }));

const originSchema: z.ZodType<StripeLineOrigin> = z
  .object({
    proration: z.boolean(),
    proration_details: nullable(z.object({ credited_items: nullable(z.object({ invoice: referenceSchema })) })),
    subscription: nullable(referenceSchema),
    subscription_item: nullable(referenceSchema),
  })
  .transform(({ proration_details: details, ...origin }) => ({ ...origin, credits: details?.credited_items?.invoice ?? null }));

const lineSchema: z.ZodType<StripeInvoiceLine> = z
  .object({
    id: idSchema,
    amount: signedSchema,
    discount_amounts: sumSchema,
    quantity: nullable(z.number().int().min(0)),
    period: z.object({ start: secondsSchema, end: secondsSchema }),
    pricing: nullable(z.object({ price_details: nullable(z.object({ price: catalogReferenceSchema, product: catalogReferenceSchema })) })),
    parent: nullable(z.object({ subscription_item_details: nullable(originSchema), invoice_item_details: nullable(originSchema) })),
  })
  .transform(({ discount_amounts: discounted, pricing, parent, ...line }) => ({
    ...line,
    discounted,
    price: pricing?.price_details ?? null,
    item: parent?.subscription_item_details ?? null,
    invoice_item: parent?.invoice_item_details ?? null,
  }));
export const linesSchema: z.ZodType<readonly StripeInvoiceLine[]> = z.array(lineSchema);

export const invoicePaymentSchema: z.ZodType<StripeInvoicePayment> = z.object({
  id: idSchema,
  status: z.string(),
  amount_paid: nullable(minorSchema),
  invoice: referenceSchema,
  payment: z.object({
    type: z.string(),
    payment_intent: nullable(referenceSchema),
    charge: nullable(referenceSchema),
    payment_record: nullable(referenceSchema),
  }),
  status_transitions: z.object({ canceled_at: nullable(secondsSchema), paid_at: nullable(secondsSchema) }),
});

export const creditNoteSchema: z.ZodType<StripeCreditNote> = z.object({
  id: idSchema,
  status: z.string(),
  invoice: referenceSchema,
  created: secondsSchema,
  voided_at: nullable(secondsSchema),
  post_payment_amount: minorSchema,
  refunds: z.array(z.object({ amount_refunded: minorSchema, type: nullable(z.string()) })),
});
