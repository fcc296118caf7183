// One round of a tier on one account: what it works on, and what it has come to so far.

import { type AccountOrders, LedgerError, type Logger, type PaymentLedger, type SweepPosition, type SweepProgress } from '@paidonce/ledger';
import { defined } from '@paidonce/ledger/adapter';
import type { Intake, IntakeResult } from '../intake/intake.ts';
import type { StripeEvents } from '../intake/stripe-events.ts';
import type { Provenance } from '../mapping/provenance.ts';
import type { Answer, ListPage, ListWindow, StripeCalls } from '../stripe/stripe-calls.ts';
import { stripeErrorIn } from '../stripe/stripe-failure.ts';
import { identityOf } from '../stripe/stripe-objects.ts';

export interface Counts {
  lookedAt: number;
  found: number;
  rescued: number;
  failed: number;
}

export interface RoundParts {
  readonly ledger: PaymentLedger;
  readonly calls: StripeCalls;
  readonly intake: Intake;
  readonly events: StripeEvents;
  readonly scope: string;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Newest first, from the second to the second. */
export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
  /** Read before, down to this id. */
  readonly after?: string;
}

/** Clocks differ: lists are read from so much before to so much after what is meant. */
export const slackMs: number = 3_600_000;
/** So often a long list says in the log how far it was read. */
const pagesBetweenMarks = 10;
/** A hundred objects each; then the next round goes on. */
const mostPages = 1_000;

export class Round {
  readonly tier: string;
  readonly number: number;
  readonly orders: AccountOrders;
  readonly progress: SweepProgress;
  readonly startedAt: Date;
  readonly parts: RoundParts;
  #upToMs: number;
  /** The next round has less to read, however this one ends. */
  hasAdvanced = false;
  readonly counts: Counts = { lookedAt: 0, found: 0, rescued: 0, failed: 0 };
  /** Orders that got access by this round, which no other source had told of. */
  readonly rescuedOrders: string[] = [];

  constructor(
    of: { readonly tier: string; readonly number: number; readonly orders: AccountOrders; readonly progress: SweepProgress },
    startedAt: Date,
    parts: RoundParts,
  ) {
    this.tier = of.tier;
    this.number = of.number;
    this.orders = of.orders;
    this.progress = of.progress;
    this.startedAt = startedAt;
    this.#upToMs = startedAt.getTime();
    this.parts = parts;
  }

  /** Where the next round reads on from, once this one is done. */
  get upTo(): Date {
    return new Date(this.#upToMs);
  }

  /** What came after this may not have been there to be read. */
  readAsOf(ms: number): void {
    this.#upToMs = Math.min(this.#upToMs, ms);
  }

  /**
   * Where the last round ended; undefined: none did. A process whose clock ran ahead wrote a time that is still to come:
   * then nobody knows, and `patienceMs` back is where it is read from.
   */
  readUpToMs(patienceMs: number): number | undefined {
    const { upTo } = this.progress;
    const nowMs = this.startedAt.getTime();
    if (upTo === undefined) return undefined;
    return Date.parse(upTo) <= nowMs ? Date.parse(upTo) : nowMs - patienceMs;
  }

  /** How an object came to us that Stripe answered just now. */
  way({ asOf, apiVersion }: Pick<Answer, 'asOf' | 'apiVersion'>): Provenance {
    const { account, livemode } = this.orders;
    return { source: 'poll', account, livemode, asOf, ...defined({ apiVersion }) };
  }

  /** Reads the list to its end: first what a round that died has left, then what is new since. */
  async readList(
    list: (window: ListWindow) => Promise<Answer<ListPage>>,
    stretch: Stretch,
    take: (object: unknown, answer: Answer<ListPage>) => Promise<IntakeResult>,
  ): Promise<void> {
    const { resume } = this.progress;
    const left = resume && { fromMs: Date.parse(resume.from), toMs: Date.parse(resume.to), after: resume.after };
    if (left === undefined) return this.#readStretch(list, stretch, take);
    // Its part of the list is as it was then: a session that it passed by while open may have completed since.
    this.readAsOf(left.toMs - slackMs);
    await this.#readStretch(list, left, take).catch((error: unknown) => {
      // The object is gone from the list: then all of it is read again.
      if (stripeErrorIn(error)?.code !== 'resource_missing') throw error;
      return this.#readStretch(list, { fromMs: left.fromMs, toMs: left.toMs }, take);
    });
    // What came since that round began: it was to read up to a little after its own time.
    await this.#readStretch(list, { fromMs: Math.max(stretch.fromMs, left.toMs - 2 * slackMs), toMs: stretch.toMs }, take);
  }

  async #readStretch(
    list: (window: ListWindow) => Promise<Answer<ListPage>>,
    { fromMs, toMs, after: first }: Stretch,
    take: (object: unknown, answer: Answer<ListPage>) => Promise<IntakeResult>,
  ): Promise<void> {
    // Fixed at the start: what comes meanwhile shifts no page.
    const window = { createdFrom: seconds(fromMs), createdTo: seconds(toMs) };
    let after = first;
    for (let page = 1; page <= mostPages; page++) {
      const answer = await list({ ...window, ...defined({ after }) });
      // Oldest first: a payment before its refund.
      for (const object of answer.object.objects.toReversed()) await this.takeOne(object, () => take(object, answer));
      after = identityOf(answer.object.objects.at(-1)).id;
      if (!answer.object.hasMore || after === undefined) return;
      // What failed lies behind a mark that comes after it, and nobody would read it again.
      if (page % pagesBetweenMarks === 0 && this.counts.failed === 0) await this.#mark({ from: iso(fromMs), to: iso(toMs), after });
      if (this.parts.signal.aborted) throw this.stopped();
    }
    throw new LedgerError(
      'provider_unavailable',
      `${this.tier} has more than ${mostPages} pages to read; the next round goes on with them`,
    );
  }

  async #mark(position: SweepPosition): Promise<void> {
    await this.parts.ledger.forAdapters.advanceSweep(this.tier, this.number, position);
    this.hasAdvanced = true;
  }

  /** It has not looked at everything, so it must not end as if it had. */
  stopped(): LedgerError {
    return new LedgerError('closed', 'The poll was stopped within a round; the next one goes on with it');
  }

  #count(taken: IntakeResult): void {
    if (taken.outcome === 'not_ours' || taken.outcome === 'ignored' || taken.outcome === 'unreadable') return;
    this.counts.found += 1;
    if (taken.outcome !== 'granted' && taken.outcome !== 'restored') return;
    this.counts.rescued += 1;
    this.rescuedOrders.push(taken.orderId);
  }

  /** One that fails is not the end of the others; the round is read again. */
  async takeOne(object: unknown, take: () => Promise<IntakeResult>): Promise<void> {
    const { counts, parts, orders } = this;
    counts.lookedAt += 1;
    refuseOtherMode(object, orders);
    try {
      this.#count(await take());
    } catch (error) {
      if (isOfAll(error)) throw error;
      counts.failed += 1;
      parts.log.error(
        { err: error, objectId: identityOf(object).id },
        'an object could not be taken in; the round goes on with the others',
      );
    }
  }
}

function seconds(ms: number): number {
  return Math.max(0, Math.floor(ms / 1_000));
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** With a key of the other mode nothing of ours would be found, and the cursor would move on. */
function refuseOtherMode(object: unknown, { account, livemode }: AccountOrders): void {
  const found = modeOf(object);
  if (found === undefined || found === livemode) return;
  const [ours, keys] = livemode ? ['live', 'test'] : ['test', 'live'];
  throw new LedgerError(
    'provider_unavailable',
    `The orders of ${account} are in ${ours} mode, and the key is of ${keys} mode. Give stripePayments the key of that mode`,
  );
}

/** A movement of money tells none of its own. */
function modeOf(object: unknown): boolean | undefined {
  if (typeof object !== 'object' || object === null) return undefined;
  if ('livemode' in object) return typeof object.livemode === 'boolean' ? object.livemode : undefined;
  return 'source' in object ? modeOf(object.source) : undefined;
}

/** The store fails for every object alike, and so does a key. */
function isOfAll(error: unknown): boolean {
  const codes: readonly string[] = ['store_busy', 'store_unavailable', 'store_full', 'closed'];
  const type = stripeErrorIn(error)?.type;
  return (
    (error instanceof LedgerError && codes.includes(error.code)) || type === 'StripeAuthenticationError' || type === 'StripeRateLimitError'
  );
}
