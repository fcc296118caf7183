// Makes signed events as Stripe does, for tests: snapshot and thin events, of objects of a sandbox or of any object.
import Stripe from 'stripe';
import { plan, type Shop, webhookSecret } from './shop.test-support.ts';

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

export interface Signing {
  readonly secret?: string;
  /** The age of the signature. Default: 0. */
  readonly ageSeconds?: number;
  readonly event?: object;
}

let eventCount = 0;

/** Makes a signed event of the object, as Stripe would send it. */
export function signed(object: object, { secret = webhookSecret, ageSeconds = 0, event = {} }: Signing = {}): [Uint8Array, string] {
  eventCount += 1;
  const body = JSON.stringify({
    id: `evt_${eventCount}`,
    object: 'event',
    type: 'something.happened',
    api_version: '2026-10-28.endive',
    created: 1_800_000_200,
    livemode: false,
    data: { object },
    ...event,
  });
  return [bytes(body), sign(body, secret, ageSeconds)];
}

export function sign(payload: string, secret: string = webhookSecret, ageSeconds = 0): string {
  const timestamp = Math.floor(Date.now() / 1_000) - ageSeconds;
  return new Stripe('sk_test_123456789012').webhooks.generateTestHeaderString({ payload, secret, timestamp });
}

/** Makes a signed thin event, which only names its object. */
export function thin(related: { readonly id: string; readonly object: string }, event: object = {}): [Uint8Array, string] {
  eventCount += 1;
  const body = JSON.stringify({
    id: `evt_thin_${eventCount}`,
    object: 'v2.core.event',
    type: `v1.${related.object}.updated`,
    created: '2027-01-15T08:03:20.000Z',
    livemode: false,
    related_object: { id: related.id, type: related.object, url: `/v1/${related.object}/${related.id}` },
    ...event,
  });
  return [bytes(body), sign(body)];
}

export async function unreadable({ store }: Shop): Promise<object[]> {
  const found: object[] = [];
  for await (const { events } of store.readLog({ prefixes: ['unreadable-'] })) found.push(...events.map(({ data }) => data));
  return found;
}

export async function eventsInLog({ store }: Shop): Promise<number> {
  let count = 0;
  for await (const { events } of store.readLog()) count += events.length;
  return count;
}

/** Places an order with an attached session that does not exist in the sandbox. */
export async function placed({ ledger, sandbox }: Shop, sessionId = 'cs_test_1', changes: object = {}): Promise<void> {
  const { successUrl: _, ...order } = plan;
  await ledger.placeOrder({ ...order, account: sandbox.account, livemode: false, ...changes });
  await ledger.attachCheckout('order-1', { provider: 'stripe', account: sandbox.account, livemode: false, id: sessionId });
}
