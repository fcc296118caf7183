// One request to Stripe: in our own release of its API (`client.ts`), with a deadline of ours, without retries of the SDK (it
// ignores `Retry-After` and waits up to 80 s), and each failure as one LedgerError (`stripe-failure.ts`).
import type { Runtime } from '@paidonce/ledger';
import { defined } from '@paidonce/ledger/adapter';
import * as z from 'zod';
import { type Asked, type Listed, notAnAnswer } from './answer-check.ts';
import { apiVersion, type StripeAnswer, type StripeClient, type StripeRequestOptions } from './client.ts';
import { failureOf, NoAnswer, type Refused, stripeErrorIn } from './stripe-failure.ts';
import { failedPath } from './stripe-objects.ts';

/** What Stripe answered, and when, by Stripe's own clock. */
export interface Answer<T = unknown> {
  readonly object: T;
  /** The `Date` header, ISO 8601; our own time if there is none. */
  readonly asOf: string;
  /** The version that shaped the object. Absent: the response names none. */
  readonly apiVersion?: string;
  /** Stripe repeated its stored answer to an earlier request with this idempotency key; the object may have changed since. */
  readonly isReplayed?: true;
  /** The response has no `Date`: `asOf` is our own clock, which ends nothing. */
  readonly isUndated?: true;
}

export interface ListPage {
  readonly objects: readonly unknown[];
  readonly hasMore: boolean;
}

export interface StripeCallsOptions {
  readonly stripe: StripeClient;
  readonly runtime: Runtime;
  /** The connected account to act on. Absent: the key's own account. */
  readonly connected?: string;
  /** Wraps each request, to count, pace or retry it. Default: one request, at once. */
  readonly around?: <T>(what: string, call: () => Promise<T>) => Promise<T>;
}

export interface StripeRequest {
  /** Like `GET /v1/account`. */
  readonly what: string;
  readonly call: (options: StripeRequestOptions) => PromiseLike<StripeAnswer>;
  readonly asked: Asked;
  /** Default 5,000: a webhook waits for most reads, and Stripe does not wait long for a webhook. */
  readonly timeoutMs?: number;
  /** Default `provider_unavailable`: a refused read leaves the question open. */
  readonly refusedAs?: Refused;
  /** The parameters are typed by the shop's SDK, and Stripe reads them in that SDK's release. Default: our own release. */
  readonly release?: 'of the shop';
}

const readTimeoutMs = 5_000;
const anySchema: z.ZodType<unknown> = z.unknown();
const listSchema: z.ZodType<{ readonly data: readonly unknown[]; readonly has_more?: unknown }> = z.object({
  data: z.array(z.unknown()),
  has_more: z.unknown(),
});

export class StripeRequests {
  readonly #options: StripeCallsOptions;

  constructor(options: StripeCallsOptions) {
    this.#options = options;
  }

  /** @param schema what is read of the answer. @throws LedgerError as `StripeCalls`. */
  async ask<T>(request: StripeRequest, schema: z.ZodType<T>): Promise<Answer<T>> {
    const { what, call, asked, timeoutMs = readTimeoutMs, refusedAs = 'provider_unavailable', release } = request;
    const { runtime, connected, around = (_what, once) => once() } = this.#options;
    const options: StripeRequestOptions = {
      timeout: timeoutMs * runtime.patience,
      maxNetworkRetries: 0,
      ...(release === 'of the shop' ? {} : { apiVersion }),
      ...defined({ stripeAccount: connected }),
    };
    const { headers, object } = await around(what, async () => {
      try {
        const body = await call(options);
        return { headers: body.lastResponse.headers, object: objectIn(body, asked, schema) };
      } catch (error) {
        throw failureOf(what, error, refusedAs);
      }
    });
    const { date, 'stripe-version': shapedBy, 'idempotent-replayed': replayed } = headers;
    const at = new Date(date ?? '');
    const isUndated = Number.isNaN(at.getTime());
    return {
      object,
      asOf: (isUndated ? runtime.now() : at).toISOString(),
      ...(replayed === 'true' ? { isReplayed: true } : {}),
      ...(isUndated ? { isUndated: true } : {}),
      ...defined({ apiVersion: shapedBy }),
    };
  }

  /** Undefined: Stripe has no such object in our account and mode. */
  find(request: StripeRequest): Promise<Answer | undefined>;
  find<T>(request: StripeRequest, schema: z.ZodType<T>): Promise<Answer<T> | undefined>;
  find(request: StripeRequest, schema: z.ZodType<unknown> = anySchema): Promise<Answer | undefined> {
    return this.ask(request, schema).catch(undefinedWhereMissing);
  }

  async list(request: Omit<StripeRequest, 'asked'>, of: Listed): Promise<Answer<ListPage>> {
    const { object: list, ...answer } = await this.ask({ ...request, asked: { object: 'list', of } }, listSchema);
    return { ...answer, object: { objects: list.data, hasMore: list.has_more === true } };
  }

  /** A list that belongs to one payment. Undefined: Stripe has no such payment. */
  listOf(request: Omit<StripeRequest, 'asked'>, of: Listed): Promise<Answer<ListPage> | undefined> {
    return this.list(request, of).catch(undefinedWhereMissing);
  }
}

/** @throws NoAnswer: it is not what was asked for, or lacks what every release has. */
function objectIn<T>(body: StripeAnswer, asked: Asked, schema: z.ZodType<T>): T {
  const { statusCode, headers } = body.lastResponse;
  const found = notAnAnswer(statusCode, body, asked);
  if (found !== undefined) throw new NoAnswer(found, { statusCode, headers });
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new NoAnswer(`a ${asked.object} whose ${failedPath(parsed.error)} cannot be read`, { statusCode, headers });
}

/** "No such object" is an answer like any other: asking again would bring the same. */
function undefinedWhereMissing(error: unknown): undefined {
  if (stripeErrorIn(error)?.code !== 'resource_missing') throw error;
}
