// The edge: what we use of Stripe's objects, and nothing else. Unknown fields pass; every enum of Stripe is open,
// so a value that is not listed here fails with its path, and the object is kept by id instead of being guessed.
import { catalogIdSchema, currencySchema, idSchema, isId, minorSchema } from '@paidonce/ledger/adapter';
import * as z from 'zod';

export interface StripeIntent {
  readonly id: string;
  readonly status:
    | 'requires_payment_method'
    | 'requires_confirmation'
    | 'requires_action'
    | 'processing'
    | 'requires_capture'
    | 'canceled'
    | 'succeeded';
  /** Amounts of Stripe's objects are in the currency's minor unit. */
  readonly amount_received: number;
  readonly currency: string;
  readonly livemode: boolean;
  /** An attempt to pay was declined. */
  readonly failed: boolean;
  /** `manual`, of the intent or of one of its methods: the money comes with the capture, after the charge. Absent in old API versions. */
  readonly capture_method: string | null;
  /** The newest attempt. Null: there is none, or it was not expanded. */
  readonly charge: { readonly created: number; readonly method: string | null } | null;
}

export interface StripeTotalDetails {
  readonly amount_discount: number;
  readonly amount_shipping: number | null;
  readonly amount_tax: number;
}

export interface StripeSession {
  readonly id: string;
  readonly mode: 'payment';
  readonly status: 'open' | 'complete' | 'expired';
  readonly payment_status: 'paid' | 'unpaid' | 'no_payment_required';
  readonly amount_subtotal: number | null;
  readonly amount_total: number | null;
  readonly total_details: StripeTotalDetails | null;
  readonly currency: string | null;
  /** Times of Stripe's objects are Unix seconds. */
  readonly expires_at: number | null;
  readonly livemode: boolean;
  /** The id alone if it was not expanded. */
  readonly payment_intent: string | StripeIntent | null;
}

/** A session of another mode is not about a one-time payment. */
export type StripeSessionOfAnyMode = StripeSession | { readonly id: string; readonly mode: 'setup' | 'subscription' };

/** The fields that show whose an object is, as far as they can be read. */
export interface StripeIdentity {
  readonly id?: string;
  readonly object?: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly payment_intent?: string;
  readonly charge?: string;
  readonly recovered_from?: string;
  readonly client_reference_id?: string;
  readonly payment_link?: string;
}

/** The id of an account of Stripe. */
export const stripeAccountSchema: z.ZodType<string> = z
  .string()
  .regex(/^acct_[A-Za-z0-9_]{1,64}$/, 'must be an account of Stripe, like acct_1ABC');
/** Unix seconds, up to the year 9999. */
export const secondsSchema: z.ZodType<number> = z.number().int().min(0).max(253_402_300_799);

/** Null if absent: older API versions lack some fields. */
export function nullable<T>(schema: z.ZodType<T>): z.ZodType<T | null> {
  return schema.nullish().transform((value) => value ?? null);
}

/** The id of a referenced object, expanded or not. */
export const referenceSchema: z.ZodType<string> = referenceOf(idSchema);
/** The id of a price or a product, expanded or not. */
export const catalogReferenceSchema: z.ZodType<string> = referenceOf(catalogIdSchema);

function referenceOf(id: z.ZodType<string>): z.ZodType<string> {
  return z.union([id, z.object({ id }).transform((object) => object.id)]);
}

const intentShape = z.object({
  id: idSchema,
  status: z.enum([
    'requires_payment_method',
    'requires_confirmation',
    'requires_action',
    'processing',
    'requires_capture',
    'canceled',
    'succeeded',
  ]),
  amount_received: minorSchema,
  currency: currencySchema,
  livemode: z.boolean(),
  last_payment_error: z.unknown(),
  capture_method: nullable(z.string()),
  payment_method_options: z
    .record(z.string(), z.object({ capture_method: z.unknown() }))
    .nullish()
    .catch(null),
  latest_charge: nullable(
    z.union([idSchema, z.object({ created: secondsSchema, payment_method_details: nullable(z.object({ type: z.string() })) })]),
  ),
});
export const intentSchema: z.ZodType<StripeIntent> = intentShape.transform(
  ({ last_payment_error: error, latest_charge: charge, payment_method_options: methods, ...intent }) => ({
    ...intent,
    capture_method: Object.values(methods ?? {}).some((method) => method.capture_method === 'manual') ? 'manual' : intent.capture_method,
    failed: error !== null && error !== undefined,
    charge:
      charge === null || typeof charge === 'string'
        ? null
        : { created: charge.created, method: charge.payment_method_details?.type ?? null },
  }),
);

export const sessionSchema: z.ZodType<StripeSessionOfAnyMode> = z.discriminatedUnion('mode', [
  z.object({ id: idSchema, mode: z.literal(['setup', 'subscription']) }),
  z.object({
    id: idSchema,
    mode: z.literal('payment'),
    status: z.enum(['open', 'complete', 'expired']),
    payment_status: z.enum(['paid', 'unpaid', 'no_payment_required']),
    amount_subtotal: nullable(minorSchema),
    amount_total: nullable(minorSchema),
    total_details: nullable(z.object({ amount_discount: minorSchema, amount_shipping: nullable(minorSchema), amount_tax: minorSchema })),
    currency: nullable(currencySchema),
    expires_at: nullable(secondsSchema),
    livemode: z.boolean(),
    payment_intent: nullable(z.union([idSchema, intentSchema])),
  }),
]);

const identityFields = ['id', 'object', 'payment_intent', 'charge', 'recovered_from', 'client_reference_id', 'payment_link'] as const;

/** Reads what it can, each field by itself. Never throws. By hand: most fields are absent, and a schema makes an error of each. */
export function identityOf(object: unknown): StripeIdentity {
  if (typeof object !== 'object' || object === null) return { metadata: {} };
  const fields = object as Readonly<Record<string, unknown>>;
  const found: { -readonly [Field in keyof StripeIdentity]: StripeIdentity[Field] } = { metadata: metadataIn(fields['metadata']) };
  for (const name of identityFields) {
    const value = fields[name];
    const id = typeof value === 'object' && value !== null && 'id' in value ? value.id : value;
    if (isId(id)) found[name] = id;
  }
  return found;
}

function metadataIn(metadata: unknown): StripeIdentity['metadata'] {
  const isText = typeof metadata === 'object' && metadata !== null && Object.values(metadata).every((text) => typeof text === 'string');
  return isText && !Array.isArray(metadata) ? (metadata as StripeIdentity['metadata']) : {};
}

/** The path of the first failure, like `payment_intent.status`; in a union, that of the branch that matched furthest. */
export function failedPath(error: z.ZodError): string {
  return furthest(error.issues).join('.').slice(0, 200);
}

function furthest(issues: readonly z.core.$ZodIssue[]): readonly PropertyKey[] {
  const issue = issues[0];
  if (issue === undefined) return [];
  if (issue.code !== 'invalid_union') return issue.path;
  const branches = issue.errors.map((branch) => furthest(branch));
  return [...issue.path, ...branches.reduce((best, path) => (path.length > best.length ? path : best), [])];
}
