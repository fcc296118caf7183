// Whether a time of Stripe's is to be believed. Times only move forward in the ledger, and a look with one that lies far ahead
// would end what is paid for: so each is compared with the newest before it and with our monotonic clock, which no wall clock
// moves. Each process has its own.
import { LedgerError, type Runtime } from '@paidonce/ledger';
import type { SubscriptionStatement } from '@paidonce/ledger/adapter';

/** Clocks of Stripe's servers differ by less, and so does what a retry takes. */
const toleranceMs = 10 * 60_000;
/** A machine that slept has lost time: what its reads say alike for so long is the time. */
const settledAfterMs = 15 * 60_000;

export class ProviderClock {
  readonly #runtime: Pick<Runtime, 'monotonicNowMs'>;
  readonly #onDoubt: (asOf: string) => void;
  /** How far the newest time is ahead of our monotonic clock. Undefined: none was confirmed yet. */
  #aheadMs: number | undefined;
  /** What reads have said instead, and since when. */
  #other: { readonly aheadMs: number; readonly sinceMs: number } | undefined;
  #asking: Promise<void> | undefined;

  /** @param onDoubt called with each time that is in doubt. Default: nobody is told. */
  constructor(runtime: Pick<Runtime, 'monotonicNowMs'>, onDoubt: (asOf: string) => void = () => undefined) {
    this.#runtime = runtime;
    this.#onDoubt = onDoubt;
  }

  /** Stripe's time now, as far as this process has heard. Undefined: it has heard none, or cannot tell which to believe. */
  get now(): Date | undefined {
    return this.#aheadMs === undefined ? undefined : new Date(this.#aheadMs + this.#runtime.monotonicNowMs());
  }

  /**
   * Whether this time is in doubt: more than ten minutes beyond the newest one. While this process has seen none, Stripe is
   * asked twice.
   *
   * @param asOf ISO 8601 UTC.
   * @param origin `event`: when an event was made. `read`: the `Date` of an answer of now.
   * @param ask makes a read, and answers its `Date`. Undefined: it bore none.
   * @throws what `ask` throws.
   */
  async isDoubtful(asOf: string, origin: 'event' | 'read', ask: () => Promise<string | undefined>): Promise<boolean> {
    await this.heard(ask);
    const isDoubtful = this.#judge(this.#aheadOf(asOf), origin);
    if (isDoubtful) this.#onDoubt(asOf);
    return isDoubtful;
  }

  /**
   * `now`, after asking Stripe twice where this process has heard no time yet.
   *
   * @param ask as of `isDoubtful`. @throws what `ask` throws.
   */
  async heard(ask: () => Promise<string | undefined>): Promise<Date | undefined> {
    if (this.#aheadMs === undefined) {
      this.#asking ??= this.#askTwice(ask).finally(() => {
        this.#asking = undefined;
      });
      await this.#asking;
    }
    return this.now;
  }

  async #askTwice(ask: () => Promise<string | undefined>): Promise<void> {
    const first = this.#aheadOf((await ask()) ?? '');
    const second = this.#aheadOf((await ask()) ?? '');
    if (Math.abs(first - second) <= toleranceMs) this.#aheadMs = Math.max(first, second);
  }

  #judge(aheadMs: number, origin: 'event' | 'read'): boolean {
    if (this.#aheadMs === undefined) return true;
    if (aheadMs <= this.#aheadMs + toleranceMs) {
      this.#aheadMs = Math.max(this.#aheadMs, aheadMs);
      if (origin === 'read') this.#other = undefined;
      return false;
    }
    if (origin === 'event') return true;
    const nowMs = this.#runtime.monotonicNowMs();
    if (this.#other === undefined || Math.abs(this.#other.aheadMs - aheadMs) > toleranceMs) this.#other = { aheadMs, sinceMs: nowMs };
    if (nowMs - this.#other.sinceMs < settledAfterMs) return true;
    this.#aheadMs = aheadMs;
    this.#other = undefined;
    return false;
  }

  #aheadOf(asOf: string): number {
    return Date.parse(asOf) - this.#runtime.monotonicNowMs();
  }
}

/**
 * The statements as they are recorded while their time is in doubt: they count, and their time moves nothing.
 *
 * @throws LedgerError `provider_unavailable`: one of them is a state of the subscription, which counts by its time.
 */
export function inDoubt(statements: readonly SubscriptionStatement[]): readonly SubscriptionStatement[] {
  const state = statements.find(({ fact }) => fact.kind === 'lifecycle');
  if (state === undefined) return statements.map((statement) => ({ ...statement, doubtful: true }));
  throw new LedgerError(
    'provider_unavailable',
    `${state.evidence.objectId} is told as of ${state.asOf}, far ahead of what Stripe said before, or without a Date of Stripe's. Nothing was decided on it; try again, and check what lies between`,
  );
}
