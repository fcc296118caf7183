// `/v2/core`: event destinations, which are webhook endpoints by their newer name, and the thin events themselves.
import type Stripe from 'stripe';
import type { Parameters } from '../api/parameters.ts';
import { type Call, found, type Route } from '../api/route.ts';
import { invalidRequest, missingParameter } from '../api/stripe-error.ts';
import type { Model } from '../model.ts';
import type { Collection, Row } from '../state/collection.ts';
import type { Endpoint } from '../state/records.ts';
import { putEndpoint } from './endpoint.ts';
import { enqueueThin } from './enqueue.ts';
import { makeThinEvent, relatedObject, renderThinEvent } from './thin-events.ts';

const MAX_LIMIT = 100;

function render(endpoint: Endpoint, include: readonly string[] = [], showSecret = false): Stripe.V2.Core.EventDestination {
  const { id, object, payload, connect, name, secrets, updatedMs } = endpoint;
  const secret = secrets[0];
  const webhook = {
    ...(showSecret && include.includes('webhook_endpoint.signing_secret') && secret !== undefined ? { signing_secret: secret } : {}),
    ...(include.includes('webhook_endpoint.url') ? { url: object.url } : {}),
  };
  return {
    id,
    object: 'v2.core.event_destination',
    created: new Date(object.created * 1_000).toISOString(),
    description: object.description ?? '',
    enabled_events: object.enabled_events,
    event_payload: payload ?? 'snapshot',
    events_from: [connect ? '@accounts' : '@self'],
    livemode: false,
    metadata: object.metadata,
    name: name ?? '',
    ...(object.api_version === null ? {} : { snapshot_api_version: object.api_version }),
    status: object.status === 'enabled' ? 'enabled' : 'disabled',
    ...(object.status === 'enabled' ? {} : { status_details: { disabled: { reason: 'user' } } }),
    type: 'webhook_endpoint',
    updated: new Date(updatedMs ?? object.created * 1_000).toISOString(),
    webhook_endpoint: webhook,
  };
}

function create({ model, parameters }: Call): object {
  const type = parameters.requiredString('type');
  if (type !== 'webhook_endpoint') throw invalidRequest(`The sandbox sends to webhook endpoints only, not to ${type}.`, { param: 'type' });
  const from = parameters.strings('events_from');
  const payload = parameters.oneOf('event_payload', ['snapshot', 'thin']);
  const enabledEvents = parameters.strings('enabled_events');
  const url = parameters.hash('webhook_endpoint')?.requiredString('url');
  if (payload === undefined) throw missingParameter('event_payload');
  if (enabledEvents.length === 0) throw missingParameter('enabled_events');
  if (url === undefined) throw missingParameter('webhook_endpoint[url]');
  const endpoint = putEndpoint(model, {
    id: model.newId('ed_test_', 24),
    url,
    secrets: [model.newId('whsec_', 32)],
    enabledEvents,
    payload,
    connect: from.includes('@accounts'),
    name: parameters.requiredString('name'),
    apiVersion: parameters.string('snapshot_api_version') ?? null,
    description: parameters.string('description') ?? null,
    metadata: parameters.metadata() ?? {},
  });
  return render(endpoint, parameters.strings('include'), true);
}

function update(call: Call): object {
  const { model, parameters } = call;
  const endpoint = endpointNamed(call);
  const events = parameters.strings('enabled_events');
  const object = {
    ...endpoint.object,
    url: parameters.hash('webhook_endpoint')?.url('url') ?? endpoint.object.url,
    enabled_events: events.length > 0 ? events : endpoint.object.enabled_events,
    description: parameters.changedString('description', endpoint.object.description),
    metadata: { ...endpoint.object.metadata, ...parameters.metadata() },
  };
  const name = parameters.string('name') ?? endpoint.name;
  return render(model.state.endpoints.put({ ...endpoint, object, name, updatedMs: model.clock.nowMs() }), parameters.strings('include'));
}

function enable(call: Call, status: 'enabled' | 'disabled'): object {
  const endpoint = endpointNamed(call);
  const object = { ...endpoint.object, status };
  return render(call.model.state.endpoints.put({ ...endpoint, object, failingSinceMs: null, updatedMs: call.model.clock.nowMs() }));
}

function remove(call: Call): object {
  const { id } = endpointNamed(call);
  call.model.state.endpoints.remove(id);
  return { id, object: 'v2.core.event_destination', deleted: true };
}

/** Sends a thin event that says nothing but that the way is open. */
function ping(call: Call): object {
  const { model } = call;
  const endpoint = endpointNamed(call);
  const related = relatedObject({ id: endpoint.id, object: 'v2.core.event_destination' });
  const type = 'v2.core.event_destination.ping';
  const event = makeThinEvent(model, { type, snapshot: null, related, request: null, data: null });
  enqueueThin(model, event, endpoint);
  return renderThinEvent(model, event);
}

function endpointNamed({ model, id }: Call): Endpoint {
  return found(model.state.endpoints.get(id), 'v2.core.event_destination', id);
}

function listEvents({ model, parameters }: Call): object {
  const objectId = parameters.string('object_id');
  const types = parameters.strings('types');
  const filter = [
    ...types.map((type, index) => `types[${index}]=${encodeURIComponent(type)}`),
    ...(objectId ? [`object_id=${objectId}`] : []),
  ];
  const page = pageOf(model.state.thinEvents, parameters, `/v2/core/events?${filter.join('&')}`, ({ type, related }) => {
    return (objectId === undefined || related?.id === objectId) && (types.length === 0 || types.includes(type));
  });
  return { ...page, data: page.data.map((event) => renderThinEvent(model, event)) };
}

function listDestinations({ model, parameters }: Call): object {
  const include = parameters.strings('include');
  const page = pageOf(
    model.state.endpoints,
    parameters,
    `/v2/core/event_destinations?${include.map((field, index) => `include[${index}]=${field}`).join('&')}`,
    () => true,
  );
  return { ...page, data: page.data.map((endpoint) => render(endpoint, include)) };
}

/** The lists of `/v2`: newest first, the next page by its URL, which goes on from `url`. */
function pageOf<T extends Row>(collection: Collection<T>, parameters: Parameters, url: string, matches: (row: T) => boolean) {
  const limit = parameters.integer('limit', { min: 1, max: MAX_LIMIT }) ?? 20;
  const after = parameters.string('page');
  const rows = [...collection.newestFirst(after === undefined ? undefined : collection.place(after))].filter(matches);
  const data = rows.slice(0, limit);
  const last = data.at(-1);
  const next = rows.length > limit && last ? `${url}&limit=${limit}&page=${encodeURIComponent(last.id)}` : null;
  return { data, next_page_url: next, previous_page_url: null };
}

function thinEventNamed(model: Model, id: string): object {
  return renderThinEvent(model, found(model.state.thinEvents.get(id), 'v2.core.event', id));
}

const DESTINATION = '/v2/core/event_destinations/:destination';

export const eventDestinationRoutes: readonly Route[] = [
  { method: 'GET', path: '/v2/core/events', handle: listEvents },
  { method: 'GET', path: '/v2/core/events/:event', handle: ({ model, id }) => thinEventNamed(model, id) },
  { method: 'POST', path: '/v2/core/event_destinations', handle: create },
  { method: 'GET', path: '/v2/core/event_destinations', handle: listDestinations },
  { method: 'GET', path: DESTINATION, handle: (call) => render(endpointNamed(call), call.parameters.strings('include')) },
  { method: 'POST', path: DESTINATION, handle: update },
  { method: 'DELETE', path: DESTINATION, handle: remove },
  { method: 'POST', path: `${DESTINATION}/enable`, handle: (call) => enable(call, 'enabled') },
  { method: 'POST', path: `${DESTINATION}/disable`, handle: (call) => enable(call, 'disabled') },
  { method: 'POST', path: `${DESTINATION}/ping`, handle: ping },
];
