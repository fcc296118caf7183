// Credit notes: a part of an invoice that is not owed after all. Before it is paid, less is due; afterwards the money goes
// back, to the card, to the customer's balance, or outside Stripe.
import type Stripe from 'stripe';
import { listPage, partsInOrder, within } from '../../api/lists.ts';
import type { Parameters } from '../../api/parameters.ts';
import { type Call, found, type Route } from '../../api/route.ts';
import { invalidRequest, noSuchParameterObject } from '../../api/stripe-error.ts';
import type { Model } from '../../model.ts';
import type { CreditNoteRecord, InvoiceRecord } from '../../state/billing-records.ts';
import { emit } from '../events.ts';
import { issueNote, voidNote, type WantedLine, type WantedNote } from './credit-note-issue.ts';
import { renderCreditNote } from './credit-note-record.ts';
import { aboutInvoice } from './invoice-record.ts';

const REASONS = ['duplicate', 'fraudulent', 'order_change', 'product_unsatisfactory'] as const;

function create({ model, parameters }: Call): object {
  const invoiceId = parameters.requiredString('invoice');
  const invoice = model.state.invoices.get(invoiceId);
  if (!invoice) throw noSuchParameterObject('invoice', invoiceId, 'invoice');
  parameters.ignored('email_type', 'effective_at', 'shipping_cost');
  const lines = readLines(parameters, invoice);
  const named = parameters.integer('amount', { min: 1 });
  const amount = named ?? lines.reduce((sum, line) => sum + line.amountMinor, 0);
  const wanted: WantedNote = {
    amountMinor: amount,
    lines: lines.length > 0 ? lines : [{ amountMinor: amount, description: null, quantity: null, line: null }],
    creditMinor: parameters.integer('credit_amount') ?? 0,
    refundMinor: parameters.integer('refund_amount') ?? 0,
    outsideMinor: parameters.integer('out_of_band_amount') ?? 0,
    refunds: parameters.hashes('refunds').map((each) => readRefund(model, each)),
    memo: parameters.string('memo') ?? null,
    metadata: parameters.metadata() ?? {},
    reason: parameters.oneOf('reason', REASONS) ?? null,
  };
  return renderCreditNote(model, issueNote(model, invoice, wanted));
}

function readRefund(model: Model, each: Parameters): { id: string; amountMinor: number } {
  each.refused('The sandbox has no payment records.', 'payment_record_refund');
  each.oneOf('type', ['refund']);
  const id = each.requiredString('refund');
  const refund = model.state.refunds.get(id);
  if (!refund) throw noSuchParameterObject('refund', id, each.name('refund'));
  return { id, amountMinor: each.integer('amount_refunded', { min: 1, max: refund.amount }) ?? refund.amount };
}

function readLines(parameters: Parameters, { lines }: InvoiceRecord): WantedLine[] {
  return parameters.hashes('lines').map((each) => {
    const type = each.oneOf('type', ['custom_line_item', 'invoice_line_item']);
    each.refused('The sandbox has no tax rates.', 'tax_rates', 'tax_amounts');
    each.ignored('metadata');
    const quantity = each.integer('quantity', { min: 1 }) ?? null;
    const unit = each.integer('unit_amount');
    const amount = each.integer('amount');
    const description = each.string('description') ?? null;
    const lineId = each.string('invoice_line_item');
    const line = lines.find(({ id }) => id === lineId);
    if (type === 'invoice_line_item' && !line)
      throw noSuchParameterObject('invoice_line_item', lineId ?? '', each.name('invoice_line_item'));
    const whole = line && quantity !== null && line.quantity ? Math.round((line.amount * quantity) / line.quantity) : line?.amount;
    return {
      amountMinor: amount ?? (unit === undefined ? (whole ?? 0) : unit * (quantity ?? 1)),
      description: description ?? line?.description ?? null,
      quantity,
      line: line?.id ?? null,
    };
  });
}

function list({ model, parameters }: Call): object {
  const [invoice, customer] = ['invoice', 'customer'].map((name) => parameters.string(name));
  const created = parameters.range('created');
  const page = listPage(model.state.creditNotes, parameters, '/v1/credit_notes', ({ note }) => {
    return within(created, note.created) && (invoice ?? note.invoice) === note.invoice && (customer ?? note.customer) === note.customer;
  });
  return { ...page, data: page.data.map((record) => renderCreditNote(model, record)) };
}

function noteNamed({ model, id }: Call): CreditNoteRecord {
  return found(model.state.creditNotes.get(id), 'credit_note', id);
}

function update(call: Call): Stripe.CreditNote {
  const { model, parameters } = call;
  const { note, ...rest } = noteNamed(call);
  const changed = { ...note, memo: parameters.changedString('memo', note.memo), metadata: parameters.changedMetadata(note.metadata) };
  const record = model.state.creditNotes.put({ ...rest, note: changed });
  const invoice = model.state.invoices.get(String(note.invoice));
  const rendered = renderCreditNote(model, record);
  if (invoice) emit(model, 'credit_note.updated', rendered, aboutInvoice(model, invoice), { memo: note.memo, metadata: note.metadata });
  return rendered;
}

function voidNow(call: Call): object {
  const record = noteNamed(call);
  if (record.note.status === 'void') throw invalidRequest(`The credit note ${record.id} is void already.`);
  return renderCreditNote(call.model, voidNote(call.model, record));
}

function lines(call: Call): object {
  const record = noteNamed(call);
  return listPage(partsInOrder('credit_note_line_item', record.lines), call.parameters, `/v1/credit_notes/${record.id}/lines`);
}

const NOTE = '/v1/credit_notes/:note';

export const creditNoteRoutes: readonly Route[] = [
  { method: 'POST', path: '/v1/credit_notes', handle: create },
  { method: 'GET', path: '/v1/credit_notes', handle: list },
  { method: 'GET', path: NOTE, handle: (call) => renderCreditNote(call.model, noteNamed(call)) },
  { method: 'POST', path: NOTE, handle: update },
  { method: 'GET', path: `${NOTE}/lines`, handle: lines },
  { method: 'POST', path: `${NOTE}/void`, handle: voidNow },
];
