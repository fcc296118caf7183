// What a credit note does to its invoice and to the money, and how it is undone.
import type Stripe from 'stripe';
import { invalidRequest } from '../../api/stripe-error.ts';
import type { Model } from '../../model.ts';
import type { CreditNoteRecord, InvoiceRecord } from '../../state/billing-records.ts';
import { emit } from '../events.ts';
import { refundCharge } from '../refunds.ts';
import { renderCreditNote } from './credit-note-record.ts';
import { changeBalance } from './customer-balance.ts';
import { markPaid } from './invoice-paid.ts';
import { aboutInvoice, paymentsOf, putInvoice, tellInvoice } from './invoice-record.ts';

export interface WantedLine {
  readonly amountMinor: number;
  readonly description: string | null;
  readonly quantity: number | null;
  /** The line of the invoice that it credits; null: it is a line of its own. */
  readonly line: string | null;
}

export interface WantedNote {
  readonly amountMinor: number;
  readonly lines: readonly WantedLine[];
  /** To the customer's balance. */
  readonly creditMinor: number;
  /** A refund that is made now. */
  readonly refundMinor: number;
  /** Refunds that were made before. */
  readonly refunds: readonly { readonly id: string; readonly amountMinor: number }[];
  readonly outsideMinor: number;
  readonly memo: string | null;
  readonly metadata: Record<string, string>;
  readonly reason: Stripe.CreditNote.Reason | null;
}

/** Call it within a transaction. @throws StripeApiError 400 for too much, or for parts that do not make the whole. */
export function issueNote(model: Model, record: InvoiceRecord, wanted: WantedNote): CreditNoteRecord {
  const { invoice } = record;
  const { state } = model;
  const open = invoice.status === 'open' || invoice.status === 'uncollectible' ? invoice.amount_remaining : 0;
  const pre = Math.min(wanted.amountMinor, open);
  const post = wanted.amountMinor - pre;
  refuseWrong(record, wanted, post);
  const id = model.newId('cn_', 24);
  const made = wanted.refundMinor === 0 ? [] : [refundNow(model, record, wanted.refundMinor)];
  const entry = changeBalance(model, String(invoice.customer), {
    amountMinor: -wanted.creditMinor,
    currency: invoice.currency,
    type: 'credit_note',
    invoice: record.id,
    creditNote: id,
  });
  const amounts = { pre, post, entry: entry?.id ?? null, refunds: [...wanted.refunds, ...made] };
  const note = state.creditNotes.put({ id, note: noteOf(model, id, record, wanted, amounts), lines: linesOf(model, wanted.lines) });
  emit(model, 'credit_note.created', renderCreditNote(model, note), aboutInvoice(model, record));
  takeOff(model, state.invoices.get(record.id) ?? record, pre, post);
  return note;
}

function refuseWrong({ id, invoice }: InvoiceRecord, wanted: WantedNote, post: number): void {
  if (invoice.status === 'draft' || invoice.status === 'void') {
    throw invalidRequest(`The invoice ${id} is ${invoice.status}: credit notes are for those that are open or paid.`, { param: 'invoice' });
  }
  const before = invoice.pre_payment_credit_notes_amount + invoice.post_payment_credit_notes_amount;
  if (wanted.amountMinor <= 0 || wanted.amountMinor + before > invoice.total) {
    throw invalidRequest(
      `The sum of credit notes (${wanted.amountMinor + before}) cannot exceed the total of the invoice (${invoice.total}).`,
      {
        param: 'amount',
      },
    );
  }
  const given =
    wanted.creditMinor + wanted.refundMinor + wanted.outsideMinor + wanted.refunds.reduce((sum, { amountMinor }) => sum + amountMinor, 0);
  if (given === post) return;
  throw invalidRequest(
    `The sum of credit amount, refund amount and out of band amount (${given}) must equal the post-payment credit note amount (${post}).`,
    { param: 'amount' },
  );
}

function refundNow(model: Model, record: InvoiceRecord, amountMinor: number): WantedNote['refunds'][number] {
  const paid = paymentsOf(model, record).findLast(({ status, payment }) => status === 'paid' && payment.type === 'payment_intent');
  const intent = model.state.intents.get(String(paid?.payment.payment_intent));
  const charge = model.state.charges.get(String(intent?.latest_charge));
  if (!charge)
    throw invalidRequest(`The invoice ${record.id} was not paid by a card or a debit: nothing can be refunded.`, {
      param: 'refund_amount',
    });
  return { id: refundCharge(model, charge, { amountMinor }).id, amountMinor };
}

interface Amounts {
  readonly pre: number;
  readonly post: number;
  /** The change of the customer's balance. */
  readonly entry: string | null;
  readonly refunds: WantedNote['refunds'];
}

function noteOf(
  model: Model,
  id: string,
  { id: invoiceId, invoice }: InvoiceRecord,
  wanted: WantedNote,
  amounts: Amounts,
): CreditNoteRecord['note'] {
  const now = model.clock.nowSeconds();
  const { pre, post, entry, refunds } = amounts;
  return {
    id,
    object: 'credit_note',
    amount: wanted.amountMinor,
    amount_shipping: 0,
    created: now,
    currency: invoice.currency,
    customer: String(invoice.customer),
    customer_account: null,
    customer_balance_transaction: entry,
    discount_amount: 0,
    discount_amounts: [],
    effective_at: now,
    invoice: invoiceId,
    livemode: false,
    memo: wanted.memo,
    metadata: wanted.metadata,
    number: `${invoice.number}-CN-${String(model.state.creditNotes.withKey(invoiceId).length + 1).padStart(2, '0')}`,
    out_of_band_amount: wanted.outsideMinor === 0 ? null : wanted.outsideMinor,
    pdf: '',
    post_payment_amount: post,
    pre_payment_amount: pre,
    pretax_credit_amounts: [],
    reason: wanted.reason,
    refunds: refunds.map((refund) => ({
      amount_refunded: refund.amountMinor,
      payment_record_refund: null,
      refund: refund.id,
      type: 'refund',
    })),
    shipping_cost: null,
    status: 'issued',
    subtotal: wanted.amountMinor,
    subtotal_excluding_tax: wanted.amountMinor,
    total: wanted.amountMinor,
    total_excluding_tax: wanted.amountMinor,
    total_taxes: [],
    type: pre === 0 ? 'post_payment' : post === 0 ? 'pre_payment' : 'mixed',
    voided_at: null,
  };
}

function linesOf(model: Model, lines: readonly WantedLine[]): Stripe.CreditNoteLineItem[] {
  return lines.map(({ amountMinor, description, quantity, line }) => ({
    id: model.newId('cnli_'),
    object: 'credit_note_line_item',
    amount: amountMinor,
    description,
    discount_amount: 0,
    discount_amounts: [],
    ...(line === null ? {} : { invoice_line_item: line }),
    livemode: false,
    metadata: {},
    pretax_credit_amounts: [],
    quantity,
    tax_rates: [],
    taxes: [],
    type: line === null ? 'custom_line_item' : 'invoice_line_item',
    unit_amount: null,
    unit_amount_decimal: null,
  }));
}

/** Less is due; with nothing left the invoice is paid. Negative amounts: a note is undone. */
function takeOff(model: Model, record: InvoiceRecord, pre: number, post: number): void {
  const { invoice } = record;
  const changed = putInvoice(model, record, {
    amount_due: invoice.amount_due - pre,
    amount_remaining: invoice.amount_remaining - pre,
    pre_payment_credit_notes_amount: invoice.pre_payment_credit_notes_amount + pre,
    post_payment_credit_notes_amount: invoice.post_payment_credit_notes_amount + post,
  });
  adjustIntent(model, changed);
  tellInvoice(model, 'invoice.updated', changed, { amount_due: invoice.amount_due, amount_remaining: invoice.amount_remaining });
  if (pre > 0 && changed.invoice.amount_remaining === 0) markPaid(model, changed);
}

/** Who pays by the intent pays what is due. */
function adjustIntent(model: Model, record: InvoiceRecord): void {
  const open = paymentsOf(model, record).find(({ status, is_default: isDefault }) => status === 'open' && isDefault);
  const intent = model.state.intents.get(String(open?.payment.payment_intent));
  const amount = record.invoice.amount_remaining;
  if (!open || !intent || amount === 0 || intent.status === 'processing') return;
  model.state.intents.put({ ...intent, amount });
  model.state.invoicePayments.put({ ...open, amount_requested: amount });
}

/** Call it within a transaction. @throws StripeApiError 400 where money has gone back, or the invoice is over. */
export function voidNote(model: Model, record: CreditNoteRecord): CreditNoteRecord {
  const { note } = record;
  const invoice = model.state.invoices.get(String(note.invoice));
  if (note.refunds.length > 0) throw invalidRequest(`The credit note ${record.id} has refunds, and cannot be voided.`);
  if (!invoice || (note.pre_payment_amount > 0 && invoice.invoice.status !== 'open')) {
    throw invalidRequest(`The invoice of the credit note ${record.id} is not open any more: the note cannot be voided.`);
  }
  const entry = model.state.balanceEntries.get(String(note.customer_balance_transaction));
  changeBalance(model, String(note.customer), {
    amountMinor: -(entry?.amount ?? 0),
    currency: note.currency,
    type: 'credit_note',
    invoice: invoice.id,
    creditNote: record.id,
  });
  const voided = model.state.creditNotes.put({ ...record, note: { ...note, status: 'void', voided_at: model.clock.nowSeconds() } });
  emit(model, 'credit_note.voided', renderCreditNote(model, voided), aboutInvoice(model, invoice), { status: 'issued', voided_at: null });
  takeOff(model, invoice, -note.pre_payment_amount, -note.post_payment_amount);
  return voided;
}
