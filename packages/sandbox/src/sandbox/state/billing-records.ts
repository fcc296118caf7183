// What the sandbox stores of Stripe Billing. A record knows no behaviour: objects/billing/ imports this file, never the other way.
import type Stripe from 'stripe';
import type { Fate } from '../fate.ts';
import type { Row } from './collection.ts';

export interface SubscriptionRecord extends Row {
  readonly subscription: Omit<Stripe.Subscription, 'items'>;
  readonly items: readonly Stripe.SubscriptionItem[];
  /** What happens to its webhooks. Null: what its metadata names, else they are delivered. */
  readonly fate: Fate | null;
  /** Types of events that have another fate than the rest. */
  readonly fates: Readonly<Record<string, Fate>>;
  /** While its Checkout session is completed, its webhooks go with those of the session. */
  readonly session: { readonly group: string; readonly fate: Fate } | null;
  /** The end of the trial that `customer.subscription.trial_will_end` has told of. */
  readonly toldTrialEnd: number | null;
  /** A change that waits for the payment of this invoice. */
  readonly pending: {
    readonly invoice: string;
    readonly change: Partial<Omit<Stripe.Subscription, 'items'>>;
    readonly items: readonly Stripe.SubscriptionItem[];
  } | null;
}

export interface InvoiceRecord extends Row {
  readonly invoice: Omit<Stripe.Invoice, 'lines'>;
  readonly lines: readonly Stripe.InvoiceLineItem[];
  /** Ids of its invoice payments, oldest first. */
  readonly payments: readonly string[];
}

/** An invoice payment as it goes over the wire. The package has a type of it from 18 on only. */
export interface InvoicePayment extends Row {
  readonly object: 'invoice_payment';
  readonly amount_paid: number | null;
  readonly amount_requested: number;
  readonly created: number;
  readonly currency: string;
  readonly invoice: string;
  /** Stripe made it with the invoice; the others were attached. */
  readonly is_default: boolean;
  readonly livemode: false;
  readonly payment: { readonly type: 'payment_intent'; readonly payment_intent: string };
  readonly status: 'canceled' | 'open' | 'paid';
  readonly status_transitions: { readonly canceled_at: number | null; readonly paid_at: number | null };
}

/** A line before it has an id and an invoice. */
export interface LineDraft {
  /** A proration has in it what discounts take off. Negative: a credit. */
  readonly amountMinor: number;
  readonly currency: string;
  readonly description: string;
  readonly period: Period;
  /** Null: somebody gave an amount and no price. */
  readonly price: { readonly id: string; readonly product: string; readonly unitAmountMinor: number | null } | null;
  readonly quantity: number | null;
  readonly subscription: string | null;
  /** Null: the line belongs to no item of a subscription, like a setup fee. */
  readonly subscriptionItem: string | null;
  readonly invoiceItem: string | null;
  readonly proration: boolean;
  /** Whether coupons take something off it. Prorations have that in their amount already. */
  readonly discountable: boolean;
  /** The lines that a credit gives back; null where it is none. */
  readonly credited: { readonly invoice: string; readonly lines: readonly string[] } | null;
  readonly metadata: Record<string, string>;
}

export interface Period {
  /** Unix seconds. */
  readonly start: number;
  readonly end: number;
}

/** What waits for the next invoice: a proration, or what somebody added. */
export interface InvoiceItemRecord extends Row {
  readonly item: Stripe.InvoiceItem;
  readonly draft: LineDraft;
}

export interface CreditNoteRecord extends Row {
  readonly note: Omit<Stripe.CreditNote, 'lines'>;
  readonly lines: readonly Stripe.CreditNoteLineItem[];
}

/** What a Checkout session says of the subscription that it will begin. */
export interface CheckoutSubscription {
  readonly metadata: Record<string, string>;
  readonly description: string | null;
  /** From the day on which the session is completed. */
  readonly trialDays: number | null;
  /** Unix seconds. */
  readonly trialEnd: number | null;
  readonly anchor: number | null;
  readonly prorates: boolean;
  readonly trialSettings: Stripe.Subscription.TrialSettings | null;
}
