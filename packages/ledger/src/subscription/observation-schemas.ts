// What callers may say of a subscription, checked at the door, and the shapes of it that a log holds.
import * as z from 'zod';
import {
  currencySchema,
  evidenceSchema,
  givenActionSchema,
  idSchema,
  knownCurrencySchema,
  minorSchema,
  paymentReferenceSchema,
  timeSchema,
} from '../observation.ts';
import { catalogIdSchema } from './catalog-id.ts';
import type { CoverLine, SubscriptionFact, SubscriptionObservation, SubscriptionStatement, UnpaidInvoice } from './observation.ts';

/** Longer invoices are kept by their id alone. */
const mostLines = 250;
/** One look at a subscription may tell of each of its invoices. */
const mostStatements = 1_000;

/** An amount that may be below 0: of credits that exceed the charges. */
const signedMinorSchema = z.number().int('must be a whole number of minor units').min(Number.MIN_SAFE_INTEGER).max(Number.MAX_SAFE_INTEGER);
const quantitySchema = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

const lineSchema: z.ZodType<CoverLine> = z
  .strictObject({
    id: idSchema,
    price: catalogIdSchema,
    product: catalogIdSchema,
    from: timeSchema,
    to: timeSchema,
    role: z.enum(['base', 'proration', 'credit']),
    quantity: quantitySchema,
    netMinor: signedMinorSchema,
    credits: z.exactOptional(idSchema),
  })
  .refine(({ from, to }) => from < to, { path: ['to'], error: 'must lie after `from`' });

const linesSchema: z.ZodType<readonly CoverLine[]> = z
  .array(lineSchema)
  .max(mostLines, `must be at most ${mostLines} lines; report an invoice with more by its id alone`)
  .refine((lines) => lines.every(({ id }, index) => (lines[index - 1]?.id ?? '') < id), 'must be sorted by id, each once');

const termsSchema: z.ZodType<NonNullable<UnpaidInvoice['terms']>> = z.strictObject({ dueAt: timeSchema, from: timeSchema });

const lifecycleShape = {
  kind: z.literal('lifecycle'),
  status: z.enum(['incomplete', 'incomplete_expired', 'trialing', 'active', 'past_due', 'unpaid', 'paused', 'canceled']),
  collectionPaused: z.exactOptional(z.strictObject({ resumesAt: z.exactOptional(timeSchema) })),
  endedAt: z.exactOptional(timeSchema),
  endsAt: z.exactOptional(timeSchema),
  trialEnd: z.exactOptional(timeSchema),
  customer: idSchema,
  because: z.exactOptional(idSchema),
  items: z.array(z.strictObject({ price: catalogIdSchema, quantity: quantitySchema })).max(mostLines),
};

const refundShape = {
  kind: z.literal('refund'),
  id: idSchema,
  status: z.enum(['pending', 'requires_action', 'succeeded', 'canceled', 'failed']),
  amountMinor: minorSchema,
  payment: paymentReferenceSchema,
};
const disputeShape = {
  kind: z.literal('dispute'),
  id: idSchema,
  status: z.enum(['inquiry', 'open', 'prevented', 'lost', 'won']),
  amountMinor: minorSchema,
  returnedDebit: z.boolean(),
  movements: z.number().int().min(0),
  payment: paymentReferenceSchema,
};

function factSchemaWith(currency: z.ZodType<string>): z.ZodType<SubscriptionFact> {
  const invoice = z.discriminatedUnion('status', [
    z.strictObject({
      kind: z.literal('invoice'),
      id: idSchema,
      status: z.literal('paid'),
      reason: z.enum(['create', 'cycle', 'update', 'threshold', 'other']),
      currency,
      totalMinor: signedMinorSchema,
      discountMinor: minorSchema,
      taxMinor: signedMinorSchema,
      balanceMinor: signedMinorSchema,
      outsideMinor: minorSchema,
      writtenOffMinor: minorSchema,
      lines: linesSchema,
    }),
    z.strictObject({ kind: z.literal('invoice'), id: idSchema, status: z.literal('open'), terms: z.exactOptional(termsSchema) }),
    z.strictObject({ kind: z.literal('invoice'), id: idSchema, status: z.enum(['uncollectible', 'void']) }),
  ]);
  return z.discriminatedUnion('kind', [
    invoice,
    z.strictObject({
      kind: z.literal('allocation'),
      id: idSchema,
      invoice: idSchema,
      payment: idSchema,
      status: z.enum(['canceled', 'paid']),
      amountMinor: minorSchema,
    }),
    z.strictObject({
      kind: z.literal('credit_note'),
      id: idSchema,
      invoice: idSchema,
      status: z.enum(['issued', 'void']),
      amountMinor: minorSchema,
    }),
    z.strictObject(lifecycleShape),
    z.strictObject(refundShape),
    z.strictObject(disputeShape),
  ]);
}

const subscriptionFactSchema: z.ZodType<SubscriptionFact> = factSchemaWith(currencySchema);

interface StatementShape {
  readonly fact: z.ZodType<SubscriptionFact>;
  readonly asOf: z.ZodType<string>;
  readonly occurredAt: z.ZodExactOptional<z.ZodType<string>>;
  readonly doubtful: z.ZodExactOptional<z.ZodLiteral<true>>;
  readonly evidence: z.ZodType<SubscriptionStatement['evidence']>;
}

function statementShape(fact: z.ZodType<SubscriptionFact>): StatementShape {
  return {
    fact,
    asOf: timeSchema,
    occurredAt: z.exactOptional(timeSchema),
    doubtful: z.exactOptional(z.literal(true)),
    evidence: evidenceSchema,
  };
}

/** What a log holds of a statement. */
export const recordedStatementShape: StatementShape = statementShape(subscriptionFactSchema);

const givenStatementSchema: z.ZodType<SubscriptionStatement> = z
  .strictObject(statementShape(factSchemaWith(knownCurrencySchema)))
  // Of a state that goes round its time decides, for ever.
  .refine(({ fact, doubtful }) => doubtful !== true || fact.kind !== 'lifecycle', {
    path: ['doubtful'],
    error: 'must be absent of a lifecycle: ask the provider again',
  });

const observationShape = {
  subscription: paymentReferenceSchema,
  subscriptionId: z.exactOptional(idSchema),
  statements: z.array(givenStatementSchema).min(1).max(mostStatements),
  look: z.exactOptional(timeSchema),
};

/** What `observeSubscription` accepts. A person looks at nothing: `look` is for what was read from the provider. */
export const subscriptionObservationSchema: z.ZodType<SubscriptionObservation> = z.discriminatedUnion('source', [
  z.strictObject({ ...observationShape, source: z.enum(['webhook', 'poll', 'status_query']) }),
  z
    .strictObject({ ...observationShape, source: z.literal('manual'), by: givenActionSchema })
    .refine(({ look }) => look === undefined, { path: ['look'], error: 'must be absent of a manual observation' }),
]);
