// The edge, for what shows how money moved: refunds, disputes, charges, and the rows of the balance.
import { currencySchema, idSchema, minorSchema } from '@paidonce/ledger/adapter';
import * as z from 'zod';
import { nullable, referenceSchema } from './stripe-objects.ts';

export interface StripeRefund {
  readonly id: string;
  readonly status: 'pending' | 'requires_action' | 'succeeded' | 'canceled' | 'failed';
  readonly amount: number;
  readonly reason: string | null;
  readonly payment_intent: string | null;
  /** The id alone if it was not expanded. */
  readonly charge: string | { readonly id: string; readonly amount: number; readonly amount_captured: number } | null;
  /** The row of the balance that moved the money. The id alone if it was not expanded. Null: no money moved, or not yet. */
  readonly balance_transaction: string | { readonly reporting_category: string | null } | null;
}

export interface StripeDispute {
  readonly id: string;
  readonly status: string;
  readonly amount: number;
  readonly currency: string | null;
  readonly reason: string;
  readonly livemode: boolean;
  readonly payment_intent: string | null;
  /** The id alone if it was not expanded. */
  readonly charge: string | StripeDisputedCharge | null;
  /** The amount of each row of the balance. Null: it cannot be read. */
  readonly balance_transactions: readonly (number | null)[];
  /** The kind of a card's case: `chargeback`, `inquiry`, `block`, `resolution`… */
  readonly case_type: string | null;
}

export interface StripeDisputedCharge {
  readonly id: string;
  readonly amount: number;
  readonly amount_captured: number;
  /** With what a partial capture released. */
  readonly amount_refunded: number;
  readonly currency: string;
}

export interface StripeCharge {
  readonly id: string;
  readonly amount_refunded: number;
  readonly payment_intent: string | null;
  /** Null also where his id is no id here: one of before May 2018 may be an address. */
  readonly customer: string | null;
}

/** A row of the balance (a balance transaction). */
export interface StripeMovement {
  readonly id: string;
  /** The object that caused it, always expanded: lists are read that way. Null: there is none. */
  readonly source: object | null;
  /** Absent in old API versions. */
  readonly reporting_category: string | null;
}

/** A charge that moved money, as the balance shows it. */
export interface StripeMoney {
  readonly id: string;
  /** `pending`: a debit under way. `failed`: a debit that the bank refused. */
  readonly status: string;
  readonly amount_captured: number;
  readonly amount_refunded: number;
  readonly currency: string;
  readonly livemode: boolean;
  readonly disputed: boolean;
  readonly payment_intent: string | null;
}

/** Names the payment whose refunds are listed: its payment intent, or the charge if there is none. */
export type RefundsOf = { readonly payment_intent: string } | { readonly charge: string };

export const refundSchema: z.ZodType<StripeRefund> = z.object({
  id: idSchema,
  status: z.enum(['pending', 'requires_action', 'succeeded', 'canceled', 'failed']),
  amount: minorSchema,
  reason: nullable(z.string()),
  payment_intent: nullable(referenceSchema),
  charge: nullable(z.union([idSchema, z.object({ id: idSchema, amount: minorSchema, amount_captured: minorSchema })])),
  balance_transaction: nullable(z.union([idSchema, z.object({ reporting_category: nullable(z.string()) })])),
});

const disputedChargeSchema: z.ZodType<StripeDisputedCharge> = z.object({
  id: idSchema,
  amount: minorSchema,
  amount_captured: minorSchema,
  amount_refunded: minorSchema,
  currency: currencySchema,
});
const disputeShape = z.object({
  id: idSchema,
  status: z.string(),
  amount: minorSchema,
  currency: nullable(currencySchema),
  reason: z.string(),
  livemode: z.boolean(),
  payment_intent: nullable(referenceSchema),
  charge: nullable(z.union([idSchema, disputedChargeSchema])),
  balance_transactions: z.array(z.unknown().transform((row) => z.object({ amount: z.number().int() }).safeParse(row).data?.amount ?? null)),
  payment_method_details: nullable(z.object({ card: nullable(z.object({ case_type: nullable(z.string()) })) })),
});
export const disputeSchema: z.ZodType<StripeDispute> = disputeShape.transform(({ payment_method_details: method, ...dispute }) => ({
  ...dispute,
  case_type: method?.card?.case_type ?? null,
}));

export const chargeSchema: z.ZodType<StripeCharge> = z.object({
  id: idSchema,
  amount_refunded: minorSchema,
  payment_intent: nullable(referenceSchema),
  customer: nullable(referenceSchema).catch(null),
});

export const moneySchema: z.ZodType<StripeMoney> = z.object({
  id: idSchema,
  status: z.string(),
  amount_captured: minorSchema,
  amount_refunded: minorSchema,
  currency: currencySchema,
  livemode: z.boolean(),
  disputed: z.boolean(),
  payment_intent: nullable(referenceSchema),
});

export const movementSchema: z.ZodType<StripeMovement> = z.object({
  id: idSchema,
  source: nullable(z.looseObject({})),
  reporting_category: nullable(z.string()),
});
