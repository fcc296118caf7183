// What a source says: one statement about one object of the payment provider. Every source, whichever it
// is, says the same thing, so that nothing behind this file knows who spoke.
import * as z from 'zod';

export type Source = 'webhook' | 'poll' | 'status_query' | 'manual';

export interface PaymentReference {
  /** `stripe`, or `manual` for money without a provider object. */
  readonly provider: string;
  readonly account: string;
  readonly livemode: boolean;
  /** The payment intent; the checkout session where Stripe makes none; `manual:{uuid}` from the caller for money without a provider object. */
  readonly id: string;
}

export interface AmountParts {
  readonly subtotalMinor: number;
  readonly discountMinor: number;
  readonly taxMinor: number;
  readonly shippingMinor: number;
}

export interface PaidAmount {
  /** What was received, in Stripe's minor unit, a safe integer. */
  readonly totalMinor: number;
  /** ISO 4217, lower case. */
  readonly currency: string;
  /** Only a Checkout session knows them; a payment intent has a total and nothing else. */
  readonly parts?: AmountParts;
}

export type AttemptStatus = 'processing' | 'awaiting_customer' | 'authorized' | 'attempt_failed' | 'canceled' | 'expired' | 'failed';
export type RefundStatus = 'pending' | 'requires_action' | 'succeeded' | 'canceled' | 'failed';
export type DisputeStatus = 'inquiry' | 'open' | 'prevented' | 'lost' | 'won';

/** What is said, and nothing of who says it or when: two facts are the same when these are equal. */
export type Fact =
  | { readonly kind: 'attempt'; readonly status: AttemptStatus }
  | { readonly kind: 'attempt'; readonly status: 'paid'; readonly amount: PaidAmount }
  | { readonly kind: 'refund'; readonly id: string; readonly status: RefundStatus; readonly amountMinor: number }
  | {
      readonly kind: 'dispute';
      readonly id: string;
      readonly status: DisputeStatus;
      readonly amountMinor: number;
      /** A debit that failed after it had succeeded (ACH, SEPA): policy `returnedDebit`, not a quarrel. */
      readonly returnedDebit: boolean;
      /** Balance transactions so far: a dispute that moved more often is the newer one. */
      readonly movements: number;
    };

export interface Statement {
  readonly payment: PaymentReference;
  /** Other names of the same payment, e.g. the session of a payment intent. */
  readonly aliases?: readonly string[];
  /** What our own metadata on the object claims; the reference stream decides. */
  readonly orderId?: string;
  readonly fact: Fact;
  /** Provider's clock: when the statement was true (event.created, or the Date header of a read). ISO 8601 UTC. */
  readonly asOf: string;
  /** Provider's clock: when the money moved, where the object tells (a read says so long afterwards). ISO 8601 UTC. Default: `asOf`. */
  readonly occurredAt?: string;
  readonly evidence: { readonly objectId: string; readonly eventId?: string; readonly apiVersion?: string };
}

/** Who acted, and why. Both are kept in the log for ever: an id, not a name or an address. */
export interface ManualAction {
  readonly actor: string;
  /** 1 to 500 characters. */
  readonly reason: string;
}

export type Observation =
  | (Statement & { readonly source: 'webhook' | 'poll' | 'status_query' })
  | (Statement & { readonly source: 'manual'; readonly by: ManualAction });

const idPattern = /^[A-Za-z0-9._:-]{1,128}$/;
export const idSchema: z.ZodType<string> = z.string().regex(idPattern, 'must be 1 to 128 of A-Z a-z 0-9 . _ : -');
export function isId(value: unknown): value is string {
  return typeof value === 'string' && idPattern.test(value);
}
export const minorSchema: z.ZodType<number> = z
  .number()
  .int('must be a whole number of minor units')
  .min(0, 'must not be negative')
  .max(Number.MAX_SAFE_INTEGER);
/** Normalised, so that equal times are equal texts, and later times greater ones. */
export const timeSchema: z.ZodType<string> = z.iso
  .datetime({ offset: true })
  // What is normal already, as all in the log is, is left alone: making a date of it costs more than all other checks.
  .transform((text) => (text.length === 24 && text.endsWith('Z') ? text : new Date(text).toISOString()))
  // An offset may lead out of the four-digit years; such a text would not sort, and would not be read back.
  .refine((text) => text.length === '2026-01-01T00:00:00.000Z'.length, 'must lie in the years 0000 to 9999, in UTC');

export const paymentReferenceSchema: z.ZodType<PaymentReference> = z.strictObject({
  provider: idSchema,
  account: idSchema,
  livemode: z.boolean(),
  id: idSchema,
});

const amountPartsSchema: z.ZodType<AmountParts> = z.strictObject({
  subtotalMinor: minorSchema,
  discountMinor: minorSchema,
  taxMinor: minorSchema,
  shippingMinor: minorSchema,
});

const currencies: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency').map((code) => code.toLowerCase()));
/** What may come in. The log itself is read by form only: a list of currencies changes over the years. */
export const knownCurrencySchema: z.ZodType<string> = z
  .string()
  .refine((code) => currencies.has(code), 'must be an ISO 4217 currency in lower case, like "usd"');
export const currencySchema: z.ZodType<string> = z.string().regex(/^[a-z]{3}$/, 'must be three lower-case letters');

const attemptStatus = z.enum(['processing', 'awaiting_customer', 'authorized', 'attempt_failed', 'canceled', 'expired', 'failed']);

function factSchemaWith(currency: z.ZodType<string>): z.ZodType<Fact> {
  // Discriminated, so that an error names the field and not the whole fact.
  return z.discriminatedUnion('kind', [
    z.discriminatedUnion('status', [
      z.strictObject({ kind: z.literal('attempt'), status: attemptStatus }),
      z.strictObject({
        kind: z.literal('attempt'),
        status: z.literal('paid'),
        amount: z.strictObject({ totalMinor: minorSchema, currency, parts: z.exactOptional(amountPartsSchema) }),
      }),
    ]),
    z.strictObject({
      kind: z.literal('refund'),
      id: idSchema,
      status: z.enum(['pending', 'requires_action', 'succeeded', 'canceled', 'failed']),
      amountMinor: minorSchema,
    }),
    z.strictObject({
      kind: z.literal('dispute'),
      id: idSchema,
      status: z.enum(['inquiry', 'open', 'prevented', 'lost', 'won']),
      amountMinor: minorSchema,
      returnedDebit: z.boolean(),
      movements: z.number().int().min(0),
    }),
  ]);
}

export const sourceSchema: z.ZodType<Source> = z.enum(['webhook', 'poll', 'status_query', 'manual']);
export const factSchema: z.ZodType<Fact> = factSchemaWith(currencySchema);
export const evidenceSchema: z.ZodType<Statement['evidence']> = z.strictObject({
  objectId: idSchema,
  eventId: z.exactOptional(idSchema),
  apiVersion: z.exactOptional(idSchema),
});
export const manualActionSchema: z.ZodType<ManualAction> = z.strictObject({
  actor: idSchema,
  reason: z.string().min(1).max(500),
});

const statementShape = {
  payment: paymentReferenceSchema,
  aliases: z.exactOptional(z.array(idSchema).max(8)),
  orderId: z.exactOptional(idSchema),
  fact: factSchemaWith(knownCurrencySchema),
  asOf: timeSchema,
  occurredAt: z.exactOptional(timeSchema),
  evidence: evidenceSchema,
};

/** What a source may say. */
export const observationSchema: z.ZodType<Observation> = z.discriminatedUnion('source', [
  z.strictObject({ ...statementShape, source: z.enum(['webhook', 'poll', 'status_query']) }),
  z.strictObject({ ...statementShape, source: z.literal('manual'), by: manualActionSchema }),
]);

/** Names a fact whoever tells it. No amount, time, event id or charge id is in it. */
export function factKey(payment: PaymentReference, fact: Fact): string {
  switch (fact.kind) {
    case 'attempt':
      return `${payment.id}:${fact.status}`;
    case 'refund':
      return `${fact.id}:${fact.status}`;
    case 'dispute':
      return `${fact.id}:${fact.status}:${fact.movements}`;
  }
}

/** The same payment id in another account or mode is another payment. */
export function paymentKey({ provider, account, livemode, id }: PaymentReference): string {
  return `${provider}/${account}/${livemode ? 'live' : 'test'}/${id}`;
}

/** Of a payment, or of what was said of it. */
export function isKeyOf(key: string, paymentId: string): boolean {
  return key.split(' ', 1)[0]?.endsWith(`/${paymentId}`) === true;
}

/** Equal texts: equal content. Keys stand in a fixed order, whatever order the caller wrote them in. */
export function factContent(fact: Fact): string {
  switch (fact.kind) {
    case 'attempt':
      return fact.status === 'paid' ? `paid ${amountText(fact.amount)}` : fact.status;
    case 'refund':
      return `refund ${fact.id} ${fact.status} ${fact.amountMinor}`;
    case 'dispute':
      return `dispute ${fact.id} ${fact.status} ${fact.amountMinor} ${fact.returnedDebit ? 'returned' : 'disputed'} ${fact.movements}`;
  }
}

export function amountText({ totalMinor, currency, parts }: PaidAmount): string {
  const total = `${totalMinor} ${currency}`;
  return parts ? `${total} ${parts.subtotalMinor} ${parts.discountMinor} ${parts.taxMinor} ${parts.shippingMinor}` : total;
}

/** Whether the fact is an attempt that was paid: not yet whether it counts. */
export function isPaid(fact: Fact): fact is Extract<Fact, { status: 'paid' }> {
  return fact.kind === 'attempt' && fact.status === 'paid';
}
