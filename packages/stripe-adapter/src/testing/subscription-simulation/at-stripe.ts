// What Stripe has of a subscription, read at hand and apart from the adapter, and as statements for the law.
import type { Told } from '@paidonce/ledger/simulation';
import type Stripe from 'stripe';

export interface AtStripe {
  readonly subscription: Stripe.Subscription;
  readonly invoices: readonly Stripe.Invoice[];
  /** By the id of the payment intent. */
  readonly refunds: readonly Stripe.Refund[];
  readonly disputes: readonly Stripe.Dispute[];
  readonly creditNotes: readonly Stripe.CreditNote[];
}

type Fact = Told['fact'];
type Line = Extract<Fact, { kind: 'invoice'; status: 'paid' }>['lines'][number];

export async function readAtStripe(stripe: Stripe, id: string): Promise<AtStripe> {
  const subscription = await stripe.subscriptions.retrieve(id);
  const listed = await stripe.invoices.list({ subscription: id, limit: 100, expand: ['data.payments'] });
  const invoices: Stripe.Invoice[] = [];
  const refunds: Stripe.Refund[] = [];
  const disputes: Stripe.Dispute[] = [];
  const creditNotes: Stripe.CreditNote[] = [];
  for (const invoice of listed.data) {
    const lines = await stripe.invoices.listLineItems(invoice.id, { limit: 100 });
    invoices.push({ ...invoice, lines: { ...invoice.lines, data: lines.data } });
    for (const intent of intentsOf(invoice)) {
      refunds.push(...(await stripe.refunds.list({ payment_intent: intent, limit: 100 })).data);
      disputes.push(...(await stripe.disputes.list({ payment_intent: intent, limit: 100 })).data);
    }
    if (invoice.status === 'paid') creditNotes.push(...(await stripe.creditNotes.list({ invoice: invoice.id, limit: 100 })).data);
  }
  return { subscription, invoices, refunds, disputes, creditNotes };
}

/** As a look that saw everything would tell it. */
export function toldOf(at: AtStripe, asOf: string): readonly Told[] {
  const facts: readonly Fact[] = [
    lifecycleOf(at.subscription),
    ...at.invoices.flatMap(invoiceFacts),
    ...at.refunds.map(
      (refund): Fact => ({
        kind: 'refund',
        id: refund.id,
        status: refund.status as 'succeeded',
        amountMinor: refund.amount,
        payment: referenceOf(String(refund.payment_intent)),
      }),
    ),
    ...at.disputes.map(disputeFact),
    ...at.creditNotes.map(
      (note): Fact => ({
        kind: 'credit_note',
        id: note.id,
        invoice: String(note.invoice),
        status: note.status as 'issued' | 'void',
        amountMinor: beside(note),
      }),
    ),
  ];
  return facts.map((fact) => ({ fact, asOf, occurredAt: paidAt(at, fact) ?? asOf, source: 'poll', look: asOf, evidence }));
}

const evidence = { objectId: 'at_stripe' } as unknown as Told['evidence'];
const iso = (seconds: number): string => new Date(seconds * 1_000).toISOString();

function paidAt({ invoices }: AtStripe, fact: Fact): string | undefined {
  if (fact.kind !== 'invoice') return undefined;
  const seconds = invoices.find(({ id }) => id === fact.id)?.status_transitions.paid_at;
  return seconds == null ? undefined : iso(seconds);
}

function lifecycleOf(subscription: Stripe.Subscription): Fact {
  const { status, pause_collection: pause, ended_at: endedAt, trial_end: trialEnd, customer, items } = subscription;
  return {
    kind: 'lifecycle',
    status: status as 'active',
    ...(pause ? { collectionPaused: {} } : {}),
    ...(endedAt === null ? {} : { endedAt: iso(endedAt) }),
    ...(trialEnd === null ? {} : { trialEnd: iso(trialEnd) }),
    customer: String(customer),
    items: items.data.map(({ price, quantity }) => ({ price: price.id, quantity: quantity ?? 1 })),
  };
}

function invoiceFacts(invoice: Stripe.Invoice): readonly Fact[] {
  const { id } = invoice;
  const status = invoice.status as 'draft' | 'open' | 'paid' | 'uncollectible' | 'void' | null;
  if (status === 'open') return [{ kind: 'invoice', id, status, ...termsOf(invoice) }];
  if (status === 'void' || status === 'uncollectible') return [{ kind: 'invoice', id, status }];
  if (status !== 'paid') return [];
  const reasons = { subscription_create: 'create', subscription_cycle: 'cycle', subscription_update: 'update' } as const;
  return [
    {
      kind: 'invoice',
      id,
      status,
      reason: reasons[invoice.billing_reason as keyof typeof reasons] ?? 'other',
      currency: invoice.currency,
      totalMinor: invoice.total,
      discountMinor: sum((invoice.total_discount_amounts ?? []).map(({ amount }) => amount)),
      taxMinor: 0,
      balanceMinor: (invoice.ending_balance ?? 0) - invoice.starting_balance,
      outsideMinor: invoice.amount_paid_off_stripe ?? 0,
      writtenOffMinor: invoice.pre_payment_credit_notes_amount,
      lines: invoice.lines.data.map(lineOf),
    },
    ...(invoice.payments?.data ?? []).flatMap((payment): Fact[] => {
      const intent = payment.payment.payment_intent;
      if (payment.status !== 'paid' || intent == null) return [];
      return [
        { kind: 'allocation', id: payment.id, invoice: id, payment: String(intent), status: 'paid', amountMinor: payment.amount_paid ?? 0 },
      ];
    }),
  ];
}

function termsOf({ due_date: due, lines }: Stripe.Invoice): { readonly terms?: { readonly dueAt: string; readonly from: string } } {
  const from = lines.data.filter((line) => roleOf(line) === 'base').map(({ period }) => period.start);
  return due === null || from.length === 0 ? {} : { terms: { dueAt: iso(due), from: iso(Math.min(...from)) } };
}

export function roleOf({ parent, amount }: Stripe.InvoiceLineItem): Line['role'] {
  const { proration, proration_details: details } = parent?.subscription_item_details ?? parent?.invoice_item_details ?? {};
  if (proration !== true) return 'base';
  return amount < 0 || details?.credited_items ? 'credit' : 'proration';
}

function lineOf(line: Stripe.InvoiceLineItem): Line {
  return {
    id: line.id,
    price: priceOf(line),
    product: String(line.pricing?.price_details?.product),
    from: iso(line.period.start),
    to: iso(line.period.end),
    role: roleOf(line),
    ...creditsOf(line),
    quantity: line.quantity ?? 1,
    netMinor: netOf(line),
  };
}

function creditsOf({ parent }: Stripe.InvoiceLineItem): { readonly credits?: string } {
  const details = (parent?.subscription_item_details ?? parent?.invoice_item_details)?.proration_details;
  return details?.credited_items ? { credits: details.credited_items.invoice } : {};
}

export function priceOf({ pricing }: Stripe.InvoiceLineItem): string {
  return String(pricing?.price_details?.price);
}

export function netOf({ amount, discount_amounts: discounts }: Stripe.InvoiceLineItem): number {
  return amount - sum((discounts ?? []).map(({ amount: discount }) => discount));
}

function disputeFact(dispute: Stripe.Dispute): Fact {
  const { id, status, amount, payment_intent: intent, balance_transactions: rows } = dispute;
  const said = status === 'needs_response' || status === 'under_review' ? 'open' : status;
  const payment = referenceOf(String(intent));
  return { kind: 'dispute', id, status: said as 'won', amountMinor: amount, returnedDebit: false, movements: rows.length, payment };
}

function referenceOf(id: string) {
  return { provider: 'stripe', account: 'acct', livemode: false, id };
}

/** What a note gave back beside refunds. */
export function beside({ post_payment_amount: amount, refunds }: Stripe.CreditNote): number {
  return amount - sum(refunds.map(({ amount_refunded: refunded }) => refunded));
}

export function intentsOf({ payments }: Stripe.Invoice): readonly string[] {
  return (payments?.data ?? []).flatMap(({ payment }) => (payment.payment_intent ? [String(payment.payment_intent)] : []));
}

export function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
