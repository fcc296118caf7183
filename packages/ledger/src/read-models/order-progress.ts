// When what happened to an order, which its folded state does not say: the times are those at which the events were recorded.

import type { StoredEvent } from '../event-store/event-store.ts';
import { isPaid, type PaymentReference, paymentKey, type Source } from '../observation.ts';
import { isDeliveryEvent } from '../order/delivery-state.ts';
import type { OrderEvent } from '../order/events.ts';
import type { OrderState } from '../order/order.ts';
import type { OpenAction } from './action-fold.ts';
import { type DeliveryProgress, deliveryChanges, noDelivery, triedFrom } from './delivery-progress.ts';

/** All times are ISO 8601 UTC; null: it has not happened, or the log does not say when. */
export interface OrderProgress extends DeliveryProgress {
  readonly newestAt: string | null;
  readonly grantedAt: string | null;
  /** True: the shop has saved nothing since the grant. An imported order was saved before. */
  readonly grantUnsaved: boolean;
  /** True: a poll or a status query led to the grant, and no webhook reported the payment paid up to `webhookGraceMs` later. */
  readonly rescued: boolean;
  /** When the shop had the newest decision. */
  readonly savedAt: string | null;
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
  ...noDelivery,
  action: null,
  claims: null,
};

/** How long after a grant a webhook may come, for the grant not to count as rescued. */
export const webhookGraceMs = 120_000;

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
      return { ...triedFrom(at), savedAt: null, grantedAt: at, grantUnsaved: !imported, rescued };
    }
    case 'MembershipSuspended':
    case 'MembershipRestored':
    case 'MembershipRevoked':
      return { ...triedFrom(at), savedAt: null };
    case 'MembershipDelivered': {
      const savedAt = after.delivery.settled < after.sequence ? {} : { savedAt: at };
      return { ...deliveryChanges(read, after, at), ...savedAt, grantUnsaved: false };
    }
    case 'DeliveryTakenOver': {
      // What a person asks for again, the shop has lost.
      const lost = read.data.by && read.data.sequence >= after.sequence ? { savedAt: null } : {};
      return { ...deliveryChanges(read, after, at), ...lost };
    }
    default:
      return isDeliveryEvent(read) ? deliveryChanges(read, after, at) : {};
  }
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
