// The success page asks: the ledger answers, after one look at Stripe where that can bring news. What the ledger does not
// know costs no call, callers who ask at once share one, and all looks come out of one bucket.

import { LedgerError, type Logger, type PaymentLedger, type Runtime } from '@paidonce/ledger';
import type { ReadAllowance } from '../stripe/read-allowance.ts';
import { LookBucket } from './look-bucket.ts';
import { type PaymentStatus, statusOf } from './payment-status.ts';
import type { RefreshCheckout } from './refresh-checkout.ts';
import type { RefreshSubscription } from './refresh-subscription.ts';
import { type StatusSubject, subjectOf } from './status-subject.ts';

export interface StatusQueryParts {
  readonly ledger: PaymentLedger;
  readonly refreshCheckout: RefreshCheckout;
  /** Absent: the ledger keeps no subscriptions. */
  readonly refreshSubscription?: RefreshSubscription;
  readonly allowance: ReadAllowance;
  readonly runtime: Runtime;
  readonly log: Logger;
}

/** A customer is waiting. A read that takes longer goes on, and shows in the next answer. */
const deadlineMs = 3_000;
/** Stripe is read at most once in this time for one order: reads are rationed. */
const minReadIntervalMs = 1_000;
/**
 * The next read waits for this share of the time asked in vain: a customer who has just paid hears soon, and a page left
 * open costs little.
 */
const readIntervalShare = 1 / 10;
/** The longest time between two reads: the poll's interval. After twice this time without a read, the count begins anew. */
const maxReadIntervalMs = 5 * 60_000;
/** Orders whose last read is remembered. Beyond this the oldest is dropped, which costs one more call. */
const maxRememberedOrders = 10_000;
const warnAgainMs = 3_600_000;

interface LastRead {
  /** The first read of those that followed one another. Monotonic time, as is `atMs`. */
  readonly sinceMs: number;
  readonly atMs: number;
  readonly answered: Promise<StripeSaid>;
  /** The store did not take what Stripe said: the next read waits only `minReadIntervalMs`. */
  hasFailed: boolean;
}

/** `none`: it did not answer, or has no such session. `expired`: the session of a subscription, which begins nothing any more. */
type StripeSaid = 'answered' | 'expired' | 'none';

export class StatusQuery {
  readonly #parts: StatusQueryParts;
  /** Key: the id of the session or intent. */
  readonly #running = new Map<string, Promise<PaymentStatus | undefined>>();
  /** Key: the order's id, or the session of a subscription. */
  readonly #lastReads = new Map<string, LastRead>();
  readonly #bucket: LookBucket;
  #warnedAtMs = Number.NEGATIVE_INFINITY;

  constructor(parts: StatusQueryParts) {
    this.#parts = parts;
    this.#bucket = new LookBucket(parts.runtime);
  }

  /**
   * Undefined: the ledger does not know the session or intent, and Stripe was not asked. If Stripe does not answer, or the
   * looks of all orders are spent: `stale`.
   *
   * @throws LedgerError of the store.
   */
  ask(checkoutId: string): Promise<PaymentStatus | undefined> {
    if (!/^(?:cs|pi)_[A-Za-z0-9_]{1,120}$/.test(checkoutId)) return Promise.resolve(undefined);
    const running = this.#running.get(checkoutId);
    if (running) return running;
    const asked = this.#ask(checkoutId).finally(() => this.#running.delete(checkoutId));
    this.#running.set(checkoutId, asked);
    return asked;
  }

  /** What the ledger knows, without a look at Stripe. Undefined: it does not know the session or intent any more. */
  known(checkoutId: string): Promise<StatusSubject | undefined> {
    return subjectOf(checkoutId, this.#parts.ledger);
  }

  async #ask(checkoutId: string): Promise<PaymentStatus | undefined> {
    const before = await this.known(checkoutId);
    if (before === undefined) return undefined;
    if (before.isSettled) return statusOf(before.state, false);
    const answer = await this.#inTime(this.#readOnce(before, checkoutId));
    const { state } = (await this.known(checkoutId)) ?? before;
    // Of the session of a subscription the ledger does not record that it expired: another one may begin it.
    return statusOf(answer === 'expired' && state === 'pending' ? 'expired' : state, answer === 'none');
  }

  /** A read that is under way, or was made a moment ago, answers for this call too. */
  #readOnce(subject: StatusSubject, checkoutId: string): Promise<StripeSaid> {
    const { runtime, allowance } = this.#parts;
    const nowMs = runtime.monotonicNowMs();
    const key = subject.of === 'order' ? subject.id : checkoutId;
    const last = this.#lastReads.get(key);
    if (last && nowMs - last.atMs < waitMs(last)) return last.answered;
    if (!this.#bucket.take(allowance.ofMode(subject.livemode))) return Promise.resolve(this.#spent());
    const continues = last && nowMs - last.atMs < 2 * maxReadIntervalMs;
    const answered = this.#read(subject, checkoutId);
    const read: LastRead = { sinceMs: continues ? last.sinceMs : nowMs, atMs: nowMs, answered, hasFailed: false };
    answered.catch(() => {
      read.hasFailed = true;
    });
    this.#lastReads.delete(key);
    this.#lastReads.set(key, read);
    const [oldest] = this.#lastReads.keys();
    if (this.#lastReads.size > maxRememberedOrders && oldest !== undefined) this.#lastReads.delete(oldest);
    return answered;
  }

  /** Answered by the ledger alone: webhook and poll go on, and are not slowed by who asks. */
  #spent(): 'none' {
    const { runtime, log } = this.#parts;
    if (runtime.monotonicNowMs() - this.#warnedAtMs >= warnAgainMs) {
      this.#warnedAtMs = runtime.monotonicNowMs();
      log.warn({}, 'the looks of success pages are spent for now; the ledger answers them without asking Stripe');
    }
    return 'none';
  }

  async #read({ of, account }: StatusSubject, checkoutId: string): Promise<StripeSaid> {
    const { refreshCheckout, refreshSubscription, log } = this.#parts;
    const checkout = { id: checkoutId, account };
    try {
      const refresh = of === 'subscription' && refreshSubscription ? refreshSubscription : refreshCheckout;
      const { state } = await refresh(checkout, deadlineMs);
      if (state === 'missing')
        log.warn({ checkoutId: checkout.id }, 'Stripe knows no session or intent of this id. Is the key of another account or mode?');
      return state === 'missing' ? 'none' : state === 'expired' ? 'expired' : 'answered';
    } catch (error) {
      if (!(error instanceof LedgerError && error.code === 'provider_unavailable')) throw error;
      log.warn({ err: error, checkoutId: checkout.id }, 'Stripe did not answer a status query');
      return 'none';
    }
  }

  async #inTime(answered: Promise<StripeSaid>): Promise<StripeSaid> {
    const { runtime } = this.#parts;
    const ended = new AbortController();
    try {
      return await Promise.race([answered, runtime.sleep(deadlineMs * runtime.patience, ended.signal).then(() => 'none' as const)]);
    } finally {
      ended.abort();
    }
  }
}

function waitMs({ sinceMs, atMs, hasFailed }: LastRead): number {
  if (hasFailed) return minReadIntervalMs;
  return Math.min(maxReadIntervalMs, Math.max(minReadIntervalMs, (atMs - sinceMs) * readIntervalShare));
}
