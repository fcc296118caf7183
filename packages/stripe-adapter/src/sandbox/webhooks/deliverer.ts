// Sends what is due, again on failure by the schedule, and gives up after it. A delivery that was under way when
// the sandbox stopped is sent again: at least once, as Stripe does it.
import type { Runtime } from '@paidonce/ledger';
import type { Model } from '../model.ts';
import { renderEvent } from '../objects/events.ts';
import type { WebhookDelivery } from './delivery.ts';
import type { Endpoint } from './endpoint.ts';
import { releaseNext } from './enqueue.ts';
import type { SendWebhook } from './send.ts';
import { signatureHeader } from './signature.ts';

const AT_ONCE = 32;
/** Stripe disables an endpoint that has failed for days. */
const DISABLED_AFTER_MS = 3 * 24 * 3_600_000;

export interface DelivererOptions {
  readonly model: Model;
  readonly runtime: Runtime;
  readonly send: SendWebhook;
  /** Waits between the tries; after the last one it gives up. */
  readonly retryScheduleMs: readonly number[];
  readonly timeoutMs: number;
  readonly log: (message: string) => void;
}

export class WebhookDeliverer {
  readonly #options: DelivererOptions;
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<void>>();
  readonly #queue: string[] = [];

  constructor(options: DelivererOptions) {
    this.#options = options;
  }

  /** Begins to send, at most 32 at once; does not wait. */
  start(deliveryId: string): void {
    if (this.#closing.signal.aborted) return;
    this.#queue.push(deliveryId);
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
      const id = this.#queue.shift();
      if (id === undefined) return;
      const attempt = this.#attempt(id)
        .catch((error: unknown) => this.#options.log(`webhook delivery ${id} could not be recorded: ${String(error)}`))
        .finally(() => {
          this.#running.delete(attempt);
          this.#pump();
        });
      this.#running.add(attempt);
    }
  }

  async #attempt(id: string): Promise<void> {
    const { state } = this.#options.model;
    const delivery = state.deliveries.get(id);
    if (delivery?.status !== 'pending') return;
    const endpoint = state.endpoints.get(delivery.endpoint);
    const event = state.events.get(delivery.event);
    if (!event || endpoint?.object.status !== 'enabled') {
      this.#record(delivery, endpoint, 'the endpoint is disabled or gone', 'gave_up');
      return;
    }
    const { api_version } = endpoint.object;
    const rendered = renderEvent(this.#options.model, event);
    const body = JSON.stringify(api_version === null ? rendered : { ...rendered, api_version }, null, 2);
    const result = await this.#send(endpoint, body);
    // Stopped in the middle: it stays pending, in the file too.
    if (this.#closing.signal.aborted) return;
    const delivered = typeof result === 'number' && result >= 200 && result < 300;
    const tried = { ...(state.deliveries.get(id) ?? delivery), attempts: delivery.attempts + 1 };
    const wait = this.#options.retryScheduleMs[delivery.attempts];
    this.#record(tried, endpoint, String(result), delivered ? 'delivered' : wait === undefined ? 'gave_up' : 'pending', wait);
    if (!delivered) this.#options.log(`webhook ${event.type} ${event.id} to ${endpoint.object.url}: ${result}, try ${tried.attempts}`);
  }

  /** The status, or in words why there was none. */
  async #send(endpoint: Endpoint, body: string): Promise<number | string> {
    const { runtime, send, timeoutMs } = this.#options;
    const answered = new AbortController();
    const expired = new AbortController();
    const timer = runtime.sleep(timeoutMs, AbortSignal.any([answered.signal, this.#closing.signal])).then(() => expired.abort());
    // The machine's clock, not the advanced one: the receiver compares it with its own. New at each try.
    const t = Math.floor(runtime.now().getTime() / 1_000);
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

  #record(
    delivery: WebhookDelivery,
    endpoint: Endpoint | undefined,
    lastResult: string,
    status: WebhookDelivery['status'],
    waitMs = 0,
  ): void {
    const { model } = this.#options;
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
      if (endpoint) this.#judge(model.state.endpoints.get(endpoint.id), status === 'delivered', now);
    });
  }

  /** An endpoint that has only failed for three days gets nothing any more. */
  #judge(endpoint: Endpoint | undefined, delivered: boolean, nowMs: number): void {
    if (endpoint?.object.status !== 'enabled') return;
    const failingSinceMs = delivered ? null : (endpoint.failingSinceMs ?? nowMs);
    if (failingSinceMs === endpoint.failingSinceMs && (failingSinceMs === null || nowMs - failingSinceMs < DISABLED_AFTER_MS)) return;
    const disabled = failingSinceMs !== null && nowMs - failingSinceMs >= DISABLED_AFTER_MS;
    const object = disabled ? { ...endpoint.object, status: 'disabled' } : endpoint.object;
    this.#options.model.state.endpoints.put({ ...endpoint, object, failingSinceMs });
  }
}
