// When what happened to an order, which its folded state does not say: the times are those at which the events were recorded.

import type { StoredEvent } from '../event-store/event-store.ts';
import { isPaid, type PaymentReference, paymentKey, type Source } from '../observation.ts';
import type { OrderEvent } from '../order/events.ts';
import type { OrderState } from '../order/order.ts';
import type { OpenAction } from './action-fold.ts';

/** All times are ISO 8601 UTC; null: it has not happened, or the log does not say when. */
export interface OrderProgress {
  readonly newestAt: string | null;
  readonly grantedAt: string | null;
  /** True: the shop has saved nothing since the grant. An imported order was saved before. */
  readonly grantUnsaved: boolean;
  /** True: a poll or a status query led to the grant, and no webhook reported the payment paid up to `webhookGraceMs` later. */
  readonly rescued: boolean;
  /** When the shop had the newest decision. */
  readonly savedAt: string | null;
  /** Since when the newest decision is tried: since it was made, or since a person asked for it again. Null: it is saved, or abandoned. */
  readonly pendingSince: string | null;
  /** Why the last attempt at the newest decision failed, as `errorOf`. Null: none failed. */
  readonly lastError: string | null;
  /** Null: no process tries the newest decision any more. */
  readonly nextTryAt: string | null;
  readonly givesUpAt: string | null;
  /** The action of a person whose outcome later events may still tell. */
  readonly action: OpenAction | null;
  /** The other orders that the metadata of payments named. Key: payment key. */
  readonly claims: Readonly<Record<string, string>> | null;
}

export const noProgress: OrderProgress = {
  newestAt: null,
  grantedAt: null,
  grantUnsaved: false,
  rescued: false,
  savedAt: null,
  pendingSince: null,
  lastError: null,
  nextTryAt: null,
  givesUpAt: null,
  action: null,
  claims: null,
};

/** How long after a grant a webhook may come, for the grant not to count as rescued. */
const webhookGraceMs = 120_000;
/** For how long a decision is tried; `delivery/attempt.ts` abandons it then. */
const triedForMs = 72 * 3_600_000;

/** One event of an order, with the state before and after it. */
export interface FoldedEvent {
  readonly read: OrderEvent;
  readonly event: StoredEvent;
  readonly before: OrderState;
  readonly after: OrderState;
}

/** Folds one event. `action` is folded elsewhere. */
export function progressAfter(progress: OrderProgress, folded: FoldedEvent): OrderProgress {
  const at = folded.event.metadata['recordedAt'] ?? progress.newestAt;
  return { ...progress, newestAt: at, ...changesBy(progress, folded, at) };
}

function changesBy(progress: OrderProgress, { read, event, after }: FoldedEvent, at: string | null): Partial<OrderProgress> {
  switch (read.type) {
    case 'PaymentObserved': {
      const { data } = read;
      const tookBack = progress.rescued && tellsOfGrant(after, read) && isWithinGrace(progress.grantedAt, at);
      const claims =
        data.orderId !== undefined && data.orderId !== after.orderId
          ? { ...progress.claims, [paymentKey(data.payment)]: data.orderId }
          : undefined;
      return { ...(tookBack ? { rescued: false } : {}), ...(claims ? { claims } : {}) };
    }
    case 'MembershipGranted': {
      const imported = isImport(event);
      const rescued = !imported && isRescue(read.data.source) && !isReportedByWebhook(after, read.data.payment);
      return { ...tried(at), savedAt: null, grantedAt: at, grantUnsaved: !imported, rescued };
    }
    case 'MembershipSuspended':
    case 'MembershipRestored':
    case 'MembershipRevoked':
      return { ...tried(at), savedAt: null };
    case 'MembershipDelivered':
      if (after.delivery.settled < after.sequence) return { grantUnsaved: false };
      return { savedAt: at, pendingSince: null, lastError: null, nextTryAt: null, givesUpAt: null, grantUnsaved: false };
    default:
      return { ...deliveryChanges(read, after, at) };
  }
}

function deliveryChanges(read: OrderEvent, { sequence, delivery }: OrderState, at: string | null): Partial<OrderProgress> {
  if (!('sequence' in read.data) || read.data.sequence < sequence) return {}; // It concerns a decision that a newer one has replaced.
  const givesUpAt = later(at, triedForMs - (delivery.spentMs - delivery.waitMs));
  if (read.type === 'DeliveryFailed') return { lastError: errorOf(read.data), nextTryAt: later(at, delivery.waitMs), givesUpAt };
  if (read.type === 'DeliveryAbandoned') return { pendingSince: null, nextTryAt: null, givesUpAt: at };
  if (read.type !== 'DeliveryTakenOver') return {};
  return read.data.by ? { ...tried(at), savedAt: null } : { nextTryAt: at, givesUpAt };
}

function tried(at: string | null): Partial<OrderProgress> {
  return { pendingSince: at, lastError: null, nextTryAt: at, givesUpAt: later(at, triedForMs) };
}

/** The shop fulfilled the order before it had a ledger: the grant is of that time. The cause stands in all events of an append. */
export function isImport({ metadata }: StoredEvent): boolean {
  return metadata['cause']?.startsWith('import ') === true;
}

function isRescue(source: Source): source is 'poll' | 'status_query' {
  return source === 'poll' || source === 'status_query';
}

/** True if a webhook reports the payment paid that the grant rests on. */
function tellsOfGrant({ grantingPayments }: OrderState, { data }: Extract<OrderEvent, { type: 'PaymentObserved' }>): boolean {
  return data.source === 'webhook' && isPaid(data.fact) && paymentKey(data.payment) === grantingPayments[0];
}

function isReportedByWebhook({ reports }: OrderState, payment: PaymentReference): boolean {
  const paid = `${paymentKey(payment)} paid `; // As `factContentKey` begins.
  return reports.some(({ fact, sources }) => fact.startsWith(paid) && sources.includes('webhook'));
}

function isWithinGrace(grantedAt: string | null, at: string | null): boolean {
  return grantedAt !== null && at !== null && Date.parse(at) - Date.parse(grantedAt) <= webhookGraceMs;
}

/** Milliseconds are not whole in all logs. */
function later(at: string | null, ms: number): string | null {
  return at === null ? null : new Date(Date.parse(at) + Math.round(ms)).toISOString();
}

/** Why an attempt failed: the name of the error, and its code behind a slash; `timeout`; `error`, where the log does not say more. */
function errorOf({ reason, ...data }: { readonly reason: 'error' | 'timeout'; readonly error?: unknown }): string {
  if (reason === 'timeout') return 'timeout';
  const { name, code } = (data.error ?? {}) as { readonly name?: unknown; readonly code?: unknown };
  if (typeof name !== 'string' || name === '') return 'error';
  return typeof code === 'string' && code !== '' ? `${name}/${code}` : name;
}
