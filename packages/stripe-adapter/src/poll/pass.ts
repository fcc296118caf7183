// One pass of the poll: the tiers of each account that are asked for, one round after the other. A long round gives way to the
// quick tier between two objects, so that ten thousand waiting vouchers delay a lost webhook by seconds.
import { LedgerError, type Logger, type PaymentLedger, type Runtime } from '@paidonce/ledger';
import type { SweepProgress, SweepSummary } from '@paidonce/ledger/adapter';
import type { Intake } from '../intake/intake.ts';
import type { OurLedger } from '../intake/our-ledger.ts';
import type { StripeEvents } from '../intake/stripe-events.ts';
import type { WithdrawnCheckouts } from '../intake/withdrawn-checkouts.ts';
import { type AccountTarget, withoutOldStarts } from '../stripe/account-targets.ts';
import type { Accounts } from '../stripe/accounts.ts';
import type { BackgroundReads } from '../stripe/background-reads.ts';
import type { ReadAllowance } from '../stripe/read-allowance.ts';
import { isNotAllowed } from '../stripe/stripe-failure.ts';
import type { DueRounds } from './due-rounds.ts';
import type { ExpiryWatch } from './expiry-watch.ts';
import type { OtherReads } from './other-reads.ts';
import type { PollAlerts } from './poll-alerts.ts';
import type { PolledAccount, Purse } from './purse.ts';
import { readTier } from './read-tier.ts';
import { type PollSubscriptions, Round } from './round.ts';
import { appliesTo, intervalMsOf, nameOf, quickTiers, type SweepTier } from './schedule.ts';
import type { Share } from './shares.ts';
import { closedToUs, nothing, type SweepResult, sumOf } from './sweep-result.ts';

/** A round of looks may make so many, also where the share is spent. */
const leastLooks = 50;

export interface PollParts {
  readonly ledger: PaymentLedger;
  readonly accounts: Accounts;
  readonly intake: Intake;
  readonly events: StripeEvents;
  /** Absent: the ledger keeps no subscriptions. */
  readonly subscriptions?: PollSubscriptions;
  /** Absent: as `subscriptions`. */
  readonly watch?: ExpiryWatch;
  readonly withdrawn: WithdrawnCheckouts;
  readonly reads: BackgroundReads;
  readonly allowance: ReadAllowance;
  /** Reads of this process that no round has recorded yet. */
  readonly others: OtherReads;
  readonly ourLedger: OurLedger;
  readonly runtime: Runtime;
  readonly log: Logger;
  /** Milliseconds between rounds of the `events` tier while an unpaid order is young. */
  readonly intervalMs: number;
  readonly stopping: AbortController;
}

export interface PassParts extends PollParts {
  readonly alerts: PollAlerts;
  readonly due: DueRounds;
  /** Tiers of connected accounts that our key may not read: they are left to a process with another key. */
  readonly closedToUs: Set<string>;
  /** Catches up with the log, and reads what may be spent. */
  readonly purse: () => Promise<Purse>;
  /** When the quick tiers last had their turn, by our monotonic clock. */
  readonly eventsTurn: { atMs: number };
}

export interface PassOptions {
  readonly tiers: readonly SweepTier[];
  readonly onlyDue: boolean;
  /** Long rounds let the quick tiers have their turn. */
  readonly givesWay: boolean;
}

export class Pass {
  readonly #parts: PassParts;
  readonly #options: PassOptions;
  #purse: Purse;
  /** Reads that were recorded in the log since the purse was opened. */
  #recorded = 0;
  /** Reads of the rounds that others gave way to: they count there. */
  #readsBetween = 0;
  #sum = nothing;
  #failure: unknown;

  private constructor(parts: PassParts, options: PassOptions, purse: Purse) {
    this.#parts = parts;
    this.#options = options;
    this.#purse = purse;
  }

  /** @throws LedgerError what the first tier threw that failed; the others have run. */
  static async run(parts: PassParts, options: PassOptions): Promise<SweepResult> {
    const pass = new Pass(parts, options, await parts.purse());
    const { accounts } = pass.#purse;
    for (const tier of options.tiers) await pass.#tier(tier, accounts, options.onlyDue);
    if (pass.#failure !== undefined) throw pass.#failure;
    const unread = accounts
      .filter(({ orders }) => options.tiers.some((tier) => parts.closedToUs.has(nameOf(tier, orders))))
      .map(({ orders }) => orders.account);
    return { ...pass.#sum, budgetLeft: pass.#budgetLeft, ...(unread.length > 0 ? { unreadAccounts: unread } : {}) };
  }

  get #budgetLeft(): number {
    return this.#purse.left - this.#recorded - this.#parts.others.count;
  }

  async #tier(tier: SweepTier, accounts: readonly PolledAccount[], onlyDue: boolean): Promise<void> {
    const { stopping, closedToUs, eventsTurn, runtime } = this.#parts;
    if (tier === 'events') eventsTurn.atMs = runtime.monotonicNowMs();
    for (const account of accounts) {
      const name = nameOf(tier, account.orders);
      if (stopping.signal.aborted) return;
      if (closedToUs.has(name)) continue;
      try {
        const done = await this.#round(tier, account, onlyDue);
        this.#sum = sumOf(this.#sum, done); // Only now: a long round has let others add to it.
      } catch (error) {
        const isLeft = isNotAllowed(error) && (await this.#leaveToOthers(name, account.orders, error));
        if (!isLeft) this.#failure ??= error; // A tier that fails does not stop the others.
      }
    }
  }

  async #round(tier: SweepTier, account: PolledAccount, onlyDue: boolean): Promise<SweepSummary> {
    const { ledger, runtime, alerts, intervalMs, due, subscriptions } = this.#parts;
    const { orders: target, share } = account;
    const name = nameOf(tier, target);
    const read = account.progress[tier];
    if (read === undefined) return nothing; // The account has no such tier.
    if (read.status === 'rejected') throw read.reason;
    const progress = read.value;
    const now = subscriptions?.clock.now ?? runtime.now();
    const { firstPlacedAt } = target;
    const wait = intervalMsOf(tier, { intervalMs, orders: target, share, now });
    if (onlyDue && !due.isDue(name, progress, { wait, intervalMs, failures: alerts.failuresOf(name), now, firstPlacedAt })) return nothing;
    const orders = await this.#awaitedSince(progress, target, now);
    if (!appliesTo(tier, orders)) return nothing;
    // `lost`: after our call another process began this round, or has ended the one that we took for dead. It finds all that we would.
    const takesOver = onlyDue && !progress.finished;
    const { outcome, round: number } = await ledger.forAdapters.startSweep(name, progress.round, { takesOver });
    if (outcome === 'lost') return nothing;
    if (tier === 'due') await this.#listInvoices(account);
    return this.#run(tier, { tier: name, number, orders, progress }, { now, share });
  }

  /**
   * Lists what was paid, unless that was done since the first of what is due came due: a call for a hundred renewals saves a look at
   * each. If it fails, each is looked at all the same.
   */
  async #listInvoices(account: PolledAccount): Promise<void> {
    const { ledger } = this.#parts;
    const { orders } = account;
    const progress = await ledger.forAdapters.sweepProgress(nameOf('invoices', orders));
    const { oldestDueAt = '' } = orders.subscriptions ?? {};
    if (progress.upTo !== undefined && progress.upTo > oldestDueAt) return;
    const invoices = { status: 'fulfilled', value: progress } as const;
    await this.#tier('invoices', [{ ...account, progress: { ...account.progress, invoices } }], false);
    await ledger.forAdapters.catchUp(); // What was renewed is due no more.
  }

  async #run(
    tier: SweepTier,
    of: ConstructorParameters<typeof Round>[0],
    { now, share }: { readonly now: Date; readonly share: Share },
  ): Promise<SweepSummary> {
    const { accounts, reads, others, alerts, stopping } = this.#parts;
    const [readsBefore, betweenBefore] = [reads.count, this.#readsBetween];
    const calls = await accounts.calls(of.orders.account);
    const giveWay = quickTiers.includes(tier) || !this.#options.givesWay ? stay : () => this.#giveWay();
    const round = new Round(of, now, {
      ...this.#parts,
      calls,
      signal: stopping.signal,
      giveWay,
      mostLooks: Math.max(leastLooks, Math.floor(share.left)),
    });
    const callsOfRound = (): number => reads.count - readsBefore - (this.#readsBetween - betweenBefore);
    let failure: unknown;
    try {
      await readTier[tier](round);
      const summary = await this.#finish(round, callsOfRound());
      if (round.counts.failed > 0)
        failure = new LedgerError('provider_unavailable', `${round.counts.failed} objects could not be taken in`);
      return summary;
    } catch (error) {
      failure = error;
      throw error;
    } finally {
      // Reads of a round that failed are recorded with the next round that ends well.
      if (failure !== undefined) others.note(callsOfRound());
      alerts.recordRescued(round.rescuedOrders, round.renewed);
      alerts.recordOutcome(of.tier, round.hasAdvanced ? undefined : failure); // A round that advanced leaves the next one less to read.
    }
  }

  /** Only a round without a failure moves the cursor. */
  async #finish(round: Round, calls: number): Promise<SweepSummary> {
    const { ledger, others, log } = this.#parts;
    const { failed, ...counts } = round.counts;
    const { tier, number } = round;
    const otherReads = others.count;
    const summary = { ...counts, calls, otherReads };
    const budgetLeft = this.#budgetLeft - calls;
    if (failed === 0) {
      await ledger.forAdapters.finishSweep(tier, number, { upTo: round.upTo.toISOString(), summary: { ...summary, budgetLeft } });
      others.recorded(otherReads);
      this.#recorded += calls + otherReads;
    }
    const message = failed === 0 ? 'a round of the poll is done' : 'a round of the poll had failures; the next one reads the same again';
    log.info({ tier, round: number, ...summary, failed, budgetLeft }, message);
    return summary;
  }

  /** Once per interval the quick tiers have their turn within a long round. Never rejects: the round goes on. */
  async #giveWay(): Promise<void> {
    const { runtime, eventsTurn, intervalMs, reads, purse, stopping } = this.#parts;
    if (stopping.signal.aborted || runtime.monotonicNowMs() - eventsTurn.atMs < intervalMs) return;
    eventsTurn.atMs = runtime.monotonicNowMs();
    const readsBefore = reads.count;
    try {
      this.#purse = await purse(); // Orders were placed since, and other processes have polled.
      this.#recorded = 0;
      for (const tier of quickTiers) await this.#tier(tier, this.#purse.accounts, true);
    } catch (error) {
      this.#failure ??= error;
    } finally {
      this.#readsBetween += reads.count - readsBefore;
    }
  }

  /** Includes what could still be paid when the tier's last round ended, even if it cannot be paid now. */
  async #awaitedSince({ upTo }: SweepProgress, target: AccountTarget, now: Date): Promise<AccountTarget> {
    const { account, livemode, firstPlacedAt } = target;
    const nowText = now.toISOString();
    const since = upTo === undefined ? firstPlacedAt : upTo < nowText ? upTo : nowText;
    const all = await this.#parts.ledger.forAdapters.accountOrders(since, account);
    return withoutOldStarts({ ...target, ...all.find((orders) => orders.livemode === livemode) }, since);
  }

  /** False for our own account: nobody else has a better key for it. */
  async #leaveToOthers(name: string, { account }: AccountTarget, error: unknown): Promise<boolean> {
    const { accounts, closedToUs: left, log } = this.#parts;
    const own = await accounts.own();
    if (account === own) return false;
    left.add(name);
    log.warn({ err: error, tier: name, account, own }, closedToUs(own, account));
    return true;
  }
}

const stay = (): Promise<void> => Promise.resolve();
