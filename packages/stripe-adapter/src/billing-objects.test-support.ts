// Makes objects of Stripe Billing for tests: whole ones, in the types of the `stripe` package, so that a test cannot invent a
// shape. A monthly plan of 20.00 euros, paid for the May of 2026.
import type Stripe from 'stripe';

/** Unix seconds of a day, at midnight UTC. */
export function day(text: string): number {
  return Date.parse(`${text}T00:00:00Z`) / 1_000;
}

export const marks: Record<string, string> = { paidonce: 'paidonce', paidonce_subscription: 'club-7' };

export function listOf<T>(data: T[], fields: Partial<Stripe.ApiList<T>> = {}): Stripe.ApiList<T> {
  return { object: 'list', data, has_more: false, url: '/v1/list', ...fields };
}

export function invoice(fields: Partial<Stripe.Invoice> = {}): Stripe.Invoice {
  return {
    id: 'in_1',
    object: 'invoice',
    account_country: 'DE',
    account_name: 'Club',
    account_tax_ids: null,
    amount_due: 2_000,
    amount_overpaid: 0,
    amount_paid: 2_000,
    amount_remaining: 0,
    amount_shipping: 0,
    application: null,
    attempt_count: 1,
    attempted: true,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null, provider: null, status: null },
    automatically_finalizes_at: null,
    billing_reason: 'subscription_cycle',
    collection_method: 'charge_automatically',
    created: day('2026-05-01'),
    currency: 'eur',
    custom_fields: null,
    customer: 'cus_1',
    customer_account: null,
    customer_address: null,
    customer_email: 'member@example.com',
    customer_name: null,
    customer_phone: null,
    customer_shipping: null,
    customer_tax_exempt: 'none',
    default_payment_method: null,
    default_source: null,
    default_tax_rates: [],
    description: null,
    discounts: [],
    due_date: null,
    effective_at: day('2026-05-01'),
    ending_balance: 0,
    footer: null,
    from_invoice: null,
    issuer: { type: 'self' },
    last_finalization_error: null,
    latest_revision: null,
    lines: listOf([line()]),
    livemode: false,
    metadata: {},
    next_payment_attempt: null,
    number: 'C-0001',
    on_behalf_of: null,
    parent: parent(),
    payment_settings: { default_mandate: null, payment_method_options: null, payment_method_types: null },
    period_end: day('2026-05-01'),
    period_start: day('2026-04-01'),
    post_payment_credit_notes_amount: 0,
    pre_payment_credit_notes_amount: 0,
    receipt_number: null,
    rendering: null,
    shipping_cost: null,
    shipping_details: null,
    starting_balance: 0,
    statement_descriptor: null,
    status: 'paid',
    status_transitions: {
      finalized_at: day('2026-05-01') + 3_600,
      marked_uncollectible_at: null,
      paid_at: day('2026-05-01') + 3_610,
      voided_at: null,
    },
    subtotal: 2_000,
    subtotal_excluding_tax: null,
    test_clock: null,
    total: 2_000,
    total_discount_amounts: [],
    total_excluding_tax: null,
    total_pretax_credit_amounts: [],
    total_taxes: [],
    webhooks_delivered_at: day('2026-05-01'),
    ...fields,
  };
}

export function parent(subscription = 'sub_1', metadata: Stripe.Metadata = marks): Stripe.Invoice.Parent {
  return { quote_details: null, subscription_details: { metadata, subscription }, type: 'subscription_details' };
}

/** The item of the subscription, for May. */
export function line(fields: Partial<Stripe.InvoiceLineItem> = {}): Stripe.InvoiceLineItem {
  return {
    id: 'il_1',
    object: 'line_item',
    amount: 2_000,
    currency: 'eur',
    description: '1 × Club',
    discount_amounts: [],
    discountable: true,
    discounts: [],
    invoice: 'in_1',
    livemode: false,
    metadata: {},
    parent: ofItem(),
    period: { start: day('2026-05-01'), end: day('2026-06-01') },
    pretax_credit_amounts: [],
    pricing: pricing('price_month', 'prod_club'),
    quantity: 1,
    quantity_decimal: null,
    subscription: 'sub_1',
    subtotal: 2_000,
    taxes: [],
    ...fields,
  };
}

export function pricing(price: string | Stripe.Price, product = 'prod_club'): Stripe.InvoiceLineItem.Pricing {
  return { price_details: { price, product }, type: 'price_details', unit_amount_decimal: null };
}

export function ofItem(fields: Partial<Stripe.InvoiceLineItem.Parent.SubscriptionItemDetails> = {}): Stripe.InvoiceLineItem.Parent {
  const item = { invoice_item: null, proration: false, proration_details: null, subscription: 'sub_1', subscription_item: 'si_1' };
  return { invoice_item_details: null, subscription_item_details: { ...item, ...fields }, type: 'subscription_item_details' };
}

export function ofInvoiceItem(fields: Partial<Stripe.InvoiceLineItem.Parent.InvoiceItemDetails> = {}): Stripe.InvoiceLineItem.Parent {
  const item = { invoice_item: 'ii_1', proration: false, proration_details: null, subscription: 'sub_1' };
  return { invoice_item_details: { ...item, ...fields }, subscription_item_details: null, type: 'invoice_item_details' };
}

export function invoicePayment(fields: Partial<Stripe.InvoicePayment> = {}): Stripe.InvoicePayment {
  return {
    id: 'inpay_1',
    object: 'invoice_payment',
    amount_paid: 2_000,
    amount_requested: 2_000,
    created: day('2026-05-01'),
    currency: 'eur',
    invoice: 'in_1',
    is_default: true,
    livemode: false,
    payment: { payment_intent: 'pi_1', type: 'payment_intent' },
    status: 'paid',
    status_transitions: { canceled_at: null, paid_at: day('2026-05-01') + 3_610 },
    ...fields,
  };
}

export function creditNote(fields: Partial<Stripe.CreditNote> = {}): Stripe.CreditNote {
  return {
    id: 'cn_1',
    object: 'credit_note',
    amount: 2_000,
    amount_shipping: 0,
    created: day('2026-05-03'),
    currency: 'eur',
    customer: 'cus_1',
    customer_account: null,
    customer_balance_transaction: 'cbtxn_1',
    discount_amount: 0,
    discount_amounts: [],
    effective_at: day('2026-05-03'),
    invoice: 'in_1',
    lines: listOf<Stripe.CreditNoteLineItem>([]),
    livemode: false,
    memo: null,
    metadata: {},
    number: 'C-0001-CN-01',
    out_of_band_amount: null,
    pdf: 'https://stripe.example/cn_1.pdf',
    post_payment_amount: 2_000,
    pre_payment_amount: 0,
    pretax_credit_amounts: [],
    reason: null,
    refunds: [],
    shipping_cost: null,
    status: 'issued',
    subtotal: 2_000,
    subtotal_excluding_tax: null,
    total: 2_000,
    total_excluding_tax: null,
    total_taxes: [],
    type: 'post_payment',
    voided_at: null,
    ...fields,
  };
}

export function subscription(fields: Partial<Stripe.Subscription> = {}): Stripe.Subscription {
  return {
    id: 'sub_1',
    object: 'subscription',
    application: null,
    application_fee_percent: null,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null },
    billing_cycle_anchor: day('2026-04-01'),
    billing_cycle_anchor_config: null,
    billing_mode: { flexible: null, type: 'classic' },
    billing_schedules: [],
    billing_thresholds: null,
    cancel_at: null,
    cancel_at_period_end: false,
    canceled_at: null,
    cancellation_details: { comment: null, feedback: null, feedback_option: null, reason: null },
    collection_method: 'charge_automatically',
    created: day('2026-04-01'),
    currency: 'eur',
    customer: 'cus_1',
    customer_account: null,
    days_until_due: null,
    default_payment_method: 'pm_1',
    default_source: null,
    default_tax_rates: [],
    description: null,
    discounts: [],
    ended_at: null,
    invoice_settings: { account_tax_ids: null, custom_fields: null, description: null, footer: null, issuer: { type: 'self' } },
    items: listOf([item()]),
    latest_invoice: 'in_1',
    livemode: false,
    managed_payments: null,
    metadata: marks,
    next_pending_invoice_item_invoice: null,
    on_behalf_of: null,
    pause_collection: null,
    payment_settings: null,
    pending_invoice_item_interval: null,
    pending_setup_intent: null,
    pending_update: null,
    schedule: null,
    start_date: day('2026-04-01'),
    status: 'active',
    test_clock: null,
    transfer_data: null,
    trial_end: null,
    trial_settings: null,
    trial_start: null,
    ...fields,
  };
}

export function item(fields: Partial<Stripe.SubscriptionItem> = {}): Stripe.SubscriptionItem {
  return {
    id: 'si_1',
    object: 'subscription_item',
    billing_thresholds: null,
    created: day('2026-04-01'),
    current_period_end: day('2026-06-01'),
    current_period_start: day('2026-05-01'),
    current_trial: null,
    discounts: [],
    metadata: {},
    plan: plan(),
    price: price(),
    quantity: 1,
    subscription: 'sub_1',
    tax_rates: [],
    ...fields,
  };
}

function plan(): Stripe.Plan {
  return {
    id: 'price_month',
    object: 'plan',
    active: true,
    amount: 2_000,
    amount_decimal: null,
    billing_scheme: 'per_unit',
    created: day('2026-01-01'),
    currency: 'eur',
    interval: 'month',
    interval_count: 1,
    livemode: false,
    metadata: {},
    meter: null,
    nickname: null,
    product: 'prod_club',
    tiers_mode: null,
    transform_usage: null,
    trial_period_days: null,
    usage_type: 'licensed',
  };
}

export function price(fields: Partial<Stripe.Price> = {}): Stripe.Price {
  return {
    id: 'price_month',
    object: 'price',
    active: true,
    billing_scheme: 'per_unit',
    created: day('2026-01-01'),
    currency: 'eur',
    custom_unit_amount: null,
    livemode: false,
    lookup_key: null,
    metadata: {},
    nickname: null,
    product: 'prod_club',
    recurring: { interval: 'month', interval_count: 1, meter: null, trial_period_days: null, usage_type: 'licensed' },
    tax_behavior: 'exclusive',
    tiers_mode: null,
    transform_quantity: null,
    type: 'recurring',
    unit_amount: 2_000,
    unit_amount_decimal: null,
    ...fields,
  };
}
