// What a source reports about a subscription: statements about its objects at the payment provider. The same shape from every
// source, as for a payment.
import type { Fact, ManualAction, PaymentReference, Statement } from '../observation.ts';

/** Names one subscription at one provider, in one account and mode. `id`: the provider's id, `sub_…`. */
export type SubscriptionReference = PaymentReference;

/** The states of a subscription as Stripe names them. */
export type LifecycleStatus = 'incomplete' | 'incomplete_expired' | 'trialing' | 'active' | 'past_due' | 'unpaid' | 'paused' | 'canceled';

/** Why Stripe made an invoice. `other`: by hand, or a reason that this release does not know. */
export type InvoiceReason = 'create' | 'cycle' | 'update' | 'threshold' | 'other';

/** A recurring line of an invoice. What does not recur (a setup fee) is no line here. */
export interface CoverLine {
  readonly id: string;
  readonly price: string;
  /** Plans may name products. */
  readonly product: string;
  /** The stretch that it pays for, `from` before `to`. ISO 8601 UTC. */
  readonly from: string;
  readonly to: string;
  /** `base`: pays for a period. `proration`: pays for a change in the middle of one. `credit`: gives back what was left of a line. */
  readonly role: 'base' | 'proration' | 'credit';
  readonly quantity: number;
  /** Its amount less its discounts, before tax, in Stripe's minor unit; below 0 of a credit. */
  readonly netMinor: number;
  /** The id of the invoice whose line a credit gives back. Absent: it is none, or the provider does not say. */
  readonly credits?: string;
}

/** An invoice that is paid. Amounts are in Stripe's minor unit; `totalMinor` is below 0 where credits exceed the charges. */
export interface PaidInvoice {
  readonly kind: 'invoice';
  readonly id: string;
  readonly status: 'paid';
  readonly reason: InvoiceReason;
  /** ISO 4217, lower case. */
  readonly currency: string;
  readonly totalMinor: number;
  readonly discountMinor: number;
  readonly taxMinor: number;
  /** Paid from the customer's balance. */
  readonly balanceMinor: number;
  /** Paid outside Stripe. */
  readonly outsideMinor: number;
  /** Given up before payment, by credit notes. */
  readonly writtenOffMinor: number;
  /** Sorted by id. */
  readonly lines: readonly CoverLine[];
}

/** An invoice that is not paid. */
export interface UnpaidInvoice {
  readonly kind: 'invoice';
  readonly id: string;
  readonly status: 'open' | 'uncollectible' | 'void';
  /** Given where an open one was sent with terms. `from`: start of its first base line. ISO 8601 UTC. */
  readonly terms?: { readonly dueAt: string; readonly from: string };
}

/** A payment, or a part of it, that pays for an invoice. `payment`: the id of its payment intent, charge or payment record. */
export interface Allocation {
  readonly kind: 'allocation';
  readonly id: string;
  readonly invoice: string;
  readonly payment: string;
  readonly status: 'canceled' | 'paid';
  readonly amountMinor: number;
}

/** A credit note. `amountMinor`: what it gave back beside refunds, to the balance or outside Stripe. */
export interface CreditNote {
  readonly kind: 'credit_note';
  readonly id: string;
  readonly invoice: string;
  readonly status: 'issued' | 'void';
  readonly amountMinor: number;
}

/** The state of the subscription itself. Times are ISO 8601 UTC. */
export interface Lifecycle {
  readonly kind: 'lifecycle';
  readonly status: LifecycleStatus;
  readonly collectionPaused?: { readonly resumesAt?: string };
  readonly endedAt?: string;
  /** Cancellation is scheduled for then. It is shown, and ends nothing. */
  readonly endsAt?: string;
  readonly trialEnd?: string;
  /** The provider's customer. */
  readonly customer: string;
  /** Why it ended or is paused, in the provider's word. */
  readonly because?: string;
  readonly items: readonly { readonly price: string; readonly quantity: number }[];
}

/** A refund or a dispute of a payment: that of orders, with the payment that it undoes. */
export type MoneyBack = Extract<Fact, { kind: 'refund' | 'dispute' }> & { readonly payment: PaymentReference };

/** What is reported about one object, without who reported it or when. */
export type SubscriptionFact = PaidInvoice | UnpaidInvoice | Allocation | CreditNote | Lifecycle | MoneyBack;

/** A fact with its time and its evidence. */
export interface SubscriptionStatement {
  readonly fact: SubscriptionFact;
  /** Provider's clock: when the statement was true. ISO 8601 UTC. */
  readonly asOf: string;
  /** Provider's clock: when it happened, such as when the invoice was paid. ISO 8601 UTC. Default: `asOf`. */
  readonly occurredAt?: string;
  /** True: the clock that told `asOf` is in doubt. The fact counts, and its time moves nothing. */
  readonly doubtful?: true;
  readonly evidence: Statement['evidence'];
}

/** All that one event, one read or one import tells about a subscription: one append, and one decision. */
export type SubscriptionObservation = {
  readonly subscription: SubscriptionReference;
  /** The subscription of the shop that our own metadata names. Only a claim: the reference stream decides. Absent: it names none. */
  readonly subscriptionId?: string;
  readonly statements: readonly SubscriptionStatement[];
  /**
   * Given where the subscription and its invoices were read now, to look whether it has ended: the earliest provider's time of
   * those reads. ISO 8601 UTC. Only a look may end what was paid for.
   */
  readonly look?: string;
} & ({ readonly source: 'webhook' | 'poll' | 'status_query' } | { readonly source: 'manual'; readonly by: ManualAction });
