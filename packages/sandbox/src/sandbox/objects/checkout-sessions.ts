// Checkout sessions over the API: retrieve, list, update, expire, line items. Creation is in `checkout-create.ts`.
import type Stripe from 'stripe';
import { type List, listPage, wholeList, within } from '../api/lists.ts';
import { type Call, found, type Route } from '../api/route.ts';
import type { CheckoutRecord } from '../state/records.ts';
import { createSession } from './checkout-create.ts';
import { expire } from './checkout-expire.ts';
import { renderSession } from './checkout-record.ts';
import { namedIn } from './look-up.ts';

function recordOf({ model, id }: Call): CheckoutRecord {
  return found(model.state.sessions.get(id), 'checkout.session', id);
}

function list({ model, parameters }: Call): List<Stripe.Checkout.Session> {
  const status = parameters.oneOf('status', ['open', 'complete', 'expired']);
  const created = parameters.range('created');
  const intent = namedIn(model, parameters, 'payment_intent');
  const email = parameters.hash('customer_details')?.string('email');
  const [customer, paymentLink, subscription] = ['customer', 'payment_link', 'subscription'].map((name) => parameters.string(name));
  const page = listPage(model.state.sessions, parameters, '/v1/checkout/sessions', ({ session }) => {
    return (
      (status ?? session.status) === session.status &&
      within(created, session.created) &&
      (intent ?? session.payment_intent) === session.payment_intent &&
      (email ?? session.customer_details?.email) === session.customer_details?.email &&
      (customer ?? session.customer) === session.customer &&
      (paymentLink ?? session.payment_link) === session.payment_link &&
      (subscription ?? session.subscription) === session.subscription
    );
  });
  return { ...page, data: page.data.map((record) => renderSession(model, record)) };
}

function update(call: Call): object {
  const { model, parameters } = call;
  const record = recordOf(call);
  const metadata = parameters.changedMetadata(record.session.metadata);
  return renderSession(model, model.state.sessions.put({ ...record, session: { ...record.session, metadata } }));
}

function expireNow(call: Call): object {
  return renderSession(call.model, expire(call.model, recordOf(call)));
}

function lineItems(call: Call): object {
  const record = recordOf(call);
  // A session has few lines, so one page holds them all.
  call.parameters.ignored('limit', 'starting_after', 'ending_before');
  return wholeList(record.lineItems, `/v1/checkout/sessions/${record.id}/line_items`);
}

export const checkoutSessionRoutes: readonly Route[] = [
  { method: 'POST', path: '/v1/checkout/sessions', handle: createSession },
  { method: 'GET', path: '/v1/checkout/sessions', handle: list },
  { method: 'GET', path: '/v1/checkout/sessions/:session', handle: (call) => renderSession(call.model, recordOf(call)) },
  { method: 'POST', path: '/v1/checkout/sessions/:session', handle: update },
  { method: 'POST', path: '/v1/checkout/sessions/:session/expire', handle: expireNow },
  { method: 'GET', path: '/v1/checkout/sessions/:session/line_items', handle: lineItems },
];
