// Sends what is due, again on failure by the schedule, and gives up after it. A delivery that was under way when
// the sandbox stopped is sent again: at least once, as Stripe does it.
import type { Runtime } from '../../runtime.ts';
import type { Model } from '../model.ts';
import { renderEvent } from '../objects/events.ts';
import type { Endpoint } from '../state/records.ts';
import type { WebhookDelivery } from './delivery.ts';
import { endpointOf, releaseNext } from './enqueue.ts';
import { shapedEvent } from './payload-shape.ts';
import type { SendWebhook } from './send.ts';
import { signatureHeader } from './signature.ts';
import { renderNotification } from './thin-events.ts';

const AT_ONCE = 32;
/** Stripe disables an endpoint that has failed for days. */
const DISABLED_AFTER_MS = 3 * 24 * 3_600_000;

export interface DelivererOptions {
  readonly runtime: Runtime;
  /** Milliseconds since 1970. */
  readonly signingTime: () => number;
  readonly send: SendWebhook;
  /** Waits between the tries; after the last one it gives up. */
  readonly retryScheduleMs: readonly number[];
  readonly timeoutMs: number;
  readonly log: (message: string) => void;
  readonly witness: ((body: string) => void) | undefined;
}

export class WebhookDeliverer {
  readonly #options: DelivererOptions;
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<void>>();
  readonly #queue: { readonly model: Model; readonly id: string }[] = [];

  constructor(options: DelivererOptions) {
    this.#options = options;
  }

  /** Begins to send, at most 32 at once; does not wait. */
  start(model: Model, deliveryId: string): void {
    if (this.#closing.signal.aborted) return;
    this.#queue.push({ model, id: deliveryId });
    this.#pump();
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  async close(): Promise<void> {
    this.#queue.length = 0;
    this.#closing.abort();
    await this.settled();
  }

  #pump(): void {
    while (this.#running.size < AT_ONCE) {
      const next = this.#queue.shift();
      if (next === undefined) return;
      const attempt = this.#attempt(next.model, next.id)
        .catch((error: unknown) => this.#options.log(`webhook delivery ${next.id} could not be recorded: ${String(error)}`))
        .finally(() => {
          this.#running.delete(attempt);
          this.#pump();
        });
      this.#running.add(attempt);
    }
  }

  async #attempt(model: Model, id: string): Promise<void> {
    const { state } = model;
    const delivery = state.deliveries.get(id);
    if (delivery?.status !== 'pending') return;
    const endpoint = endpointOf(model, delivery.endpoint)?.endpoint;
    const event = state.events.get(delivery.event) ?? state.thinEvents.get(delivery.event);
    if (!event || endpoint?.object.status !== 'enabled') {
      this.#record(model, delivery, 'the endpoint is disabled or gone', 'gave_up');
      return;
    }
    const sent =
      'data' in event && 'object' in event
        ? shapedEvent(model, renderEvent(model, event), endpoint.object.api_version)
        : renderNotification(model, event);
    const body = JSON.stringify(sent, null, 2);
    const result = await this.#send(endpoint, body);
    // Stopped in the middle: it stays pending, in the file too.
    if (this.#closing.signal.aborted) return;
    const delivered = typeof result === 'number' && result >= 200 && result < 300;
    const tried = { ...(state.deliveries.get(id) ?? delivery), attempts: delivery.attempts + 1 };
    const wait = this.#options.retryScheduleMs[delivery.attempts];
    this.#record(model, tried, String(result), delivered ? 'delivered' : wait === undefined ? 'gave_up' : 'pending', wait);
    if (!delivered) this.#options.log(`webhook ${event.type} ${event.id} to ${endpoint.object.url}: ${result}, try ${tried.attempts}`);
  }

  /** The status, or in words why there was none. */
  async #send(endpoint: Endpoint, body: string): Promise<number | string> {
    const { runtime, signingTime, send, timeoutMs, witness } = this.#options;
    witness?.(body);
    const answered = new AbortController();
    const expired = new AbortController();
    const timer = runtime.sleep(timeoutMs, AbortSignal.any([answered.signal, this.#closing.signal])).then(() => expired.abort());
    // The machine's clock, not the advanced one: the receiver compares it with its own. New at each try.
    const t = Math.floor(signingTime() / 1_000);
    const headers = {
      'content-type': 'application/json; charset=utf-8',
      accept: '*/*; q=0.5, application/xml',
      'cache-control': 'no-cache',
      'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
      'stripe-signature': signatureHeader(body, endpoint.secrets, t),
    };
    try {
      return await send({ url: endpoint.object.url, headers, body }, expired.signal);
    } catch (error) {
      return expired.signal.aborted
        ? `timed out after ${timeoutMs} ms`
        : `failed: ${error instanceof Error ? error.message : String(error)}`;
    } finally {
      answered.abort();
      await timer;
    }
  }

  #record(model: Model, delivery: WebhookDelivery, lastResult: string, status: WebhookDelivery['status'], waitMs = 0): void {
    const now = model.clock.nowMs();
    model.state.transaction(() => {
      const row = model.state.deliveries.put({
        ...delivery,
        lastResult,
        status,
        dueMs: status === 'pending' ? now + waitMs : delivery.dueMs,
      });
      if (status === 'pending') model.agenda.add(row.dueMs, { kind: 'webhook_due', id: row.id });
      releaseNext(model, row);
      const found = endpointOf(model, row.endpoint);
      if (found) countFailures(found.owner, found.endpoint, status === 'delivered', now);
    });
  }
}

/** An endpoint that has only failed for three days gets nothing any more. */
function countFailures(owner: Model, endpoint: Endpoint, delivered: boolean, nowMs: number): void {
  if (endpoint.object.status !== 'enabled') return;
  const failingSinceMs = delivered ? null : (endpoint.failingSinceMs ?? nowMs);
  if (failingSinceMs === endpoint.failingSinceMs && (failingSinceMs === null || nowMs - failingSinceMs < DISABLED_AFTER_MS)) return;
  const disabled = failingSinceMs !== null && nowMs - failingSinceMs >= DISABLED_AFTER_MS;
  const object = disabled ? { ...endpoint.object, status: 'disabled' } : endpoint.object;
  owner.state.endpoints.put({ ...endpoint, object, failingSinceMs });
}
