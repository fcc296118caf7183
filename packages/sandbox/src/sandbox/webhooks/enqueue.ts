// From an event to its deliveries: which endpoints want it, and what its fate makes of that.
import type Stripe from 'stripe';
import { noSuchParameterObject } from '../api/stripe-error.ts';
import { DOUBLED_TIMES, delayMs, type Fate, fateName } from '../fate.ts';
import type { Model } from '../model.ts';
import type { Endpoint, ThinEvent } from '../state/records.ts';
import type { WebhookDelivery } from './delivery.ts';
import { makeThinTwin } from './thin-events.ts';

/** Call it within a transaction. */
export function enqueue(model: Model, event: Stripe.Event, group: string, fate: Fate): void {
  const listeners = endpointsFor(model);
  send(
    model,
    event.id,
    listeners.filter((endpoint) => endpoint.payload !== 'thin' && wants(endpoint, event.type)),
    group,
    fate,
  );
  const thin = listeners.filter((endpoint) => endpoint.payload === 'thin' && wants(endpoint, `v1.${event.type}`));
  if (thin.length > 0) send(model, makeThinTwin(model, event).id, thin, group, fate);
}

/** A thin event without a twin: at once, as it should be. */
export function enqueueThin(model: Model, event: ThinEvent, only?: Endpoint): void {
  const listeners = only ? [only] : endpointsFor(model).filter((endpoint) => endpoint.payload === 'thin' && wants(endpoint, event.type));
  send(model, event.id, listeners, event.id, 'delivered');
}

function send(model: Model, event: string, endpoints: readonly Endpoint[], group: string, fate: Fate): void {
  const name = fateName(fate);
  const status = name === 'lost' ? 'lost' : name === 'reordered' ? 'held' : 'pending';
  const copies = name === 'doubled' ? DOUBLED_TIMES : 1;
  const dueMs = model.clock.nowMs() + delayMs(fate);
  for (const endpoint of endpoints) {
    for (let copy = 0; copy < copies; copy += 1) add(model, { event, endpoint: endpoint.id, group, status, dueMs });
  }
}

/** The account's own endpoints, and for a connected account those of its platform that listen to all connected ones. */
function endpointsFor(model: Model): Endpoint[] {
  const own = [...model.state.endpoints.oldestFirst()].filter(({ connect }) => !connect);
  if (!model.connected) return own;
  return [...own, ...[...model.accounts.platform.state.endpoints.oldestFirst()].filter(({ connect }) => connect)];
}

/** The endpoint of a delivery, and the account that it belongs to. */
export function endpointOf(model: Model, id: string): { readonly owner: Model; readonly endpoint: Endpoint } | undefined {
  for (const owner of [model, model.accounts.platform]) {
    const endpoint = owner.state.endpoints.get(id);
    if (endpoint) return { owner, endpoint };
  }
  return undefined;
}

/** The payment has ended: what was held back goes out, newest first, each after the first try of the one before. */
export function releaseReordered(model: Model, { group, fate }: { readonly group: string; readonly fate: Fate }): void {
  if (fateName(fate) !== 'reordered') return;
  const { deliveries } = model.state;
  const newer = new Map<string, WebhookDelivery>();
  const held = [...deliveries.newestFirst()].filter(
    (delivery) => delivery.group === group && delivery.status === 'held' && !delivery.released,
  );
  for (const delivery of held) {
    const before = newer.get(delivery.endpoint);
    if (before) {
      deliveries.put({ ...(deliveries.get(before.id) ?? before), next: delivery.id });
      deliveries.put({ ...delivery, released: true });
    } else makePending(model, delivery);
    newer.set(delivery.endpoint, delivery);
  }
}

/** Lets go of what waited for `delivery`'s first try. */
export function releaseNext(model: Model, { next }: WebhookDelivery): void {
  const waiting = next === null ? undefined : model.state.deliveries.get(next);
  if (waiting?.status === 'held') makePending(model, waiting);
}

/** `stripe events resend`: to one endpoint, or to all that want it, whatever its fate was. */
export function resend(model: Model, event: Stripe.Event, endpointId: string | undefined): void {
  const named = endpointId === undefined ? undefined : endpointOf(model, endpointId)?.endpoint;
  if (endpointId !== undefined && !named) throw noSuchParameterObject('webhook_endpoint', endpointId, 'webhook_endpoint');
  const targets = named ? [named] : endpointsFor(model).filter((endpoint) => endpoint.payload !== 'thin' && wants(endpoint, event.type));
  for (const endpoint of targets) {
    add(model, { event: event.id, endpoint: endpoint.id, group: event.id, status: 'pending', dueMs: model.clock.nowMs() });
  }
}

/** Endpoints that have not answered 2xx yet. */
export function pendingEndpoints(model: Model, eventId: string): number {
  const deliveries = model.state.deliveries.withKey(eventId);
  const answered = new Set(deliveries.filter(({ status }) => status === 'delivered').map(({ endpoint }) => endpoint));
  return new Set(deliveries.map(({ endpoint }) => endpoint)).size - answered.size;
}

function wants({ object }: Endpoint, type: string): boolean {
  return object.status === 'enabled' && (object.enabled_events.includes('*') || object.enabled_events.includes(type));
}

function add(model: Model, fields: Pick<WebhookDelivery, 'event' | 'endpoint' | 'group' | 'status' | 'dueMs'>): void {
  const delivery = model.state.deliveries.put({
    id: model.newId('whd_'),
    released: false,
    next: null,
    attempts: 0,
    lastResult: null,
    ...fields,
  });
  if (delivery.status === 'pending') model.agenda.add(delivery.dueMs, { kind: 'webhook_due', id: delivery.id });
}

function makePending(model: Model, delivery: WebhookDelivery): void {
  const dueMs = model.clock.nowMs();
  model.state.deliveries.put({ ...delivery, released: true, status: 'pending', dueMs });
  model.agenda.add(dueMs, { kind: 'webhook_due', id: delivery.id });
}
