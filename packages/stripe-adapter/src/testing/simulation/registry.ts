// Whose each payment is by the will of those who made it: told by the people of the simulation, not by the adapter. And
// what Stripe finally holds to be true of it, read from the sandbox's state and not through the adapter's mapping.

import type { AmountParts, DisputeStatus } from '@paidonce/ledger';
import type { ExpectedPayment, KnownOrder } from '@paidonce/ledger/simulation';
import type { Model } from '@paidonce/sandbox/model';
import type Stripe from 'stripe';

export interface ShopOrder extends KnownOrder {
  readonly orderId: string;
  readonly memberId: string;
  readonly plan: string;
  /** More of Stripe's parameters for each session of the order. */
  readonly session: Record<string, unknown>;
  /** Where its customers pay. Absent: on Stripe's page. */
  readonly ui?: 'embedded' | 'elements';
  /** What its customers change before they pay. */
  readonly choices?: { readonly quantity?: number; readonly localCurrency?: string };
}

export class Registry {
  readonly orders: ShopOrder[] = [];
  /** Finds the account that has an object of this id. */
  readonly #holding: (id: string) => Model;
  /** Sessions that were opened for an order by any means, and payment intents that were made without a session. */
  readonly #orderOfSession = new Map<string, string>();
  readonly #orderOfIntent = new Map<string, string>();

  constructor(holding: (id: string) => Model) {
    this.#holding = holding;
  }

  madeFor(orderId: string, sessionId: string): void {
    this.#orderOfSession.set(sessionId, orderId);
  }

  madeIntentFor(orderId: string, intentId: string): void {
    this.#orderOfIntent.set(intentId, orderId);
  }

  /** The order of a payment intent, or of a session that cost nothing. Undefined: another app's. */
  orderOfPayment(paymentId: string): string | undefined {
    for (const [sessionId, orderId] of this.#orderOfSession) {
      const session = this.session(sessionId);
      if (sessionId === paymentId || (session && intentOf(session) === paymentId)) return orderId;
    }
    return this.#orderOfIntent.get(paymentId);
  }

  session(sessionId: string): Stripe.Checkout.Session | undefined {
    return this.#holding(sessionId).state.sessions.get(sessionId)?.session;
  }

  sessionsOf(orderId: string): readonly Stripe.Checkout.Session[] {
    return [...this.#orderOfSession].flatMap(([sessionId, of]) => (of === orderId ? (this.session(sessionId) ?? []) : []));
  }

  isByCard(intentId: string): boolean {
    const { state } = this.#holding(intentId);
    return state.charges.withKey(intentId).every((charge) => charge.payment_method_details?.type === 'card');
  }

  /**
   * Unix seconds in which the money came, by the balance. A debit has its row from the start, and is paid when the bank has
   * decided. Undefined: it cost nothing.
   */
  receivedAt(paymentId: string): { readonly from: number; readonly isExact: boolean } | undefined {
    const { state, settleAfterMs } = this.#holding(paymentId);
    const intent = state.intents.get(paymentId);
    const charge = state.charges.get(String(intent?.latest_charge));
    const row = state.balanceTransactions.get(String(charge?.balance_transaction));
    if (!row) return undefined;
    const isDebit = charge?.payment_method_details?.type === 'sepa_debit';
    return { from: row.created + (isDebit ? settleAfterMs / 1_000 : 0), isExact: !isDebit && intent?.capture_method !== 'manual' };
  }

  /** Whether a row of the balance shows that the refund gave money back, now or before it failed. */
  movedMoney(refundId: string): boolean {
    const { state } = this.#holding(refundId);
    return [...state.balanceTransactions.oldestFirst()].some((row) => row.source === refundId && row.reporting_category === 'refund');
  }

  isPaid(paymentId: string): boolean {
    return this.orders.some(({ orderId }) => this.payments(orderId).some(({ reference, paid }) => reference.id === paymentId && paid));
  }

  /** Whether the session is paid, and nothing of it was refunded. */
  isPaidSession(sessionId: string): boolean {
    const session = this.session(sessionId);
    const intent = session && intentOf(session);
    const payment = intent === undefined ? undefined : this.#paymentBy(intent);
    return payment?.paid !== undefined && !payment.refunds.some(({ status }) => status === 'succeeded');
  }

  /** Whether the payment intent's own metadata shows whose it is. */
  bearsOurScope(intentId: string): boolean {
    return this.#holding(intentId).state.intents.get(intentId)?.metadata['paidonce'] !== undefined;
  }

  /** Stripe's state of each payment of the order, as it is now. */
  payments(orderId: string): readonly ExpectedPayment[] {
    const alone = [...this.#orderOfIntent].flatMap(([intentId, of]) => (of === orderId ? (this.#paymentBy(intentId) ?? []) : []));
    return [...this.sessionsOf(orderId).flatMap((session) => this.#paymentOn(session) ?? []), ...alone];
  }

  #paymentOn(session: Stripe.Checkout.Session): ExpectedPayment | undefined {
    const { total_details: details, amount_subtotal: subtotalMinor, amount_total: totalMinor, currency } = session;
    if (session.status !== 'complete' || details === null || subtotalMinor === null || currency === null) return undefined;
    const parts = {
      subtotalMinor,
      discountMinor: details.amount_discount,
      taxMinor: details.amount_tax,
      shippingMinor: details.amount_shipping ?? 0,
    };
    const id = intentOf(session);
    const reference = { provider: 'stripe', account: this.#holding(session.id).account, livemode: false, id: id ?? session.id };
    if (id === undefined)
      return totalMinor === 0 ? { reference, paid: { totalMinor, currency, parts }, refunds: [], disputes: [] } : undefined;
    return this.#paymentBy(id, parts);
  }

  #paymentBy(id: string, parts?: AmountParts): ExpectedPayment | undefined {
    const { state, account } = this.#holding(id);
    const intent = state.intents.get(id);
    if (intent?.status !== 'succeeded') return undefined;
    const refunds = [...state.refunds.oldestFirst()].filter((refund) => refund.payment_intent === id && this.movedMoney(refund.id));
    const disputes = [...state.disputes.oldestFirst()].filter((dispute) => dispute.payment_intent === id);
    return {
      reference: { provider: 'stripe', account, livemode: false, id },
      paid: { totalMinor: intent.amount_received, currency: intent.currency, ...(parts ? { parts } : {}) },
      refunds: refunds.map(({ status, amount }) => ({ status: status as 'succeeded', amountMinor: amount })),
      disputes: disputes.map(({ status, amount, currency, reason, balance_transactions: rows }) => ({
        status: disputeStatus(
          status,
          rows.reduce((sum, row) => sum + row.amount, 0),
        ),
        // Another currency cannot be compared: then it is taken for the whole.
        amountMinor: currency === intent.currency ? amount : Math.max(intent.amount, intent.amount_received),
        returnedDebit: reason === 'insufficient_funds',
      })),
    };
  }
}

function intentOf({ payment_intent: intent }: Stripe.Checkout.Session): string | undefined {
  return typeof intent === 'string' ? intent : intent?.id;
}

/** By the money where it is gone: to be `prevented` is a word. */
function disputeStatus(status: string, movedMinor: number): DisputeStatus {
  if (status === 'prevented') return movedMinor < 0 ? 'lost' : 'prevented';
  if (status === 'warning_closed' || status === 'won') return 'won';
  if (status.startsWith('warning_')) return 'inquiry';
  return status === 'lost' ? status : 'open';
}
