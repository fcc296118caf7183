// Webhook endpoints: where events go, which types, and the secrets that sign them (several during a rotation).

import type Stripe from 'stripe';
import { listPage } from '../api/lists.ts';
import type { Parameters } from '../api/parameters.ts';
import { type Call, found, type Route } from '../api/route.ts';
import { invalidRequest, missingParameter } from '../api/stripe-error.ts';
import type { Model } from '../model.ts';
import type { Endpoint, EventPayload } from '../state/records.ts';

export interface EndpointFields {
  readonly id?: string;
  readonly url: string;
  readonly secrets: readonly string[];
  readonly enabledEvents: readonly string[];
  readonly apiVersion: string | null;
  readonly payload?: EventPayload;
  readonly connect?: boolean;
  readonly name?: string;
  readonly description?: string | null;
  readonly metadata?: Record<string, string>;
}

/** With the id of an existing endpoint: replaces it, and its pending webhooks go to the new address. */
export function putEndpoint(model: Model, fields: EndpointFields): Endpoint {
  if (!URL.canParse(fields.url) || !/^https?:/.test(fields.url)) {
    throw invalidRequest(`Invalid URL: ${fields.url}. Give an absolute http or https address.`, { code: 'url_invalid', param: 'url' });
  }
  const id = fields.id ?? model.newId('we_');
  return model.state.endpoints.put({
    id,
    object: {
      id,
      object: 'webhook_endpoint',
      api_version: fields.apiVersion,
      application: null,
      created: model.state.endpoints.get(id)?.object.created ?? model.clock.nowSeconds(),
      description: fields.description ?? null,
      enabled_events: [...fields.enabledEvents],
      livemode: false,
      metadata: fields.metadata ?? {},
      status: 'enabled',
      url: fields.url,
    },
    secrets: fields.secrets,
    failingSinceMs: null,
    payload: fields.payload ?? 'snapshot',
    connect: fields.connect ?? false,
    name: fields.name ?? 'Webhook endpoint',
    updatedMs: model.clock.nowMs(),
  });
}

function create({ model, parameters }: Call): object {
  const url = parameters.requiredString('url');
  const secret = model.newId('whsec_', 32);
  const endpoint = putEndpoint(model, {
    url,
    secrets: [secret],
    enabledEvents: readEvents(parameters) ?? ['*'],
    apiVersion: parameters.string('api_version') ?? null,
    description: parameters.string('description') ?? null,
    metadata: parameters.metadata() ?? {},
    connect: parameters.boolean('connect') ?? false,
  });
  return { ...endpoint.object, secret };
}

function update({ model, parameters, id }: Call): object {
  const endpoint = found(model.state.endpoints.get(id), 'webhook_endpoint', id);
  const disabled = parameters.boolean('disabled');
  const object: Stripe.WebhookEndpoint = {
    ...endpoint.object,
    url: parameters.url('url') ?? endpoint.object.url,
    enabled_events: readEvents(parameters) ?? endpoint.object.enabled_events,
    description: parameters.changedString('description', endpoint.object.description),
    metadata: { ...endpoint.object.metadata, ...parameters.metadata() },
    status: disabled === undefined ? endpoint.object.status : disabled ? 'disabled' : 'enabled',
  };
  const failingSinceMs = disabled === false ? null : endpoint.failingSinceMs;
  return model.state.endpoints.put({ ...endpoint, object, failingSinceMs, updatedMs: model.clock.nowMs() }).object;
}

function remove({ model, id }: Call): object {
  found(model.state.endpoints.get(id), 'webhook_endpoint', id);
  model.state.endpoints.remove(id);
  return { id, object: 'webhook_endpoint', deleted: true };
}

function readEvents(parameters: Parameters): string[] | undefined {
  if (!parameters.has('enabled_events')) return undefined;
  const events = parameters.strings('enabled_events');
  if (events.length === 0) throw missingParameter('enabled_events');
  return events;
}

function list({ model, parameters }: Call): object {
  // Thin ones are of /v2 only.
  const page = listPage(model.state.endpoints, parameters, '/v1/webhook_endpoints', ({ payload }) => payload !== 'thin');
  return { ...page, data: page.data.map(({ object }) => object) };
}

export const endpointRoutes: readonly Route[] = [
  { method: 'POST', path: '/v1/webhook_endpoints', handle: create },
  { method: 'GET', path: '/v1/webhook_endpoints', handle: list },
  {
    method: 'GET',
    path: '/v1/webhook_endpoints/:endpoint',
    handle: ({ model, id }) => found(model.state.endpoints.get(id), 'webhook_endpoint', id).object,
  },
  { method: 'POST', path: '/v1/webhook_endpoints/:endpoint', handle: update },
  { method: 'DELETE', path: '/v1/webhook_endpoints/:endpoint', handle: remove },
];
