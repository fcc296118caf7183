// Reads an invoice of a subscription, and the payments that come with it. Part of the pure mapping of subscriptions
// (`to-subscription-observation.ts`). Only a paid one says what was paid for, and its lines say it, never its total.
import type { InvoiceReason, PaidInvoice, UnpaidInvoice } from '@paidonce/ledger/adapter';
import {
  invoiceSchema,
  linesSchema,
  paidInvoiceSchema,
  partSchema,
  type StripeInvoice,
  type StripePaidInvoice,
} from '../stripe/invoice-objects.ts';
import { type BillingReading, ignored, incomplete, stated, together, unread } from './billing-reading.ts';
import { readLines } from './invoice-lines.ts';
import { readInvoicePayment } from './invoice-payment.ts';
import { isoTime } from './received.ts';

/** More lines than these are not taken. */
const mostLines = 250;

const reasons: ReadonlyMap<string | null, InvoiceReason> = new Map([
  ['subscription_create', 'create'],
  ['subscription_cycle', 'cycle'],
  ['subscription_update', 'update'],
  ['subscription_threshold', 'threshold'],
]);

type InvoiceFields = Readonly<Partial<Record<'id' | 'parent' | 'test_clock' | 'lines' | 'payments', unknown>>>;

/** @param subscription the subscription that the invoice names. Undefined: it names none. */
export function readInvoice(object: object, subscription: string | undefined): BillingReading {
  const { id, parent, test_clock: testClock, lines, payments }: InvoiceFields = object;
  if (typeOf(parent) !== 'subscription_details') return ignored('an invoice that no subscription made');
  if (id === undefined || id === null) return ignored('the preview of an invoice');
  if (testClock !== undefined && testClock !== null) return ignored(ofTestClock);
  const parsed = invoiceSchema.safeParse(object);
  const objectId = typeof id === 'string' ? id : undefined;
  if (!parsed.success) return unread('invoice', objectId, parsed.error);
  const invoice = parsed.data;
  if (subscription === undefined) return unread('invoice', invoice.id, 'parent.subscription_details.subscription');
  const { voided_at: voidedAt } = invoice.status_transitions;
  switch (invoice.status) {
    case 'draft':
      return ignored('the draft of an invoice');
    case 'open':
      if (invoice.latest_revision !== null) return stated(unpaid(invoice, 'void'), invoice.id);
      return readOpen(invoice, lines, subscription);
    case 'void':
      return stated(unpaid(invoice, 'void'), invoice.id, voidedAt);
    case 'uncollectible':
      return stated(unpaid(invoice, 'uncollectible'), invoice.id);
    case 'paid':
      return together([readPaid(invoice, object, subscription), ...readPayments(payments)]);
    default:
      return unread('invoice', invoice.id, 'status');
  }
}

/** Why an object of a test clock is left out: its time is not Stripe's. */
export const ofTestClock = 'an object of a test clock of Stripe. To try a renewal, let the sandbox advance months';

function readOpen(invoice: StripeInvoice, part: unknown, subscription: string): BillingReading {
  const { id, collection_method: method, due_date: dueDate } = invoice;
  // Attempts to collect it are no news: only terms say anything of access.
  if (method !== 'send_invoice' || dueDate === null) return stated(unpaid(invoice, 'open'), id);
  const read = linesOf(id, part, subscription);
  if (!('lines' in read)) return read;
  const starts = read.lines.flatMap(({ role, from }) => (role === 'base' ? from : []));
  const from = starts.toSorted()[0];
  return stated({ ...unpaid(invoice, 'open'), ...(from === undefined ? {} : { terms: { dueAt: isoTime(dueDate), from } }) }, id);
}

function readPaid({ id, status_transitions: { paid_at: paidAt } }: StripeInvoice, object: object, subscription: string): BillingReading {
  const read = linesOf(id, (object as InvoiceFields).lines, subscription);
  if (!('lines' in read)) return read;
  const parsed = paidInvoiceSchema.safeParse(object);
  if (!parsed.success) return unread('invoice', id, parsed.error);
  const paid = parsed.data;
  const fact: PaidInvoice = {
    kind: 'invoice',
    id,
    status: 'paid',
    reason: reasons.get(paid.billing_reason) ?? 'other',
    currency: paid.currency,
    totalMinor: paid.total,
    discountMinor: Math.max(paid.discounted, 0),
    taxMinor: paid.taxed,
    balanceMinor: fromBalance(paid),
    outsideMinor: paid.amount_paid_off_stripe ?? 0,
    writtenOffMinor: paid.pre_payment_credit_notes_amount ?? 0,
    lines: read.lines,
  };
  return stated(fact, id, paidAt);
}

/** A total below Stripe's least charge is carried to the balance as well. Below 0: credits went there, or a debt was paid. */
function fromBalance({ starting_balance: before, ending_balance: after }: StripePaidInvoice): number {
  return (after ?? before) - before;
}

function linesOf(
  id: string,
  part: unknown,
  subscription: string,
): BillingReading | Extract<ReturnType<typeof readLines>, { lines: unknown }> {
  const list = partSchema.safeParse(part);
  if (!list.success) return unread('invoice', id, list.error, 'lines.');
  if (list.data.has_more) return incomplete('lines', id);
  if (list.data.data.length > mostLines) return unread('invoice', id, `lines.data.${mostLines}`);
  const parsed = linesSchema.safeParse(list.data.data);
  if (!parsed.success) return unread('invoice', id, parsed.error, 'lines.data.');
  const read = readLines(parsed.data, subscription);
  return 'failedAt' in read ? unread('invoice', id, read.failedAt) : read;
}

/** Those that were read with it. Of the others Stripe tells by themselves. */
function readPayments(part: unknown): readonly BillingReading[] {
  const list = partSchema.safeParse(part);
  return list.success ? list.data.data.map(readInvoicePayment) : [];
}

function unpaid({ id }: StripeInvoice, status: UnpaidInvoice['status']): UnpaidInvoice {
  return { kind: 'invoice', id, status };
}

function typeOf(parent: unknown): unknown {
  return typeof parent === 'object' && parent !== null && 'type' in parent ? parent.type : undefined;
}
