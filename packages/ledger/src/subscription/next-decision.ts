// The one decision that follows where a subscription entitles to something else than what was last decided. In an append it is a
// change of access, else `extended`, else `plan_changed`, else `adjusted`; each says the whole state.
import { LedgerError } from '../errors.ts';
import type { Source } from '../observation.ts';
import type { MembershipStatus } from '../order/order.ts';
import type { AccessLevel, SubscriptionAccess } from './access.ts';
import type { SubscriptionDecided, SubscriptionDecision } from './events.ts';
import { paymentOf } from './invoices.ts';
import type { SubscriptionState } from './subscription.ts';

type StatusDecision = 'SubscriptionGranted' | 'SubscriptionSuspended' | 'SubscriptionRestored' | 'over';

/** S4 on one screen: only `none` leads to a grant, and nothing leads back to `none`. `over`: ended, or revoked. */
// biome-ignore format: a table
const next: Readonly<Record<MembershipStatus, Readonly<Record<AccessLevel, StatusDecision | null>>>> = {
  none:      { full: 'SubscriptionGranted',  suspended: null,                    over: null },
  active:    { full: null,                   suspended: 'SubscriptionSuspended', over: 'over' },
  suspended: { full: 'SubscriptionRestored', suspended: null,                    over: 'over' },
  revoked:   { full: 'SubscriptionRestored', suspended: 'SubscriptionSuspended', over: null },
};

/** @param source who told what it follows from. */
export function nextDecision(state: SubscriptionState, access: SubscriptionAccess, source: Source): SubscriptionDecision | undefined {
  const type = next[state.membership][access.access];
  if (type !== null) return decisionOf(type, state, access, source);
  const { decided } = state;
  if (decided === undefined || access.access === 'over') return undefined;
  const data = dataOf(state, access, source);
  const { invoice } = data;
  if (isLater(data.paidThrough, decided.paidThrough) && invoice !== undefined && !state.usedInvoices.includes(invoice)) {
    return { type: 'SubscriptionExtended', data };
  }
  if (data.plan !== decided.plan || data.quantity !== decided.quantity) {
    const cause = data.cause === 'person' ? 'person' : 'plan';
    const about = access.planInvoice === undefined ? {} : invoiceWithPayment(access.planInvoice, state);
    return { type: 'SubscriptionChanged', data: { ...data, ...about, cause, change: 'plan_changed' } };
  }
  if (data.validUntil === decided.validUntil && data.paidThrough === decided.paidThrough) return undefined;
  return { type: 'SubscriptionChanged', data: { ...data, change: 'adjusted' } };
}

/** States the access of now to a shop that may have any other one. */
export function restatement(state: SubscriptionState, access: SubscriptionAccess, source: Source): SubscriptionDecision {
  const types: Readonly<Record<AccessLevel, StatusDecision>> = {
    full: 'SubscriptionRestored',
    suspended: 'SubscriptionSuspended',
    over: 'over',
  };
  return decisionOf(types[access.access], state, access, source);
}

function decisionOf(type: StatusDecision, state: SubscriptionState, access: SubscriptionAccess, source: Source): SubscriptionDecision {
  const data = dataOf(state, access, source);
  if (type !== 'over') return { type, data };
  return { type: access.isTakenBack ? 'SubscriptionRevoked' : 'SubscriptionEnded', data };
}

function isLater(a: string | undefined, b: string | undefined): boolean {
  return a !== undefined && (b === undefined || a > b);
}

function dataOf(state: SubscriptionState, access: SubscriptionAccess, source: Source): SubscriptionDecided {
  const { placed, decided, facts } = state;
  if (placed === undefined) throw new LedgerError('corrupt', `subscription ${state.subscriptionId} is decided, but not placed`);
  const { invoice, paidThrough, cause, trial } = access;
  // What ended by running out or at the provider is about no invoice.
  const isAboutInvoice = invoice !== undefined && (access.access !== 'over' || access.isTakenBack);
  return {
    membershipId: placed.subscriptionId,
    memberId: placed.memberId,
    plan: access.plan ?? decided?.plan ?? placed.plan,
    quantity: access.quantity ?? decided?.quantity ?? 1,
    sequence: state.sequence + 1,
    ...(paidThrough === undefined ? {} : { paidThrough }),
    validUntil: access.validUntil ?? decided?.validUntil ?? facts.seen ?? placed.placedAt,
    cause,
    trial,
    paidAt: invoice?.since ?? decided?.paidAt ?? placed.placedAt,
    ...(isAboutInvoice ? invoiceWithPayment(invoice.id, state) : {}),
    source,
  };
}

function invoiceWithPayment(invoice: string, { facts, reference }: SubscriptionState): Pick<SubscriptionDecided, 'invoice' | 'payment'> {
  const payment = paymentOf(invoice, facts);
  return { invoice, ...(payment !== undefined && reference ? { payment: { ...reference, id: payment } } : {}) };
}
