// A status query that waits: the success page hears of its payment as soon as this process has recorded it, and asks ten times less
// often. Only the first look goes to Stripe, as for any query; what follows is read from the ledger.
import { LedgerError, type PaymentLedger, type Runtime } from '@paidonce/ledger';
import { traced } from '@paidonce/ledger/adapter';
import { type PaymentStatus, statusOf } from './payment-status.ts';
import type { StatusQuery } from './status-query.ts';
import { changed } from './status-subject.ts';

/** How long a status query may wait for news. */
export interface StatusWait {
  /** Milliseconds, at most 60,000. The answer comes sooner if the state changes. */
  readonly waitMs: number;
  /** Ends the wait: the client has gone, or the server closes. Default: nothing does, but the disposal of the payments. */
  readonly signal?: AbortSignal;
}

export interface StatusWaitParts {
  readonly ledger: PaymentLedger;
  readonly statusQuery: StatusQuery;
  readonly runtime: Runtime;
  /** Aborts when the payments are disposed. */
  readonly stopping: AbortSignal;
}

const longestWaitMs = 60_000;
/** Each holds a connection, and little else. Who comes when all are taken is answered at once. */
const maxWaiting = 1_000;

export class StatusWaits {
  readonly #parts: StatusWaitParts;
  #waiting = 0;

  constructor(parts: StatusWaitParts) {
    this.#parts = parts;
  }

  /** @throws LedgerError `invalid_input`, and those of the store. */
  ask(checkoutId: string, wait: StatusWait): Promise<PaymentStatus | undefined> {
    return traced('paidonce.status_query', {}, async (note) => {
      const status = await this.#ask(checkoutId, wait);
      // An id that is not ours is whatever a stranger has typed.
      note(status ? { 'paidonce.checkout.id': checkoutId, 'paidonce.state': status.state, 'paidonce.stale': status.stale } : {});
      return status;
    });
  }

  async #ask(checkoutId: string, { waitMs, signal }: StatusWait): Promise<PaymentStatus | undefined> {
    if (!(waitMs >= 0 && waitMs <= longestWaitMs))
      throw new LedgerError('invalid_input', `waitMs is ${waitMs}; it must be a number of milliseconds from 0 to ${longestWaitMs}`);
    const first = await this.#parts.statusQuery.ask(checkoutId);
    if (first?.nextPollAfterMs === undefined || waitMs === 0 || this.#waiting >= maxWaiting) return first;
    const { runtime, stopping } = this.#parts;
    const ended = new AbortController();
    const end = (): void => ended.abort();
    const ending = [stopping, ...(signal ? [signal] : [])];
    for (const each of ending) each.addEventListener('abort', end);
    if (ending.some((each) => each.aborted)) end();
    this.#waiting += 1;
    try {
      void runtime.sleep(waitMs, ended.signal).then(end, end);
      return await this.#changed(checkoutId, first, ended.signal);
    } finally {
      this.#waiting -= 1;
      end();
      for (const each of ending) each.removeEventListener('abort', end);
    }
  }

  /** The last look, at the end of the wait, also sees what other processes have recorded. */
  async #changed(checkoutId: string, first: PaymentStatus, ended: AbortSignal): Promise<PaymentStatus> {
    const { ledger, statusQuery } = this.#parts;
    let subject = await statusQuery.known(checkoutId);
    for (;;) {
      if (subject === undefined) return first;
      const isOver = ended.aborted;
      const hasChanged = changed(subject, ledger, ended); // Before the look: else what comes between is missed.
      subject = await statusQuery.known(checkoutId);
      if (subject !== undefined && subject.state !== first.state) return statusOf(subject.state, false);
      if (isOver) return first;
      await hasChanged;
    }
  }
}
