// Faults that a test puts into the API: rate limits, server errors, slow answers, requests and answers that get lost.

export const FAULT_KINDS = ['status', 'slow', 'answer_lost', 'request_lost', 'timeout'] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface Fault {
  /** E.g. `POST`; default: any. */
  readonly method?: 'GET' | 'POST' | 'DELETE';
  /** A path template, e.g. `/v1/checkout/sessions/:session`; default: any. */
  readonly path?: string;
  /** How many calls it hits before it is used up; default 1. */
  readonly times?: number;
  /**
   * - `status`: answers `status` (429, 500, 503…) and does nothing.
   * - `slow`: does it, answers after `delayMs`.
   * - `answer_lost`: does it, then drops the connection.
   * - `request_lost`: drops the connection and does nothing.
   * - `timeout`: does it and never answers; the caller has to give up.
   */
  readonly kind: FaultKind;
  readonly status?: number;
  /** With 429: the `Retry-After` header. */
  readonly retryAfterSeconds?: number;
  /** The `Stripe-Should-Retry` header; absent by default, as at Stripe. */
  readonly shouldRetry?: boolean;
  readonly delayMs?: number;
}

export class Faults {
  #waiting: { readonly fault: Fault; left: number }[] = [];

  /** @throws Error where the fault is none. */
  inject(fault: Fault): void {
    if (fault.kind === 'status' && !(Number.isInteger(fault.status) && (fault.status ?? 0) >= 400 && (fault.status ?? 0) <= 599)) {
      throw new Error('A fault of kind "status" needs a status from 400 to 599.');
    }
    if (fault.kind === 'slow' && !(Number.isFinite(fault.delayMs) && (fault.delayMs ?? -1) >= 0)) {
      throw new Error('A fault of kind "slow" needs delayMs.');
    }
    this.#waiting.push({ fault, left: fault.times ?? 1 });
  }

  clear(): void {
    this.#waiting = [];
  }

  list(): readonly (Fault & { readonly left: number })[] {
    return this.#waiting.map(({ fault, left }) => ({ ...fault, left }));
  }

  /** The first that fits, used once. */
  take(method: string, path: string): Fault | undefined {
    const entry = this.#waiting.find(({ fault }) => (fault.method ?? method) === method && (fault.path ?? path) === path);
    if (!entry) return undefined;
    entry.left -= 1;
    if (entry.left <= 0) this.#waiting = this.#waiting.filter((other) => other !== entry);
    return entry.fault;
  }
}
