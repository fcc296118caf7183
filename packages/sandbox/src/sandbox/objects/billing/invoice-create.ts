// A new invoice: a draft with its lines, its totals and what would be due.
import type Stripe from 'stripe';
import type { Model } from '../../model.ts';
import type { InvoiceRecord, LineDraft, Period, SubscriptionRecord } from '../../state/billing-records.ts';
import { DAY_SECONDS } from './calendar.ts';
import { settleCurrency } from './customer-balance.ts';
import { type AppliedDiscount, priceLines } from './invoice-lines.ts';
import { putInvoice, tellInvoice } from './invoice-record.ts';

export interface InvoiceTerms {
  readonly customer: string;
  readonly currency: string;
  /** Null: an invoice beside all subscriptions. */
  readonly subscription: SubscriptionRecord | null;
  readonly reason: Stripe.Invoice.BillingReason;
  readonly lines: readonly LineDraft[];
  readonly discounts: readonly AppliedDiscount[];
  /** What the invoice looks back on. */
  readonly period: Period;
  /** Whether Stripe finalizes and collects it by itself, and when. */
  readonly autoAdvance: boolean;
  readonly finalizesAt: number | null;
  readonly collectionMethod: 'charge_automatically' | 'send_invoice';
  readonly daysUntilDue: number | null;
  readonly taxed: boolean;
  readonly defaultMethod?: string | null;
  readonly description?: string | null;
  readonly metadata?: Record<string, string>;
}

/** Call it within a transaction. */
export function createInvoice(model: Model, terms: InvoiceTerms): InvoiceRecord {
  settleCurrency(model, terms.customer, terms.currency);
  const id = model.newId('in_');
  const { lines, totals } = priceLines(model, terms.lines, terms, id);
  const balance = model.state.customers.get(terms.customer)?.balance ?? 0;
  const due = Math.max(0, totals.total + balance);
  const invoice: InvoiceRecord['invoice'] = {
    ...emptyInvoice(model, id, terms),
    ...totals,
    amount_due: due,
    amount_remaining: due,
    starting_balance: balance,
    discounts: terms.discounts.map((discount) => discount.id),
    total_pretax_credit_amounts: (totals.total_discount_amounts ?? []).map(({ amount, discount }) => ({
      amount,
      discount,
      type: 'discount',
    })),
  };
  const record = putInvoice(model, { id, invoice, lines, payments: [] });
  tellInvoice(model, 'invoice.created', record);
  return record;
}

/** Who bills: of a subscription its terms, else the customer's. */
export function termsOf(
  record: SubscriptionRecord,
): Pick<InvoiceTerms, 'customer' | 'currency' | 'subscription' | 'collectionMethod' | 'daysUntilDue' | 'taxed'> {
  const { subscription } = record;
  return {
    customer: String(subscription.customer),
    currency: subscription.currency,
    subscription: record,
    collectionMethod: subscription.collection_method === 'send_invoice' ? 'send_invoice' : 'charge_automatically',
    daysUntilDue: subscription.days_until_due,
    taxed: subscription.automatic_tax.enabled,
  };
}

function emptyInvoice(model: Model, id: string, terms: InvoiceTerms): InvoiceRecord['invoice'] {
  const now = model.clock.nowSeconds();
  return {
    id,
    object: 'invoice',
    account_country: 'US',
    account_name: 'Sandbox',
    account_tax_ids: null,
    amount_due: 0,
    amount_overpaid: 0,
    amount_paid: 0,
    amount_paid_off_stripe: 0,
    amount_remaining: 0,
    amount_shipping: 0,
    application: null,
    attempt_count: 0,
    attempted: false,
    auto_advance: terms.autoAdvance,
    automatic_tax: automaticTax(terms.taxed),
    automatically_finalizes_at: terms.finalizesAt,
    billing_reason: terms.reason,
    collection_method: terms.collectionMethod,
    created: now,
    currency: terms.currency,
    custom_fields: null,
    ...customerFields(model, terms.customer),
    default_payment_method: terms.defaultMethod ?? null,
    default_source: null,
    default_tax_rates: [],
    description: terms.description ?? null,
    discounts: [],
    due_date: terms.collectionMethod === 'send_invoice' ? now + (terms.daysUntilDue ?? 30) * DAY_SECONDS : null,
    effective_at: null,
    ending_balance: null,
    footer: null,
    from_invoice: null,
    hosted_invoice_url: null,
    invoice_pdf: null,
    issuer: { type: 'self' },
    last_finalization_error: null,
    latest_revision: null,
    livemode: false,
    metadata: terms.metadata ?? {},
    next_payment_attempt: terms.collectionMethod === 'charge_automatically' && terms.autoAdvance ? terms.finalizesAt : null,
    number: null,
    on_behalf_of: null,
    parent: parentOf(terms.subscription),
    payment_settings: { default_mandate: null, payment_method_options: null, payment_method_types: null },
    period_end: terms.period.end,
    period_start: terms.period.start,
    post_payment_credit_notes_amount: 0,
    pre_payment_credit_notes_amount: 0,
    receipt_number: null,
    rendering: null,
    shipping_cost: null,
    shipping_details: null,
    starting_balance: 0,
    statement_descriptor: null,
    status: 'draft',
    status_transitions: { finalized_at: null, marked_uncollectible_at: null, paid_at: null, voided_at: null },
    subtotal: 0,
    subtotal_excluding_tax: 0,
    test_clock: null,
    total: 0,
    total_discount_amounts: [],
    total_excluding_tax: 0,
    total_pretax_credit_amounts: [],
    total_taxes: [],
    webhooks_delivered_at: null,
  };
}

type CustomerFields = Pick<Stripe.Invoice, Extract<keyof Stripe.Invoice, `customer${string}`>>;

function customerFields({ state }: Model, id: string): CustomerFields {
  const customer = state.customers.get(id);
  return {
    customer: id,
    customer_account: null,
    customer_address: null,
    customer_email: customer?.email ?? null,
    customer_name: customer?.name ?? null,
    customer_phone: customer?.phone ?? null,
    customer_shipping: null,
    customer_tax_exempt: 'none',
    customer_tax_ids: [],
  };
}

function automaticTax(enabled: boolean): Stripe.Invoice.AutomaticTax {
  return {
    disabled_reason: null,
    enabled,
    liability: enabled ? { type: 'self' } : null,
    provider: enabled ? 'stripe' : null,
    status: enabled ? 'complete' : null,
  };
}

/** The subscription's metadata is copied: later changes of it reach no invoice that is finalized. */
export function parentOf(record: SubscriptionRecord | null): Stripe.Invoice.Parent | null {
  if (!record) return null;
  return {
    quote_details: null,
    subscription_details: { metadata: { ...record.subscription.metadata }, subscription: record.id },
    type: 'subscription_details',
  };
}
