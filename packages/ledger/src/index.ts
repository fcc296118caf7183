// @paidonce/ledger: the payment ledger. Stores are subpaths: `/sqlite`, `/memory`.

export type { Alert, AlertKind } from './alerts.ts';
export type { CheckpointSettings, SignedCheckpoint } from './audit/checkpoint/checkpoint-settings.ts';
export type { BulkRuns, Run, RunKind, RunSelection, RunStatus } from './bulk-runs.ts';
export type {
  AccountHealth,
  Action,
  ActionTaken,
  ConsoleReads,
  HeldPayment,
  Hit,
  HitKind,
  Latency,
  OrderSummary,
  Queue,
  ReviewAmounts,
  Statistics,
  StatisticsSpan,
  SuspendedOrder,
  Totals,
  UndeliveredDetails,
  UnreadableEntry,
} from './console-reads.ts';
export type { SubscriptionCount, SubscriptionReads, SubscriptionSummary } from './console-subscriptions.ts';
export { LedgerError, type LedgerErrorCode } from './errors.ts';
export type {
  AppendResult,
  DeletedStream,
  EventMetadata,
  EventStore,
  LogPage,
  NewEvent,
  Position,
  ReadLogOptions,
  StoredEvent,
  StreamAppend,
  UnreadableStream,
} from './event-store/event-store.ts';
export { idInText } from './id-in-text.ts';
export { createPaymentLedger } from './ledger.ts';
export type { Logger } from './logger.ts';
export type { DuplicateOrder, MemberAccess, MemberPlan, Membership } from './member-access.ts';
export {
  type AmountParts,
  type DisputeStatus,
  type Fact,
  isPaid,
  type ManualAction,
  type Observation,
  type PaidAmount,
  type PaymentReference,
  type RefundStatus,
  type Source,
  type Statement,
} from './observation.ts';
export { readOrderEvent } from './order/event-schemas.ts';
export type { DeliveryError, OrderEvent, OrderEventType, Resolution, ReviewKind } from './order/events.ts';
export type { MembershipStatus } from './order/order.ts';
export type { Policy, PolicyOptions } from './order/policy.ts';
export type { DifferingTerm, OrderTerm, PlacedOtherwise } from './order/terms.ts';
export type { OrderPaymentState, OrderView, Preview, Review, UndeliveredDecision } from './order/view.ts';
export type { Page, PageRequest } from './page.ts';
export type {
  Backlog,
  MembershipChange,
  ObserveResult,
  PaymentLedger,
  PaymentLedgerOptions,
  PlaceOrder,
  Shadow,
} from './payment-ledger.ts';
export { type Runtime, systemRuntime } from './runtime.ts';
export type { BelongsTo, MoveOutcome, RedeliverOutcome, Seen, SeenBoth, StaleAction } from './seen.ts';
export type { SubscriptionChange } from './subscription/change.ts';
export { readSubscriptionEvent } from './subscription/event-schemas.ts';
export type {
  AccessCause,
  SubscriptionEvent,
  SubscriptionEventType,
  SubscriptionOutcome,
  SubscriptionReviewKind,
} from './subscription/events.ts';
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
export type { SubscriptionPolicy, SubscriptionPolicyOptions } from './subscription/policy.ts';
export type { SubscriptionPeriod, SubscriptionReview, SubscriptionView, UndeliveredSubscription } from './subscription/view.ts';
export type {
  ImportSubscriptionResult,
  ObserveSubscriptionResult,
  PlaceSubscription,
  StaleSubscription,
  SubscriptionLedger,
  SubscriptionPlacedOtherwise,
  SubscriptionSettings,
} from './subscription-ledger.ts';
export type { UndeliveredGroup } from './undelivered-group.ts';
