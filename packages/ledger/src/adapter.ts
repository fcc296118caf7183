/**
 * `@paidonce/ledger/adapter`: what the other packages of PaidOnce share with the ledger, and an adapter for another
 * payment provider may use. A shop needs none of it. What an adapter calls is `ledger.forAdapters`.
 *
 * @internal It may change in any release.
 */
export type {
  AccountOrders,
  AccountUnsettledOrder,
  DayOfReads,
  ObservationPreview,
  SweepPosition,
  SweepProgress,
  SweepSummary,
  UnreadableObject,
} from './adapter-ledger.ts';
export type {
  AccountSubscriptions,
  AdapterSubscriptions,
  DueSubscription,
  KnownSubscription,
  OpenInvoices,
  SubscriptionDryRun,
  UnsettledSubscription,
} from './adapter-subscriptions.ts';
export { type CsvRecord, csvRecords } from './audit/csv-rows.ts';
export { decimalsOf, decimalText, minorOf } from './audit/minor-units.ts';
export { defined } from './defined.ts';
export { isStreamDeleted } from './event-store/deleted-stream.ts';
export { allowSchema } from './input.ts';
export { silentLogger } from './logger.ts';
export {
  currencySchema,
  givenActionSchema,
  idSchema,
  isId,
  isPaid,
  knownCurrencySchema,
  minorSchema,
  referenceName,
  referenceNamesOf,
} from './observation.ts';
export { type AttemptStatus, attemptOf, isFinalAttempt } from './order/attempt.ts';
export { termsInWords } from './order/terms.ts';
export { printable } from './plain-text.ts';
export type { LookOutcome, ObservationOutcome, ProcessCounts } from './process-counts.ts';
export { bucketSeconds } from './read-models/hour-counts.ts';
export { hasReadModels } from './read-models/read-model-file.ts';
export { OpenCalls, settledWithin } from './runtime.ts';
export type { RecheckResult } from './seen.ts';
export type { GiveSlotBackResult, TakeSlotResult } from './streams/slot-streams.ts';
export { catalogIdSchema } from './subscription/catalog-id.ts';
export { subscriptionFactContent } from './subscription/fact-text.ts';
export { planOf } from './subscription/invoices.ts';
export type {
  Allocation,
  CoverLine,
  CreditNote,
  InvoiceReason,
  Lifecycle,
  LifecycleStatus,
  MoneyBack,
  PaidInvoice,
  SubscriptionFact,
  SubscriptionObservation,
  SubscriptionReference,
  SubscriptionStatement,
  UnpaidInvoice,
} from './subscription/observation.ts';
export type { SubscriptionPolicy } from './subscription/policy.ts';
export { type Note, type SpanAttributes, type SpanName, traced } from './tracing.ts';
export { WarningLimit } from './warning-limit.ts';
