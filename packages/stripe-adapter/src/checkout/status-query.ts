// The success page asks: the ledger answers, after one look at Stripe where that can bring news. A session that the
// ledger does not know costs no call, and callers who ask at once share one.

import { LedgerError, type Logger, type PaymentLedger, type Runtime } from '@paidonce/ledger';
import { attemptOf, isFinalAttempt } from '@paidonce/ledger/adapter';
import { type PaymentStatus, stateOf, statusOf } from './payment-status.ts';
import type { LookAtSession } from './refresh-session.ts';

export interface StatusQueryParts {
  readonly ledger: PaymentLedger;
  readonly look: LookAtSession;
  readonly runtime: Runtime;
  readonly log: Logger;
}

/** A customer is waiting. A read that takes longer goes on, and shows in the next answer. */
const deadlineMs = 3_000;
/** Stripe is read at most once in this time for one order: reads are rationed. */
const betweenLooksMs = 1_000;
/**
 * The next read waits for this share of the time asked in vain: a customer who has just paid hears soon, and a page left
 * open costs little.
 */
const shareBetweenLooks = 1 / 10;
/** The longest time between two reads: the poll's interval. After twice this time without a read, the count begins anew. */
const longestBetweenLooksMs = 5 * 60_000;
/** Orders whose last read is remembered. Beyond this the oldest is dropped, which costs one more call. */
const rememberedLooks = 10_000;

interface LastLook {
  /** The first read of those that followed one another. Monotonic time, as is `atMs`. */
  readonly sinceMs: number;
  readonly atMs: number;
  /** Whether Stripe answered. */
  readonly answered: Promise<boolean>;
}

type Session = Parameters<LookAtSession>[0];

export class StatusQuery {
  readonly #parts: StatusQueryParts;
  /** Key: session id. */
  readonly #running = new Map<string, Promise<PaymentStatus | undefined>>();
  /** Key: order id. */
  readonly #lastLooks = new Map<string, LastLook>();

  constructor(parts: StatusQueryParts) {
    this.#parts = parts;
  }

  /**
   * Undefined: the ledger does not know the session, and Stripe was not asked. If Stripe does not answer: `stale`.
   *
   * @throws LedgerError of the store.
   */
  ask(sessionId: string): Promise<PaymentStatus | undefined> {
    if (!/^cs_[A-Za-z0-9_]{1,120}$/.test(sessionId)) return Promise.resolve(undefined);
    const running = this.#running.get(sessionId);
    if (running) return running;
    const asked = this.#ask(sessionId).finally(() => this.#running.delete(sessionId));
    this.#running.set(sessionId, asked);
    return asked;
  }

  async #ask(sessionId: string): Promise<PaymentStatus | undefined> {
    const { ledger } = this.#parts;
    const before = await ledger.orderOf(sessionId);
    if (before === undefined) return undefined;
    const known = attemptOf(await ledger.history(before.orderId), sessionId);
    if (before.membership === 'active' || isFinalAttempt(known)) return statusOf(stateOf(before, known, ledger.delivers), false);
    const account = before.checkouts.find(({ payment }) => payment.id === sessionId)?.payment.account ?? before.account;
    const answered = await this.#inTime(this.#lookOnce(before.orderId, { id: sessionId, account }));
    const order = (await ledger.orderOf(sessionId)) ?? before;
    return statusOf(stateOf(order, attemptOf(await ledger.history(order.orderId), sessionId), ledger.delivers), !answered);
  }

  /** A read that is under way, or was made a moment ago, answers for this call too. */
  #lookOnce(orderId: string, session: Session): Promise<boolean> {
    const { runtime } = this.#parts;
    const nowMs = runtime.monotonicNowMs();
    const last = this.#lastLooks.get(orderId);
    if (last && nowMs - last.atMs < waitMs(last)) return last.answered;
    const goesOn = last && nowMs - last.atMs < 2 * longestBetweenLooksMs;
    const look = { sinceMs: goesOn ? last.sinceMs : nowMs, atMs: nowMs, answered: this.#look(session) };
    this.#lastLooks.delete(orderId);
    this.#lastLooks.set(orderId, look);
    const [oldest] = this.#lastLooks.keys();
    if (this.#lastLooks.size > rememberedLooks && oldest !== undefined) this.#lastLooks.delete(oldest);
    return look.answered;
  }

  async #look(session: Session): Promise<boolean> {
    const { look, log } = this.#parts;
    try {
      const { is } = await look(session, deadlineMs);
      if (is === 'missing')
        log.warn({ sessionId: session.id }, 'Stripe knows no session of this id. Is the key of another account or mode?');
      return is !== 'missing';
    } catch (error) {
      if (!(error instanceof LedgerError && error.code === 'provider_unavailable')) throw error;
      log.warn({ err: error, sessionId: session.id }, 'Stripe did not answer a status query');
      return false;
    }
  }

  async #inTime(answered: Promise<boolean>): Promise<boolean> {
    const { runtime } = this.#parts;
    const ended = new AbortController();
    try {
      return await Promise.race([answered, runtime.sleep(deadlineMs * runtime.patience, ended.signal).then(() => false)]);
    } finally {
      ended.abort();
      answered.catch(() => undefined); // After the deadline nobody waits for it.
    }
  }
}

function waitMs({ sinceMs, atMs }: LastLook): number {
  return Math.min(longestBetweenLooksMs, Math.max(betweenLooksMs, (atMs - sinceMs) * shareBetweenLooks));
}
