// What the sandbox stores of Stripe Billing. A record knows no behaviour: objects/billing/ imports this file, never the other way.
import type Stripe from 'stripe';
import type { Fate } from '../fate.ts';
import type { Row } from './collection.ts';

export interface SubscriptionRecord extends Row {
  readonly subscription: Omit<Stripe.Subscription, 'items'>;
  readonly items: readonly Stripe.SubscriptionItem[];
  /** What happens to its webhooks. Null: what its metadata names, else they are delivered. */
  readonly fate: Fate | null;
  /** While its Checkout session is completed, its webhooks go with those of the session. */
  readonly session: { readonly group: string; readonly fate: Fate } | null;
  /** The end of the trial that `customer.subscription.trial_will_end` has told of. */
  readonly toldTrialEnd: number | null;
}

export interface InvoiceRecord extends Row {
  readonly invoice: Omit<Stripe.Invoice, 'lines'>;
  readonly lines: readonly Stripe.InvoiceLineItem[];
  /** Ids of its invoice payments, oldest first. */
  readonly payments: readonly string[];
}

/** A line before it has an id and an invoice. */
export interface LineDraft {
  /** Of prorations: with what is off for discounts. Negative: a credit. */
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
  /** Of a credit: the lines that it gives back. */
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
