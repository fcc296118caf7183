// Disputes: the customer's bank takes the money back, or only asks. The status decides, and of `prevented` the case type.
// Each movement of money is a balance transaction of the dispute.
import type Stripe from 'stripe';
import { listPage, within } from '../api/lists.ts';
import { type Call, found, type Route } from '../api/route.ts';
import { invalidRequest } from '../api/stripe-error.ts';
import type { Fate } from '../fate.ts';
import type { Model } from '../model.ts';
import type { PaymentOption } from '../test-cards.ts';
import { releaseReordered } from '../webhooks/enqueue.ts';
import { announcementFor } from './announcement.ts';
import { recordMovement } from './balance-transactions.ts';
import { NO_EVIDENCE } from './dispute-evidence.ts';
import { emit } from './events.ts';
import { namedIn } from './look-up.ts';
import { endRefund } from './refund-status.ts';

const DISPUTE_FEE_MINOR = 1_500;
const RESPOND_WITHIN_SECONDS = 9 * 24 * 3_600;

export const DISPUTE_STATUSES = [
  'warning_needs_response',
  'warning_under_review',
  'warning_closed',
  'needs_response',
  'under_review',
  'appeal_needs_response',
  'appeal_under_review',
  'won',
  'lost',
  'prevented',
] as const;
/** Stripe's status of a dispute. */
export type DisputeStatus = (typeof DISPUTE_STATUSES)[number];

export const DISPUTE_CASE_TYPES = ['chargeback', 'inquiry', 'block', 'resolution', 'compliance'] as const;
/** Stripe's type of a card's case. */
export type DisputeCaseType = (typeof DISPUTE_CASE_TYPES)[number];

/** How a dispute is opened. */
export interface DisputeTerms {
  /** Default `needs_response`. It can be `lost` at once, or only an inquiry (`warning_…`). */
  readonly status?: DisputeStatus;
  /** In the currency's minor unit. Default: the charge's amount. */
  readonly amountMinor?: number;
  /** The amount's currency. Default: the charge's. */
  readonly currency?: string;
  readonly reason?: string;
  /**
   * The case of a card that is `prevented`: `resolution`, it was accepted and the cardholder has the money; `block`, no money
   * moved. Default: `resolution` where the bank has the money already, else `block`.
   */
  readonly caseType?: DisputeCaseType;
  /** What happens to the dispute's webhooks. Default `delivered`. */
  readonly fate?: Fate;
}

/** In these statuses the bank has the money. */
const MONEY_IS_GONE: ReadonlySet<string> = new Set([
  'needs_response',
  'under_review',
  'appeal_needs_response',
  'appeal_under_review',
  'lost',
]);
const CLOSED: ReadonlySet<string> = new Set(['won', 'lost', 'warning_closed', 'prevented']);

/** Call it within a transaction. */
export function openDispute(model: Model, chargeId: string, terms: DisputeTerms = {}): Stripe.Dispute {
  const { state } = model;
  const charge = found(state.charges.get(chargeId), 'charge', chargeId);
  const status = terms.status ?? 'needs_response';
  const opened = state.disputes.put(buildDispute(model, charge, status, terms));
  state.charges.put({ ...charge, disputed: true });
  const about = announcementFor(opened.id, terms.fate);
  const dispute = moveMoney(model, opened, undefined);
  emit(model, 'charge.dispute.created', dispute, about);
  if (dispute.balance_transactions.length > 0) emit(model, 'charge.dispute.funds_withdrawn', dispute, about);
  if (CLOSED.has(status)) emit(model, 'charge.dispute.closed', dispute, about);
  releaseReordered(model, about); // A dispute may stay open for ever, so each change releases its own webhooks.
  return dispute;
}

/** Opens a dispute once the payment has succeeded, for the test cards and accounts that have one. */
export function disputeByItself(model: Model, intent: Stripe.PaymentIntent, { dispute }: PaymentOption): void {
  if (dispute && intent.status === 'succeeded' && intent.latest_charge !== null) openDispute(model, String(intent.latest_charge), dispute);
}

/** How a dispute's status changes. */
export type DisputeChange = Pick<DisputeTerms, 'fate' | 'caseType'>;

/** Changes the status, also of a closed dispute: a lost one can be won in an appeal. Call it within a transaction. */
export function updateDispute(model: Model, id: string, status: DisputeStatus, { fate, caseType }: DisputeChange = {}): Stripe.Dispute {
  const before = found(model.state.disputes.get(id), 'dispute', id);
  if (before.status === status) return before;
  const about = announcementFor(id, fate);
  const card = before.payment_method_details?.card;
  const dispute = moveMoney(
    model,
    { ...before, status, ...(card ? methodDetails({ ...card, case_type: caseTypeOf(status, caseType, before) }) : {}) },
    before,
  );
  emit(model, 'charge.dispute.updated', dispute, about, { status: before.status });
  if (dispute.balance_transactions.length > before.balance_transactions.length) {
    emit(model, isMoneyGone(dispute) ? 'charge.dispute.funds_withdrawn' : 'charge.dispute.funds_reinstated', dispute, about);
  }
  if (CLOSED.has(status)) emit(model, 'charge.dispute.closed', dispute, about);
  releaseReordered(model, about); // A dispute may stay open for ever, so each change releases its own webhooks.
  return dispute;
}

function isMoneyGone(dispute: Stripe.Dispute): boolean {
  if (dispute.status === 'prevented') return dispute.payment_method_details?.card?.case_type === 'resolution';
  return MONEY_IS_GONE.has(dispute.status);
}

/** @throws StripeApiError 400 if the bank has the money: then nothing was blocked. */
function caseTypeOf(status: DisputeStatus, asked: DisputeCaseType | undefined, before?: Stripe.Dispute): DisputeCaseType {
  if (status !== 'prevented') return asked ?? (status.startsWith('warning') ? 'inquiry' : 'chargeback');
  const wasGone = before !== undefined && isMoneyGone(before);
  const caseType = asked ?? (wasGone ? 'resolution' : 'block');
  if (wasGone && caseType !== 'resolution') {
    throw invalidRequest('The money of this dispute is gone: only a resolution can end it as prevented.', { param: 'case_type' });
  }
  return caseType;
}

/** Withdraws or returns the money, if the change means that. */
function moveMoney(model: Model, dispute: Stripe.Dispute, before: Stripe.Dispute | undefined): Stripe.Dispute {
  const wasGone = before !== undefined && isMoneyGone(before);
  const isGone = isMoneyGone(dispute);
  if (isGone && dispute.status === 'prevented') failRefunds(model, String(dispute.charge));
  if (wasGone === isGone) return model.state.disputes.put(dispute);
  const movement = recordMovement(model, {
    amountMinor: isGone ? -dispute.amount : dispute.amount,
    currency: dispute.currency,
    feeMinor: isGone ? DISPUTE_FEE_MINOR : 0,
    source: dispute.id,
    type: 'adjustment',
    reportingCategory: isGone ? 'dispute' : 'dispute_reversal',
    description: isGone ? `Chargeback withdrawal for ${String(dispute.charge)}` : `Chargeback reversal for ${String(dispute.charge)}`,
  });
  return model.state.disputes.put({ ...dispute, balance_transactions: [...dispute.balance_transactions, movement] });
}

/** After a resolution the cardholder has the money, so Stripe takes back what the shop has refunded. */
function failRefunds(model: Model, chargeId: string): void {
  for (const { id, status, balance_transaction: row } of model.state.refunds.withKey(chargeId)) {
    const isReturnable = status === 'succeeded' || status === 'pending';
    if (isReturnable && row !== null) endRefund(model, id, 'failed', 'charge_for_pending_refund_disputed');
  }
}

function methodDetails(card: Stripe.Dispute.PaymentMethodDetails.Card): Pick<Stripe.Dispute, 'payment_method_details'> {
  return { payment_method_details: { type: 'card', card } };
}

function buildDispute(model: Model, charge: Stripe.Charge, status: DisputeStatus, terms: DisputeTerms): Stripe.Dispute {
  const now = model.clock.nowSeconds();
  const isCard = charge.payment_method_details?.type === 'card';
  if (status === 'prevented' && !isCard) throw invalidRequest('Only a card dispute can be prevented.', { param: 'status' });
  const card = { brand: 'visa', network: 'visa', network_reason_code: '10.4', case_type: caseTypeOf(status, terms.caseType) };
  return {
    id: model.newId('du_'),
    object: 'dispute',
    amount: terms.amountMinor ?? charge.amount_captured,
    balance_transactions: [],
    charge: charge.id,
    created: now,
    currency: terms.currency ?? charge.currency,
    enhanced_eligibility_types: [],
    evidence: NO_EVIDENCE,
    evidence_details: {
      due_by: now + RESPOND_WITHIN_SECONDS,
      enhanced_eligibility: {},
      has_evidence: false,
      past_due: false,
      submission_count: 0,
      submission_method: 'not_submitted',
    },
    intended_submission_method: null,
    is_charge_refundable: status.startsWith('warning'),
    livemode: false,
    metadata: {},
    payment_intent: charge.payment_intent,
    ...(isCard ? methodDetails(card) : {}),
    reason: terms.reason ?? 'fraudulent',
    status,
  };
}

function list({ model, parameters }: Call): object {
  const created = parameters.range('created');
  const intent = namedIn(model, parameters, 'payment_intent');
  const charge = namedIn(model, parameters, 'charge');
  return listPage(model.state.disputes, parameters, '/v1/disputes', (dispute) => {
    return (
      within(created, dispute.created) &&
      (intent ?? dispute.payment_intent) === dispute.payment_intent &&
      (charge ?? dispute.charge) === dispute.charge
    );
  });
}

/** The shop accepts the dispute. */
function close({ model, id }: Call): object {
  const dispute = found(model.state.disputes.get(id), 'dispute', id);
  if (CLOSED.has(dispute.status)) throw invalidRequest(`Dispute ${id} is already closed: ${dispute.status}.`);
  return updateDispute(model, id, 'lost');
}

/** The shop answers. Stripe's test values for the evidence decide: `winning_evidence`, `losing_evidence`. */
function respond({ model, parameters, id }: Call): object {
  const dispute = found(model.state.disputes.get(id), 'dispute', id);
  const evidence = parameters.hash('evidence');
  const text = evidence?.string('uncategorized_text');
  evidence?.ignoredRest();
  const submitted = evidence !== undefined && (parameters.boolean('submit') ?? true);
  parameters.ignored('submit');
  const metadata = parameters.changedMetadata(dispute.metadata);
  const changed = model.state.disputes.put({ ...dispute, metadata });
  if (!submitted || CLOSED.has(dispute.status)) {
    emit(model, 'charge.dispute.updated', changed, announcementFor(id, undefined), { metadata: dispute.metadata });
    return changed;
  }
  const inquiry = dispute.status.startsWith('warning');
  if (text === 'winning_evidence') return updateDispute(model, id, inquiry ? 'warning_closed' : 'won');
  if (text === 'losing_evidence') return updateDispute(model, id, 'lost');
  return updateDispute(model, id, inquiry ? 'warning_under_review' : 'under_review');
}

export const disputeRoutes: readonly Route[] = [
  { method: 'GET', path: '/v1/disputes', handle: list },
  { method: 'GET', path: '/v1/disputes/:dispute', handle: ({ model, id }) => found(model.state.disputes.get(id), 'dispute', id) },
  { method: 'POST', path: '/v1/disputes/:dispute', handle: respond },
  { method: 'POST', path: '/v1/disputes/:dispute/close', handle: close },
];
