// Invoice payments: which payment has paid which invoice, and how much of it. An invoice may have several, and one payment
// may pay several invoices.
import { listPage, within } from '../../api/lists.ts';
import { type Call, found, type Route } from '../../api/route.ts';
import { invalidRequest, missingParameter, noSuchParameterObject } from '../../api/stripe-error.ts';
import { intentEnded } from './intent-ended.ts';
import { addPayment } from './invoice-finalize.ts';
import { putInvoice, renderInvoice } from './invoice-record.ts';

function list({ model, parameters }: Call): object {
  const invoice = parameters.string('invoice');
  const status = parameters.oneOf('status', ['canceled', 'open', 'paid']);
  const created = parameters.range('created');
  const payment = parameters.hash('payment');
  const type = payment?.oneOf('type', ['payment_intent', 'payment_record']);
  const intent = payment?.string('payment_intent');
  payment?.refused('The sandbox has no payment records.', 'payment_record');
  if (type === 'payment_intent' && intent === undefined) throw missingParameter('payment[payment_intent]');
  return listPage(model.state.invoicePayments, parameters, '/v1/invoice_payments', (row) => {
    return (
      (invoice ?? row.invoice) === row.invoice &&
      (status ?? row.status) === row.status &&
      within(created, row.created) &&
      (intent === undefined || row.payment.payment_intent === intent)
    );
  });
}

/** A payment intent of its own pays the invoice too, once it has succeeded. */
function attach({ model, parameters, id }: Call): object {
  const record = found(model.state.invoices.get(id), 'invoice', id);
  parameters.refused('The sandbox has no payment records.', 'payment_record');
  const intentId = parameters.requiredString('payment_intent');
  const intent = model.state.intents.get(intentId);
  if (!intent) throw noSuchParameterObject('payment_intent', intentId, 'payment_intent');
  if (record.invoice.status !== 'open')
    throw invalidRequest(`The invoice ${id} is ${record.invoice.status}; payments are attached to one that is open.`);
  if (intent.currency !== record.invoice.currency)
    throw invalidRequest(`The payment intent is in ${intent.currency}, the invoice in ${record.invoice.currency}.`);
  const requested = Math.min(intent.amount, record.invoice.amount_remaining);
  const payment = addPayment(model, record, { type: 'payment_intent', payment_intent: intent.id }, requested, false);
  putInvoice(model, record, {}, [...record.payments, payment.id]);
  intentEnded(model, intent);
  return renderInvoice(model, model.state.invoices.get(id) ?? record);
}

export const invoicePaymentRoutes: readonly Route[] = [
  { method: 'GET', path: '/v1/invoice_payments', handle: list },
  {
    method: 'GET',
    path: '/v1/invoice_payments/:payment',
    handle: ({ model, id }) => found(model.state.invoicePayments.get(id), 'invoice_payment', id),
  },
  { method: 'POST', path: '/v1/invoices/:invoice/attach_payment', handle: attach },
];
