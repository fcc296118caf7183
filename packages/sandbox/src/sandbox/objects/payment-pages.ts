// The hosted page's own entries, which the Stripe CLI calls to pay a session (`stripe trigger
// checkout.session.completed`). Not in Stripe's reference.
import { type Call, found, type Route } from '../api/route.ts';
import { StripeApiError } from '../api/stripe-error.ts';
import type { Model } from '../model.ts';
import type { CheckoutRecord } from '../state/records.ts';
import { type PaymentOption, paymentOption } from '../test-cards.ts';
import { confirm } from './checkout-confirm.ts';
import { renderSession } from './checkout-record.ts';
import { methodNamed, readMethod } from './payment-methods.ts';

function page(model: Model, record: CheckoutRecord): object {
  const { id: _, object: __, ...session } = renderSession(model, record);
  return { id: `ppage_${record.id.slice(-24)}`, object: 'payment_page', session_id: record.id, ...session };
}

function recordOf({ model, id }: Call): CheckoutRecord {
  return found(model.state.sessions.get(id), 'checkout.session', id);
}

function confirmPage(call: Call): object {
  const { model, parameters, id } = call;
  const record = recordOf(call);
  const named = parameters.string('payment_method');
  const data = parameters.hash('payment_method_data');
  const method = data ? readMethod(model, data) : methodNamed(model, named ?? 'pm_card_visa', 'payment_method');
  const option = paymentOption(method.option) as PaymentOption;
  const expected = parameters.integer('expected_amount');
  if (expected !== undefined && expected !== record.session.amount_total) {
    throw new StripeApiError(
      400,
      'invalid_request_error',
      `The amount has changed: it is ${record.session.amount_total}, not ${expected}.`,
    );
  }
  // The page sends much more: how it looked, and what the browser is.
  parameters.ignoredRest();
  const confirmation = confirm(model, id, option);
  if (confirmation.outcome === 'declined') return new StripeApiError(402, 'card_error', confirmation.message, { code: 'card_declined' });
  return page(model, recordOf(call));
}

const PAGE = '/v1/payment_pages/:session';

export const paymentPageRoutes: readonly Route[] = [
  { method: 'GET', path: PAGE, handle: (call) => page(call.model, recordOf(call)) },
  { method: 'POST', path: `${PAGE}/confirm`, handle: confirmPage },
];
