// The poll: sure where webhooks are lost. One pass lists the completed sessions since the oldest open order, however
// many are pending; of all processes one runs it, elected by the sweep's stream. Reading twice is harmless.
import { LedgerError, type Log, type OrderView, type PaymentLedger, type Runtime, type SweepSummary } from '@paidonce/ledger';
import type { Intake, Taken } from './intake.ts';
import type { Answer, ListPage, StripeCalls } from './stripe-calls.ts';
import { withRetries } from './stripe-failure.ts';
import { identityOf } from './stripe-objects.ts';

export interface PollParts {
  readonly ledger: PaymentLedger;
  readonly calls: StripeCalls;
  readonly intake: Intake;
  readonly account: () => Promise<string>;
  readonly runtime: Runtime;
  readonly log: Log;
  readonly intervalMs: number;
}

interface Counts {
  lookedAt: number;
  calls: number;
  found: number;
  rescued: number;
  failed: number;
}

/** Clocks differ, and a session is made a moment before its order is placed. */
const slackMs = 3_600_000;
const retries = 3;
/** Five calls a second at most. */
const pauseMs = 200;
/** A hundred sessions each. */
const mostPages = 1_000;
const ordersPage = 1_000;
const nothing: SweepSummary = { lookedAt: 0, calls: 0, found: 0, rescued: 0 };

export class Poll {
  readonly #parts: PollParts;
  readonly #stopping = new AbortController();
  #sweeping: Promise<SweepSummary> | undefined;
  #loop: Promise<void> = Promise.resolve();

  constructor(parts: PollParts) {
    this.#parts = parts;
  }

  /**
   * One pass now; all zeros where no order is open, or where another process has just begun one.
   *
   * @throws LedgerError where Stripe or the store did not answer: the round is not finished, and is read again.
   */
  sweep(): Promise<SweepSummary> {
    this.#sweeping ??= this.#sweep().finally(() => {
      this.#sweeping = undefined;
    });
    return this.#sweeping;
  }

  /** Beside what is under way; a failure is the next pass's to mend. */
  sweepSoon(): void {
    const { log } = this.#parts;
    this.sweep().catch((error: unknown) => log.warn({ err: error }, 'a pass of the poll failed; the next one reads the same again'));
  }

  start(): void {
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
    await this.#sweeping?.catch(() => undefined);
  }

  /** A pass where nobody began one for an interval, by this process's own clock. */
  async #run(): Promise<void> {
    const { ledger, runtime, log, intervalMs } = this.#parts;
    const { signal } = this.#stopping;
    let seenRound = -1;
    while (!signal.aborted) {
      try {
        const { round } = await ledger.sweepProgress(await this.#tier());
        const isQuiet = round === seenRound;
        seenRound = round;
        if (isQuiet) {
          await this.sweep();
          seenRound = (await ledger.sweepProgress(await this.#tier())).round;
        }
      } catch (error) {
        if (signal.aborted || (error instanceof LedgerError && error.code === 'closed')) return;
        log.warn({ err: error }, 'a pass of the poll failed; the next one reads the same again');
      }
      await runtime.sleep(intervalMs * (1 + runtime.random() / 10), signal);
    }
  }

  async #sweep(): Promise<SweepSummary> {
    const { ledger, runtime, log } = this.#parts;
    const tier = await this.#tier();
    const { round: seen } = await ledger.sweepProgress(tier);
    const oldest = await this.#oldestOpen();
    if (oldest === undefined) return nothing;
    // Taken: a round that began after we were asked finds all that we would.
    const { outcome, round } = await ledger.startSweep(tier, seen);
    if (outcome === 'taken') return nothing;
    const upTo = runtime.now();
    const { failed, ...summary } = await this.#readSessions(seconds(oldest - slackMs), seconds(upTo.getTime() + slackMs));
    if (failed === 0) await ledger.finishSweep(tier, round, { upTo: upTo.toISOString(), summary });
    log.info(
      { ...summary, failed, round },
      failed === 0 ? 'a pass of the poll is done' : 'a pass of the poll had failures; the next one reads the same again',
    );
    return summary;
  }

  /** Newest first, up to a fixed time: what comes meanwhile shifts no page. */
  async #readSessions(createdFrom: number, createdTo: number): Promise<Counts> {
    const { calls, runtime } = this.#parts;
    const { signal } = this.#stopping;
    const counts: Counts = { lookedAt: 0, calls: 0, found: 0, rescued: 0, failed: 0 };
    let after: string | undefined;
    for (let page = 0; page < mostPages; page++) {
      const window = { createdFrom, createdTo, ...(after === undefined ? {} : { after }) };
      const answer = await withRetries(
        retries,
        runtime,
        () => {
          counts.calls += 1;
          return calls.completeSessions(window);
        },
        signal,
      );
      await this.#takePage(answer, counts);
      after = identityOf(answer.object.objects.at(-1)).id;
      if (!answer.object.hasMore || after === undefined) return counts;
      await runtime.sleep(pauseMs, signal);
      if (signal.aborted) throw new LedgerError('closed', 'The poll was stopped within a pass; the next one reads the same again');
    }
    throw new LedgerError(
      'provider_unavailable',
      `Stripe's list of completed sessions has more than ${mostPages} pages; the pass was given up`,
    );
  }

  async #takePage({ object: page, asOf, apiVersion }: Answer<ListPage>, counts: Counts): Promise<void> {
    const { intake, account, log } = this.#parts;
    const way = { account: await account(), asOf, ...(apiVersion === undefined ? {} : { apiVersion }), source: 'poll' as const };
    for (const session of page.objects) {
      counts.lookedAt += 1;
      try {
        count(await intake.take(session, way), counts);
      } catch (error) {
        if (isOfAll(error)) throw error;
        counts.failed += 1;
        log.error({ err: error, sessionId: identityOf(session).id }, 'a session could not be taken in; the pass goes on with the others');
      }
    }
  }

  /** When the oldest order of ours that may still be paid was placed. */
  async #oldestOpen(): Promise<number | undefined> {
    const { ledger } = this.#parts;
    const account = await this.#parts.account();
    await ledger.settle({ timeoutMs: 0 }); // Only to catch up: an order placed before the pass is in it.
    let oldest: number | undefined;
    for (let after: string | undefined; ; ) {
      const page = await ledger.openOrders({ limit: ordersPage, ...(after === undefined ? {} : { after }) });
      for (const order of page.items) {
        if (isStripes(order, account)) oldest = Math.min(oldest ?? Number.POSITIVE_INFINITY, Date.parse(order.placedAt));
      }
      if (page.next === undefined) return oldest;
      after = page.next;
    }
  }

  /** Each account has its own list, so its own rounds. */
  async #tier(): Promise<string> {
    return `objects-${await this.#parts.account()}`;
  }
}

function seconds(ms: number): number {
  return Math.max(0, Math.floor(ms / 1_000));
}

function isStripes({ account, checkouts }: OrderView, ours: string): boolean {
  return account === ours && checkouts.some(({ payment }) => payment.provider === 'stripe');
}

function count(taken: Taken, counts: Counts): void {
  if (taken.outcome === 'not_ours' || taken.outcome === 'ignored' || taken.outcome === 'unreadable') return;
  counts.found += 1;
  if (taken.outcome === 'granted' || taken.outcome === 'restored') counts.rescued += 1;
}

/** The store fails for every object alike. */
function isOfAll(error: unknown): boolean {
  const codes: readonly string[] = ['store_busy', 'store_unavailable', 'store_full', 'closed'];
  return error instanceof LedgerError && codes.includes(error.code);
}
