// Thin events (`v2.core.event`): they name the object and carry no copy of it. A snapshot event gets a thin twin where
// an endpoint wants one; both tell the same fact under different ids.

import type Stripe from 'stripe';
import type { Model } from '../model.ts';
import type { RelatedObject, ThinEvent } from '../state/records.ts';

export type ThinEventFields = Omit<ThinEvent, 'id' | 'createdMs'>;

/** Call it within a transaction. */
export function makeThinEvent(model: Model, fields: ThinEventFields): ThinEvent {
  return model.state.thinEvents.put({ id: model.newId('evt_test_', 24), createdMs: model.clock.nowMs(), ...fields });
}

/** `checkout.session.completed` → `v1.checkout.session.completed`. */
export function makeThinTwin(model: Model, { id, type, request, data }: Stripe.Event): ThinEvent {
  const cause = request?.id ? { id: request.id, idempotencyKey: request.idempotency_key } : null;
  return makeThinEvent(model, { type: `v1.${type}`, snapshot: id, related: relatedObject(data.object), request: cause, data: null });
}

/** What is sent: without the data, which only a read of the event shows. */
export function renderNotification(model: Model, event: ThinEvent): object {
  const { request } = event;
  return {
    id: event.id,
    object: 'v2.core.event',
    ...(model.connected ? { context: model.account } : {}),
    created: new Date(event.createdMs).toISOString(),
    livemode: false,
    ...(request ? { reason: { type: 'request', request: { id: request.id, idempotency_key: request.idempotencyKey ?? '' } } } : {}),
    related_object: event.related,
    ...(event.snapshot === null ? {} : { snapshot_event: event.snapshot }),
    type: event.type,
  };
}

/** As `GET /v2/core/events/:id` answers it. */
export function renderThinEvent(model: Model, event: ThinEvent): object {
  return { ...renderNotification(model, event), ...(event.data ? { data: event.data } : {}) };
}

/** Where a reader finds the object; null: it cannot be read by itself. */
export function relatedObject(object: object): RelatedObject | null {
  const { id, object: type } = object as { readonly id?: unknown; readonly object?: unknown };
  const path = PATHS[String(type)];
  return typeof id === 'string' && path !== undefined ? { id, type: String(type), url: `${path}/${id}` } : null;
}

const PATHS: Readonly<Record<string, string>> = {
  account: '/v1/accounts',
  charge: '/v1/charges',
  'checkout.session': '/v1/checkout/sessions',
  credit_note: '/v1/credit_notes',
  customer: '/v1/customers',
  dispute: '/v1/disputes',
  invoice: '/v1/invoices',
  invoice_payment: '/v1/invoice_payments',
  invoiceitem: '/v1/invoiceitems',
  payment_intent: '/v1/payment_intents',
  payment_link: '/v1/payment_links',
  payment_method: '/v1/payment_methods',
  refund: '/v1/refunds',
  subscription: '/v1/subscriptions',
  'v2.core.event_destination': '/v2/core/event_destinations',
};
