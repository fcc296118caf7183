// `expand[]=data.payment_intent`: an id is replaced by the object that it names. Objects are copied, so that the stored
// ones keep the id.

import type { Model } from '../model.ts';
import { paymentListOf, paymentsOf } from '../objects/billing/invoice-record.ts';
import { isEnded, renderSubscription } from '../objects/billing/subscription-record.ts';
import { lookUp } from '../objects/look-up.ts';
import { firstOf, wholeList } from './lists.ts';
import { invalidRequest } from './stripe-error.ts';

const MAX_DEPTH = 4;

type Json = Record<string, unknown>;

export function expand(model: Model, object: object, paths: readonly string[]): object {
  let expanded = object as Json;
  for (const path of paths) {
    const fields = path.split('.');
    if (fields.length > MAX_DEPTH)
      throw invalidRequest(`You cannot expand more than ${MAX_DEPTH} levels of a property: ${path}`, { param: 'expand' });
    expanded = expandPath(model, expanded, fields, path) as Json;
  }
  return expanded;
}

function expandPath(model: Model, value: unknown, fields: readonly string[], path: string): unknown {
  const [field, ...rest] = fields;
  if (field === undefined || value === null || value === undefined) return value;
  if (Array.isArray(value)) return value.map((item) => expandPath(model, item, fields, path));
  if (typeof value !== 'object') throw cannotExpand(path);
  const object = value as Json;
  const included = includable(model, object, field);
  const inside = included === undefined ? object[field] : included;
  if (inside === undefined) throw cannotExpand(path);
  const whole = typeof inside === 'string' ? lookUp(model, inside) : inside;
  if (whole === undefined) throw cannotExpand(path);
  return { ...object, [field]: expandPath(model, whole, rest, path) };
}

function cannotExpand(path: string): Error {
  return invalidRequest(`This property cannot be expanded (${path}).`, { param: 'expand' });
}

/** Fields that an answer contains only if they are asked for. */
function includable(model: Model, object: Json, field: string): unknown {
  const id = String(object.id);
  if (object.object === 'checkout.session' && field === 'line_items') {
    return firstOf(model.state.sessions.get(id)?.lineItems ?? [], `/v1/checkout/sessions/${id}/line_items`);
  }
  if (object.object === 'payment_link' && field === 'line_items') {
    return firstOf(model.state.paymentLinks.get(id)?.lineItems ?? [], `/v1/payment_links/${id}/line_items`);
  }
  if (object.object === 'charge' && field === 'refunds') {
    const refunds = [...model.state.refunds.newestFirst()].filter((refund) => refund.charge === id);
    return wholeList(refunds, `/v1/charges/${id}/refunds`);
  }
  if (object.object === 'invoice') return includedInInvoice(model, id, field);
  if (object.object === 'customer' && field === 'subscriptions') {
    const running = model.state.subscriptions
      .withKey(id)
      .toReversed()
      .filter((record) => !isEnded(record));
    return wholeList(running.map(renderSubscription), `/v1/customers/${id}/subscriptions`);
  }
  return undefined;
}

function includedInInvoice(model: Model, id: string, field: string): unknown {
  const record = model.state.invoices.get(id);
  if (!record) return undefined;
  if (field === 'payments') return paymentListOf(model, record);
  if (field !== 'confirmation_secret') return undefined;
  const open = paymentsOf(model, record).find(({ status, is_default: isDefault }) => status === 'open' && isDefault);
  const secret = model.state.intents.get(String(open?.payment.payment_intent))?.client_secret;
  return secret ? { client_secret: secret, type: 'payment_intent' } : null;
}
