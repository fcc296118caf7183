// Why a person must look at a subscription (S12), as far as its facts tell: whatever was paid and gave nothing, and what does not fit.
import type { SubscriptionAccess } from './access.ts';
import { stands } from './cover.ts';
import type { SubscriptionReviewKind } from './events.ts';
import { isEndStatus } from './facts.ts';
import { type JudgedInvoice, partsOf } from './invoices.ts';
import type { CoverLine } from './observation.ts';
import type { SubscriptionPolicy } from './policy.ts';
import type { SubscriptionState } from './subscription.ts';

/** A question, and the invoice that it is about. */
export interface Question {
  readonly kind: SubscriptionReviewKind;
  readonly invoice?: string;
}

export function questionsOf(
  state: SubscriptionState,
  invoices: readonly JudgedInvoice[],
  access: SubscriptionAccess,
  policy: SubscriptionPolicy,
): readonly Question[] {
  const hasNone = hasNoPlanItem(state, invoices, policy);
  const isBesidePlan = (line: CoverLine): boolean => !hasNone && line.from < (access.paidThrough ?? '');
  const questions: Question[] = invoices.flatMap((invoice) => {
    const kinds = questionsAbout(invoice, state, access);
    if (isUnknownPrice(invoice, isBesidePlan)) kinds.push('unknown_price');
    return kinds.map((kind) => ({ kind, invoice: invoice.id }));
  });
  return hasTwoPlans(state, invoices, policy) ? [...questions, { kind: 'two_plans' }] : questions;
}

function questionsAbout(invoice: JudgedInvoice, state: SubscriptionState, access: SubscriptionAccess): SubscriptionReviewKind[] {
  const kinds: SubscriptionReviewKind[] = [...invoice.misfits];
  if (invoice.creditsUnpaid) kinds.push('credit_of_unpaid');
  if (isPaidAfterEnd(invoice, state)) kinds.push('paid_after_end');
  else if (isPaidForThePast(invoice, state, access)) kinds.push('paid_for_the_past');
  if (isOldDispute(invoice, state)) kinds.push('dispute_past_period');
  return kinds;
}

/**
 * True if it was paid for time at a price that no plan names: whoever paid it may be out. An add-on beside a plan is none, as
 * long as the plan is paid for when it begins, and is still an item of the subscription.
 */
function isUnknownPrice({ fact, ruling, lines }: JudgedInvoice, isBesidePlan: (line: CoverLine) => boolean): boolean {
  if (ruling !== undefined || lines.some(({ line }) => line.role === 'base')) return false;
  const known = new Set(lines.map(({ line }) => line));
  return fact.lines.some(
    (line) => line.role !== 'credit' && !known.has(line) && (line.role === 'base' || line.netMinor > 0) && !isBesidePlan(line),
  );
}

/** True if the items of the subscription, as far as they are known, have none of a plan. */
function hasNoPlanItem({ facts }: SubscriptionState, invoices: readonly JudgedInvoice[], { plans }: SubscriptionPolicy): boolean {
  const items = facts.lifecycle?.fact.items ?? [];
  const prices = new Set([...Object.values(plans).flat(), ...invoices.flatMap(({ lines }) => lines.map(({ line }) => line.price))]);
  return items.length > 0 && !items.some(({ price }) => prices.has(price));
}

/** True if somebody paid after the subscription had ended at the provider, and is out. */
function isPaidAfterEnd({ kind, standing, paidAt }: JudgedInvoice, { facts }: SubscriptionState): boolean {
  const { status, endedAt } = facts.lifecycle?.fact ?? {};
  return kind === 'money' && standing !== 'undone' && isEndStatus(status) && endedAt !== undefined && paidAt > endedAt;
}

/** True if it was paid when its time was over, and access does not rest on it. */
function isPaidForThePast(invoice: JudgedInvoice, { usedInvoices }: SubscriptionState, access: SubscriptionAccess): boolean {
  if (invoice.kind !== 'money' || !stands(invoice) || usedInvoices.includes(invoice.id)) return false;
  const restsOnIt = access.access !== 'over' && access.invoice?.id === invoice.id;
  return !restsOnIt && invoice.lines.every(({ line }) => line.to <= invoice.paidAt);
}

/** A dispute of time that is over. */
function isOldDispute({ id, kind, lines }: JudgedInvoice, { facts }: SubscriptionState): boolean {
  const { seen = '' } = facts;
  const isDisputed = (): boolean =>
    partsOf(id, facts).some(({ payment }) => payment.disputes.some(({ status }) => status === 'open' || status === 'lost'));
  return kind === 'money' && lines.every(({ line }) => line.to <= seen) && isDisputed();
}

/** True if the items of the subscription, or the periods of one invoice, are of two plans. */
function hasTwoPlans({ facts }: SubscriptionState, invoices: readonly JudgedInvoice[], policy: SubscriptionPolicy): boolean {
  const items = facts.lifecycle?.fact.items;
  const ofItems = Object.values(policy.plans).filter((prices) => items?.some(({ price }) => prices.includes(price)));
  const isOfTwo = ({ lines }: JudgedInvoice): boolean => new Set(lines.filter(({ isBase }) => isBase).map(({ plan }) => plan)).size > 1;
  return ofItems.length > 1 || invoices.some((invoice) => stands(invoice) && isOfTwo(invoice));
}
