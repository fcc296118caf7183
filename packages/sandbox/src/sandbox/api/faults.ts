// Faults that a test puts into the API: rate limits, server errors, slow answers, requests and answers that get lost, and
// answers that are not Stripe's.

export const FAULT_KINDS = ['status', 'slow', 'answer_lost', 'request_lost', 'timeout', 'gateway', 'other_object'] as const;
/** The kind of a fault. `Fault` says what each one does. */
export type FaultKind = (typeof FAULT_KINDS)[number];

/** A fault that hits the next calls that fit it. */
export interface Fault {
  /** Default: any method. */
  readonly method?: 'GET' | 'POST' | 'DELETE';
  /** A path template, e.g. `/v1/checkout/sessions/:session`. Default: any path. */
  readonly path?: string;
  /** How many calls it hits before it is used up. Default 1. */
  readonly times?: number;
  /**
   * - `status`: answers `status` (429, 500, 503…) and does nothing. From 500 on it is stored under the idempotency key.
   * - `slow`: does the work, answers after `delayMs`.
   * - `answer_lost`: does the work, then drops the connection.
   * - `request_lost`: drops the connection and does nothing.
   * - `timeout`: does the work and never answers; the caller has to give up.
   * - `gateway`: does nothing, and answers `status` with a `body` that is not Stripe's.
   * - `other_object`: does the work, and answers with another object than was asked for.
   */
  readonly kind: FaultKind;
  /** For `status`, required: 400 to 599. For `gateway`: 200 to 599, default 502. */
  readonly status?: number;
  /** For `status` below 500: stored under the idempotency key too, as what Stripe refuses after it has read the parameters. Default: false. */
  readonly stored?: boolean;
  /** For `gateway`: the text of the answer. Default `{"message":"Bad gateway"}`. */
  readonly body?: string;
  /** Seconds in the `Retry-After` header of the answer. Default: no header. */
  readonly retryAfterSeconds?: number;
  /** The `Stripe-Should-Retry` header of a `status` fault. Default: none below 500; else false with an idempotency key, true without. */
  readonly shouldRetry?: boolean;
  /** For `slow`, required: milliseconds. */
  readonly delayMs?: number;
}

export class Faults {
  #waiting: { readonly fault: Fault; left: number }[] = [];

  /** @throws Error if the fault lacks what its kind requires. */
  inject(fault: Fault): void {
    if (fault.kind === 'status' && !(Number.isInteger(fault.status) && (fault.status ?? 0) >= 400 && (fault.status ?? 0) <= 599)) {
      throw new Error('A fault of kind "status" needs a status from 400 to 599.');
    }
    if (fault.kind === 'slow' && !(Number.isFinite(fault.delayMs) && (fault.delayMs ?? -1) >= 0)) {
      throw new Error('A fault of kind "slow" needs delayMs.');
    }
    if (fault.kind === 'gateway' && fault.status !== undefined && !(fault.status >= 200 && fault.status <= 599)) {
      throw new Error('A fault of kind "gateway" needs a status from 200 to 599.');
    }
    this.#waiting.push({ fault, left: fault.times ?? 1 });
  }

  clear(): void {
    this.#waiting = [];
  }

  list(): readonly (Fault & { readonly left: number })[] {
    return this.#waiting.map(({ fault, left }) => ({ ...fault, left }));
  }

  /** The first fault that fits. Each use counts. */
  take(method: string, path: string): Fault | undefined {
    const entry = this.#waiting.find(({ fault }) => (fault.method ?? method) === method && (fault.path ?? path) === path);
    if (!entry) return undefined;
    entry.left -= 1;
    if (entry.left <= 0) this.#waiting = this.#waiting.filter((other) => other !== entry);
    return entry.fault;
  }
}
