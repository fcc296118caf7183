// One round of a tier on one account: what it works on, and what it has come to so far.

import { LedgerError, type Logger, type PaymentLedger } from '@paidonce/ledger';
import { type AccountOrders, defined, isStreamDeleted, type SweepPosition, type SweepProgress } from '@paidonce/ledger/adapter';
import type { Intake } from '../intake/intake.ts';
import type { IntakeResult } from '../intake/intake-result.ts';
import type { SubscriptionLedger } from '../intake/known-subscriptions.ts';
import type { OurLedger } from '../intake/our-ledger.ts';
import type { ProviderClock } from '../intake/provider-clock.ts';
import type { StripeEvents } from '../intake/stripe-events.ts';
import type { SubscriptionIntake } from '../intake/subscription-intake.ts';
import type { Provenance } from '../mapping/provenance.ts';
import type { AccountTarget } from '../stripe/account-targets.ts';
import type { ListWindow } from '../stripe/list-window.ts';
import type { StripeCalls } from '../stripe/stripe-calls.ts';
import { stripeErrorIn } from '../stripe/stripe-failure.ts';
import { identityOf } from '../stripe/stripe-objects.ts';
import type { Answer, ListPage } from '../stripe/stripe-request.ts';
import type { VainLooks } from './vain-looks.ts';

/** Objects listed; those of ours that stated a fact; memberships granted or restored; objects that could not be taken in. */
export interface Counts {
  lookedAt: number;
  found: number;
  rescued: number;
  failed: number;
}

/** What the tiers of subscriptions need. */
export interface PollSubscriptions {
  readonly ledger: SubscriptionLedger;
  readonly intake: SubscriptionIntake;
  readonly clock: ProviderClock;
  readonly vainLooks: VainLooks;
}

export interface RoundParts {
  readonly ledger: PaymentLedger;
  readonly calls: StripeCalls;
  readonly intake: Intake;
  readonly events: StripeEvents;
  readonly ourLedger: OurLedger;
  /** Absent: the ledger keeps no subscriptions. */
  readonly subscriptions?: PollSubscriptions;
  /** A round makes no more. */
  readonly mostLooks: number;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Called after each object: the quick tier has its turn, where it is due. Never rejects. */
  readonly giveWay: () => Promise<void>;
}

/** A part of a list, newest first. Unix milliseconds of the objects' creation, both inclusive, cut to whole seconds. */
export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
  /** A round has read the part before, down to this id. Absent: nothing was read yet. */
  readonly after?: string;
}

/** Clocks differ: lists are read from this long before to this long after the intended time. */
export const slackMs: number = 3_600_000;
/** After this many pages a long list records in the log how far it was read. */
const pagesBetweenMarks = 10;
/** Pages of a hundred objects; the next round reads what lies beyond. */
const mostPages = 1_000;

export class Round {
  readonly tier: string;
  readonly number: number;
  readonly orders: AccountTarget;
  readonly progress: SweepProgress;
  readonly startedAt: Date;
  readonly parts: RoundParts;
  #upToMs: number;
  /** A position was recorded: the next round has less to read, however this one ends. */
  hasAdvanced = false;
  readonly counts: Counts = { lookedAt: 0, found: 0, rescued: 0, failed: 0 };
  /** Orders that got access by this round, before any other source reported their payment. */
  readonly rescuedOrders: string[] = [];
  /** Subscriptions that were granted, restored or extended by this round, before any other source reported the payment. */
  readonly renewed: string[] = [];

  constructor(
    of: { readonly tier: string; readonly number: number; readonly orders: AccountTarget; readonly progress: SweepProgress },
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

  /** Where the next round continues, once this one is done. */
  get upTo(): Date {
    return new Date(this.#upToMs);
  }

  /** Limits the cursor: what was created after this time may not have been in the list. */
  readAsOf(ms: number): void {
    this.#upToMs = Math.min(this.#upToMs, ms);
  }

  /**
   * Where the last finished round ended. Undefined: no round has finished. A process whose clock ran ahead may have
   * recorded a time in the future: then the end is unknown, and reading starts `patienceMs` ago.
   */
  readUpToMs(patienceMs: number): number | undefined {
    const { upTo } = this.progress;
    const nowMs = this.startedAt.getTime();
    if (upTo === undefined) return undefined;
    return Date.parse(upTo) <= nowMs ? Date.parse(upTo) : nowMs - patienceMs;
  }

  /** The provenance of an object in this answer. */
  provenanceOf({ asOf, isUndated, apiVersion }: Pick<Answer, 'asOf' | 'isUndated' | 'apiVersion'>): Provenance {
    const { account, livemode } = this.orders;
    return { source: 'poll', account, livemode, asOf, ...defined({ isUndated, apiVersion }) };
  }

  /**
   * Reads the list to its end: first what a dead round has left, then what is new since.
   *
   * @throws LedgerError `provider_unavailable`: Stripe did not answer, or there are too many pages. `closed`: the poll was
   *   stopped. A code of the store.
   */
  async readList(
    list: (window: ListWindow) => Promise<Answer<ListPage>>,
    stretch: Stretch,
    take: (object: unknown, answer: Answer<ListPage>) => Promise<IntakeResult>,
  ): Promise<void> {
    const { resume } = this.progress;
    const left = resume && { fromMs: Date.parse(resume.from), toMs: Date.parse(resume.to), after: resume.after };
    if (left === undefined) return this.#readStretch(list, stretch, take);
    // That part of the list is as it was then: a session that was open when it was read may have completed since.
    this.readAsOf(left.toMs - slackMs);
    await this.#readStretch(list, left, take).catch((error: unknown) => {
      // The object is gone from the list, so that part is read again as a whole.
      if (stripeErrorIn(error)?.code !== 'resource_missing') throw error;
      return this.#readStretch(list, { fromMs: left.fromMs, toMs: left.toMs }, take);
    });
    // What came since that round began: it meant to read up to a little after its own time.
    await this.#readStretch(list, { fromMs: Math.max(stretch.fromMs, left.toMs - 2 * slackMs), toMs: stretch.toMs }, take);
  }

  async #readStretch(
    list: (window: ListWindow) => Promise<Answer<ListPage>>,
    { fromMs, toMs, after: first }: Stretch,
    take: (object: unknown, answer: Answer<ListPage>) => Promise<IntakeResult>,
  ): Promise<void> {
    // Fixed at the start, so that new objects shift no page.
    const window = { createdFrom: seconds(fromMs), createdTo: seconds(toMs) };
    let after = first;
    let readToMs = toMs;
    for (let page = 1; page <= mostPages; page++) {
      const answer = await list({ ...window, ...defined({ after }) });
      // By Stripe's clock: ours may be ahead by more than the overlap.
      const listedMs = Date.parse(answer.asOf);
      this.readAsOf(listedMs);
      readToMs = Math.min(readToMs, listedMs + slackMs);
      // Oldest first: a payment before its refund.
      for (const object of answer.object.objects.toReversed()) await this.takeOne(object, () => take(object, answer));
      after = identityOf(answer.object.objects.at(-1)).id;
      if (!answer.object.hasMore || after === undefined) return;
      // A failed object lies behind a later mark, and no round would read it again.
      if (page % pagesBetweenMarks === 0 && this.counts.failed === 0) await this.#mark({ from: iso(fromMs), to: iso(readToMs), after });
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

  /** For a round that was stopped: it has not read everything, so it must not end as if it had. */
  stopped(): LedgerError {
    return new LedgerError('closed', 'The poll was stopped within a round; the next one goes on with it');
  }

  #count(result: IntakeResult): void {
    if (result.outcome === 'not_ours' || result.outcome === 'ignored' || result.outcome === 'unreadable') return;
    this.counts.found += 1;
    if (result.outcome === 'extended') this.renewed.push(result.subscriptionId);
    if (result.outcome !== 'granted' && result.outcome !== 'restored') return;
    this.counts.rescued += 1;
    if (result.orderId !== undefined) this.rescuedOrders.push(result.orderId);
    else this.renewed.push(result.subscriptionId);
  }

  /**
   * Takes in one object. A failure is counted and does not stop the others; the round is then read again. An object whose stream
   * was deleted for ever is left out: no round could ever take it in, and the ledger has alerted of it.
   *
   * @throws LedgerError if every object would fail alike: `closed`, a code of the store, or for the key `provider_unavailable`.
   */
  async takeOne(object: unknown, take: () => Promise<IntakeResult>): Promise<void> {
    const { counts, parts, orders } = this;
    counts.lookedAt += 1;
    refuseOtherMode(object, orders);
    try {
      this.#count(await take());
    } catch (error) {
      if (isOfAll(error)) throw error;
      const isLost = isStreamDeleted(error);
      if (!isLost) counts.failed += 1;
      parts.log.error(
        { err: error, objectId: identityOf(object).id },
        isLost ? 'an object is left out: its stream was deleted' : 'an object could not be taken in; the round goes on with the others',
      );
    }
    await parts.giveWay();
  }
}

function seconds(ms: number): number {
  return Math.max(0, Math.floor(ms / 1_000));
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** A key of the other mode would find nothing of ours, and the cursor would still move. @throws LedgerError `provider_unavailable` */
function refuseOtherMode(object: unknown, { account, livemode }: AccountOrders): void {
  const found = modeOf(object);
  if (found === undefined || found === livemode) return;
  const [ours, keys] = livemode ? ['live', 'test'] : ['test', 'live'];
  throw new LedgerError(
    'provider_unavailable',
    `The orders of ${account} are in ${ours} mode, and the key is of ${keys} mode. Give stripePayments the key of that mode`,
  );
}

/** A movement of money has no mode of its own: that of its source counts. */
function modeOf(object: unknown): boolean | undefined {
  if (typeof object !== 'object' || object === null) return undefined;
  if ('livemode' in object) return typeof object.livemode === 'boolean' ? object.livemode : undefined;
  return 'source' in object ? modeOf(object.source) : undefined;
}

/** A failing store fails for every object alike, and so does a refused key. */
function isOfAll(error: unknown): boolean {
  const codes: readonly string[] = ['store_busy', 'store_unavailable', 'store_full', 'closed'];
  const type = stripeErrorIn(error)?.type;
  return (
    (error instanceof LedgerError && codes.includes(error.code)) || type === 'StripeAuthenticationError' || type === 'StripeRateLimitError'
  );
}
