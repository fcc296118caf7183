// Events: what happened, with the object as it was then. The fate of its payment decides how each reaches the webhook
// endpoints.
import type Stripe from 'stripe';
import { listPage, within } from '../api/lists.ts';
import { type Call, found, type Route } from '../api/route.ts';
import { invalidRequest } from '../api/stripe-error.ts';
import { type Fate, fateInMetadata } from '../fate.ts';
import type { Model } from '../model.ts';
import { enqueue, pendingEndpoints, resend } from '../webhooks/enqueue.ts';
import { recordMissed } from '../webhooks/missed-events.ts';

/** Stripe lists the events of the last 30 days. */
const LISTED_SECONDS = 30 * 24 * 3_600;
const MAX_TYPES = 20;

/** The webhooks that share a fate, and which fate it is. */
export interface Announcement {
  /** The session, or another object that the events are about. Events are reordered within a group. */
  readonly group: string;
  readonly fate: Fate;
  /** Types of events that have another fate than the rest. */
  readonly fates?: Readonly<Record<string, Fate>>;
}

export function emit(model: Model, type: Stripe.Event.Type, object: object, about: Announcement, previous?: object): void {
  const { group } = about;
  const fate = about.fates?.[type] ?? about.fate;
  if (fate === 'never_made') {
    recordMissed(model, type, object);
    return;
  }
  const { requestId, idempotencyKey } = model.cause;
  const event = model.state.events.put({
    id: model.newId('evt_'),
    object: 'event',
    ...(model.connected ? { account: model.account, context: model.account } : {}),
    api_version: model.apiVersion,
    created: model.clock.nowSeconds(),
    data: { object, ...(previous ? { previous_attributes: previous } : {}) },
    livemode: false,
    pending_webhooks: 0,
    request: { id: requestId, idempotency_key: idempotencyKey },
    type,
  } as Stripe.Event);
  enqueue(model, event, group, fate);
}

/** Emits an event of an object that belongs to no payment. It has a fate only if its own metadata names one. */
export function emitOwn(
  model: Model,
  type: Stripe.Event.Type,
  object: { readonly id: string; readonly metadata: Record<string, string> | null },
  previous?: object,
): void {
  emit(model, type, object, { group: object.id, fate: fateInMetadata(object.metadata) ?? 'delivered' }, previous);
}

/** The event as it is read and sent. Only the number of endpoints that still wait for it changes. */
export function renderEvent(model: Model, event: Stripe.Event): Stripe.Event {
  return { ...event, pending_webhooks: pendingEndpoints(model, event.id) };
}

function list({ model, parameters }: Call): object {
  const created = parameters.range('created');
  const type = parameters.string('type');
  const types = parameters.strings('types');
  const delivered = parameters.boolean('delivery_success');
  if (types.length > MAX_TYPES) throw invalidRequest(`types can have at most ${MAX_TYPES} items.`, { param: 'types' });
  if (type !== undefined && types.length > 0) throw invalidRequest('You may only specify one of these parameters: type, types.');
  const wanted = new Set(type === undefined ? types : [type]);
  const oldest = model.clock.nowSeconds() - LISTED_SECONDS;
  const page = listPage(model.state.events, parameters, '/v1/events', (event) => {
    if (event.created < oldest || !within(created, event.created) || (wanted.size > 0 && !matches(wanted, event.type))) return false;
    return delivered === undefined || delivered === (pendingEndpoints(model, event.id) === 0);
  });
  return { ...page, data: page.data.map((event) => renderEvent(model, event)) };
}

/** `charge.*` matches every type that begins with `charge.`. */
function matches(wanted: ReadonlySet<string>, type: string): boolean {
  return wanted.has(type) || [...wanted].some((pattern) => pattern.endsWith('*') && type.startsWith(pattern.slice(0, -1)));
}

function retry({ model, parameters, id }: Call): object {
  const event = found(model.state.events.get(id), 'event', id);
  const endpoint = parameters.string('webhook_endpoint');
  parameters.ignored('account', 'for_stripecli');
  resend(model, event, endpoint);
  return renderEvent(model, event);
}

export const eventRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/events/:event',
    handle: ({ model, id }) => renderEvent(model, found(model.state.events.get(id), 'event', id)),
  },
  { method: 'GET', path: '/v1/events', handle: list },
  // Not in Stripe's reference: `stripe events resend` calls it.
  { method: 'POST', path: '/v1/events/:event/retry', handle: retry },
];
