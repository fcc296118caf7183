// What a source reports: one statement about one object of the payment provider. Every source reports it in the same
// shape, so that nothing behind this file depends on which source it was.
import * as z from 'zod';
import { isPlainText } from './plain-text.ts';

/** `webhook`: the provider called. `poll`: a sweep found it. `status_query`: a customer's page asked. `manual`: a person acted. */
export type Source = 'webhook' | 'poll' | 'status_query' | 'manual';

/** Names one payment at one provider, in one account and mode. */
export interface PaymentReference {
  /** `stripe`, or `manual` for money without a provider object. */
  readonly provider: string;
  /** Id of the provider's account that received the payment. */
  readonly account: string;
  /** True: live mode. False: test mode. */
  readonly livemode: boolean;
  /** The payment intent, or the session where Stripe makes none. For money without a provider object, the caller's `manual:{uuid}`. */
  readonly id: string;
}

/** The parts of a total, each 0 or more, in Stripe's minor unit: subtotal − discount + tax + shipping. */
export interface AmountParts {
  readonly subtotalMinor: number;
  readonly discountMinor: number;
  readonly taxMinor: number;
  readonly shippingMinor: number;
}

/** An amount that was received, with its currency and, where they are known, its parts. */
export interface PaidAmount {
  /** What was received, in Stripe's minor unit, a safe integer. */
  readonly totalMinor: number;
  /** ISO 4217, lower case. */
  readonly currency: string;
  /** Absent: unknown. Only a Checkout session has parts; a payment intent has a total and nothing else. */
  readonly parts?: AmountParts;
}

/**
 * The states of an attempt that is not paid. `attempt_failed`: the customer may try again on the same object. `awaiting_customer`:
 * the customer must act. `authorized`: the money waits for its capture. `failed`, `canceled`, `expired`: nothing more comes of it.
 */
export type AttemptStatus = 'processing' | 'awaiting_customer' | 'authorized' | 'attempt_failed' | 'canceled' | 'expired' | 'failed';
/** The states of a refund. Only `succeeded` moved money back. */
export type RefundStatus = 'pending' | 'requires_action' | 'succeeded' | 'canceled' | 'failed';
/** The states of a dispute. Only `open` and `lost` affect access. */
export type DisputeStatus = 'inquiry' | 'open' | 'prevented' | 'lost' | 'won';

/**
 * What is reported about one object, without who reported it or when: two facts are the same if all fields are equal. `id` is
 * the provider's id of the refund or dispute; `amountMinor` its amount in Stripe's minor unit.
 */
export type Fact =
  | { readonly kind: 'attempt'; readonly status: AttemptStatus }
  | { readonly kind: 'attempt'; readonly status: 'paid'; readonly amount: PaidAmount }
  | { readonly kind: 'refund'; readonly id: string; readonly status: RefundStatus; readonly amountMinor: number }
  | {
      readonly kind: 'dispute';
      readonly id: string;
      readonly status: DisputeStatus;
      readonly amountMinor: number;
      /** True: a bank debit that failed after it had succeeded (ACH, SEPA). The policy field `returnedDebit` applies. */
      readonly returnedDebit: boolean;
      /** Number of balance transactions so far: the state with more of them is the newer one. */
      readonly movements: number;
    };

/** A fact about a payment, with its time and its evidence. */
export interface Statement {
  readonly payment: PaymentReference;
  /** Other names of the same payment, e.g. the session of a payment intent. At most 8. Default: none. */
  readonly aliases?: readonly string[];
  /** The order that our own metadata on the object names. Only a claim: the reference stream decides. Absent: it names none. */
  readonly orderId?: string;
  readonly fact: Fact;
  /** Provider's clock: when the statement was true (event.created, or the Date header of a read). ISO 8601 UTC. */
  readonly asOf: string;
  /** Provider's clock: when the money moved, if the object has that time (a read may come much later). ISO 8601 UTC. Default: `asOf`. */
  readonly occurredAt?: string;
  /** The provider's object, and where known the event and the API version, from which the fact was read. */
  readonly evidence: { readonly objectId: string; readonly eventId?: string; readonly apiVersion?: string };
}

/** Who acted, and why. Both are kept in the log for ever: an id, not a name or an address. */
export interface ManualAction {
  readonly actor: string;
  /** 1 to 500 characters, one line of plain text. */
  readonly reason: string;
}

/** A statement with its source. A manual one also has who acted, and why. */
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
/** ISO 8601 with any offset, normalised to UTC with milliseconds: equal times are equal texts, and later times greater ones. */
export const timeSchema: z.ZodType<string> = z.iso
  .datetime({ offset: true })
  // Normalised text, such as all in the log is, stays as it is: to make a date of it costs more than all other checks.
  .transform((text) => (text.length === 24 && text.endsWith('Z') ? text : new Date(text).toISOString()))
  // An offset may lead out of the four-digit years. Such a text would not sort, and could not be read again.
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
/** The currencies that callers may pass. The log is read with `currencySchema`, since the list of currencies changes over the years. */
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
/** What a log holds: earlier releases took any text as the reason. */
export const manualActionSchema: z.ZodType<ManualAction> = z.strictObject({
  actor: idSchema,
  reason: z.string().min(1).max(500),
});
/** What a person may pass. */
export const givenActionSchema: z.ZodType<ManualAction> = manualActionSchema.refine(({ reason }) => isPlainText(reason), {
  path: ['reason'],
  error: 'must be one line of plain text, without control characters and marks of direction',
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

/** What `observePayment` accepts. */
export const observationSchema: z.ZodType<Observation> = z.discriminatedUnion('source', [
  z.strictObject({ ...statementShape, source: z.enum(['webhook', 'poll', 'status_query']) }),
  z.strictObject({ ...statementShape, source: z.literal('manual'), by: givenActionSchema }),
]);

/** The name of a fact, the same for every source. It contains no amount, time, event id or charge id. */
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

/** Key of a payment: `provider/account/mode/id`. The same id in another account or mode is another payment. */
export function paymentKey({ provider, account, livemode, id }: PaymentReference): string {
  return `${provider}/${account}/${livemode ? 'live' : 'test'}/${id}`;
}

/**
 * The name under which a payment has its owner, in the stream `reference-{name}`. Stripe's ids are unique, and so are the
 * random `manual:` ids of money by hand: these stand alone, in any account and mode. Every other provider may use the same id
 * as another provider or account: `provider/account/id`. No id contains a `/`.
 */
export function referenceName({ provider, account, id }: Pick<PaymentReference, 'provider' | 'account' | 'id'>): string {
  const isUnique = provider === (id.startsWith('manual:') ? 'manual' : 'stripe');
  return isUnique ? id : `${provider}/${account}/${id}`;
}

/** The reference names of a payment: its own first, then those of its aliases, each once. An alias is the same provider's. */
export function referenceNamesOf({ payment, aliases = [] }: Pick<Statement, 'payment' | 'aliases'>): readonly string[] {
  return [...new Set([payment.id, ...aliases])].map((id) => referenceName({ ...payment, id }));
}

/** True if `key` is a payment key, or the `factContentKey` of a fact, whose payment has this reference name. */
export function isKeyOf(key: string, name: string): boolean {
  const [provider = '', account = '', , id = ''] = key.split(' ', 1)[0]?.split('/') ?? [];
  return referenceName({ provider, account, id }) === name;
}

/** The content of a fact as text. Equal content gives equal texts, whatever the order of the caller's keys. */
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

/** The amount as text. Equal amounts give equal texts. */
export function amountText({ totalMinor, currency, parts }: PaidAmount): string {
  const total = `${totalMinor} ${currency}`;
  return parts ? `${total} ${parts.subtotalMinor} ${parts.discountMinor} ${parts.taxMinor} ${parts.shippingMinor}` : total;
}

/** Whether the fact is an attempt that was paid: not yet whether it counts. */
export function isPaid(fact: Fact): fact is Extract<Fact, { status: 'paid' }> {
  return fact.kind === 'attempt' && fact.status === 'paid';
}
