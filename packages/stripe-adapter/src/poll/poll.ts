// The poll finds payments whose webhooks were lost. Three tiers list events, completed sessions and money. Each runs on its
// own account, in rounds; one process runs a round, elected through the tier's stream. Reading twice is harmless.
import {
  type AccountOrders,
  LedgerError,
  type Logger,
  type PaymentLedger,
  type Runtime,
  type SweepProgress,
  type SweepSummary,
} from '@paidonce/ledger';
import type { Intake } from '../intake/intake.ts';
import type { StripeEvents } from '../intake/stripe-events.ts';
import type { WithdrawnCheckouts } from '../intake/withdrawn-checkouts.ts';
import type { Accounts } from '../stripe/accounts.ts';
import { keyMode } from '../stripe/accounts.ts';
import type { BackgroundReads } from '../stripe/background-reads.ts';
import { isNotAllowed } from '../stripe/stripe-failure.ts';
import { readEvents } from './event-tier.ts';
import { readMoney } from './money-tier.ts';
import { readObjects } from './object-tier.ts';
import { PollAlerts } from './poll-alerts.ts';
import type { ReadBudget } from './read-budget.ts';
import { Round } from './round.ts';
import { appliesTo, intervalMsOf, nameOf, type SweepTier, sweepTiers } from './schedule.ts';
import { nothing, sumOf } from './sweep-sum.ts';

export interface PollParts {
  readonly ledger: PaymentLedger;
  readonly accounts: Accounts;
  readonly intake: Intake;
  readonly events: StripeEvents;
  readonly withdrawn: WithdrawnCheckouts;
  readonly reads: BackgroundReads;
  readonly budget: ReadBudget;
  readonly scope: string;
  readonly runtime: Runtime;
  readonly log: Logger;
  /** Milliseconds between rounds of the `events` tier while an unpaid order is young. */
  readonly intervalMs: number;
  readonly stopping: AbortController;
}

export interface SweepOptions {
  /** Default: all three. */
  readonly tiers?: readonly SweepTier[];
  /** Only tiers for which no process has finished a round within their interval. Default false. */
  readonly onlyDue?: boolean;
}

const readTier: Readonly<Record<SweepTier, (round: Round) => Promise<void>>> = {
  events: readEvents,
  objects: readObjects,
  money: readMoney,
};

/** A round that this process found running, and since when, by our monotonic clock. */
interface SeenRound {
  readonly round: number;
  readonly atMs: number;
}

export class Poll {
  readonly #parts: PollParts;
  readonly #seenRounds = new Map<string, SeenRound>();
  /** Tiers of connected accounts that our key may not read: they are left to a process with another key. */
  readonly #closedToUs = new Set<string>();
  #turn: Promise<unknown> = Promise.resolve();
  #loop: Promise<void> = Promise.resolve();
  #soon = false;
  readonly #alerts: PollAlerts;

  constructor(parts: PollParts) {
    this.#parts = parts;
    this.#alerts = new PollAlerts(parts);
  }

  /**
   * One pass, after those under way. All zeros if there is nothing to look for, or if another process has just begun it.
   *
   * @throws LedgerError `provider_unavailable`, `closed`, or a code of the store: the round is not finished, and is read again.
   */
  sweep(options: SweepOptions = {}): Promise<SweepSummary> {
    const work = this.#turn.then(() => this.#sweep(options));
    this.#turn = work.catch(() => undefined);
    return work;
  }

  /** A pass that nobody awaits. The lost events are not in Stripe's list of events, but the objects and the money are there. */
  sweepSoon(): void {
    if (this.#soon) return;
    this.#soon = true;
    const work = this.#turn.then(() => {
      this.#soon = false; // A request that comes from here on needs a pass of its own.
      return this.#sweep({ tiers: ['objects', 'money'] });
    });
    this.#turn = work.catch((error: unknown) => this.#warn(error));
  }

  start(): void {
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#parts.stopping.abort();
    await this.#loop;
    await this.#turn;
  }

  async #run(): Promise<void> {
    const { runtime, intervalMs, stopping } = this.#parts;
    while (!stopping.signal.aborted) {
      try {
        await this.sweep({ onlyDue: true });
      } catch (error) {
        if (stopping.signal.aborted || (error instanceof LedgerError && error.code === 'closed')) return;
        this.#warn(error);
      }
      await runtime.sleep(intervalMs * (1 + runtime.random() / 10), stopping.signal);
    }
  }

  #warn(error: unknown): void {
    this.#parts.log.warn({ err: error }, 'a pass of the poll failed; the next one reads the same again');
  }

  async #sweep({ tiers = sweepTiers, onlyDue = false }: SweepOptions): Promise<SweepSummary> {
    const { ledger, stopping } = this.#parts;
    await ledger.settle({ timeoutMs: 0 }); // Only to catch up: an order placed before the pass is then included.
    await this.#alerts.alertMissedWebhooks();
    const targets = await this.#alerts.watch('the accounts', () => this.#targets());
    await this.#parts.withdrawn.endAll(targets);
    let sum = nothing;
    let failure: unknown;
    for (const orders of targets) {
      for (const tier of tiers) {
        if (stopping.signal.aborted) break;
        if (this.#closedToUs.has(nameOf(tier, orders))) continue;
        try {
          sum = sumOf(sum, await this.#round(tier, orders, targets, onlyDue));
        } catch (error) {
          if (isNotAllowed(error) && orders.account !== (await this.#parts.accounts.own()))
            this.#leaveToOthers(nameOf(tier, orders), error);
          else failure ??= error; // A tier that fails does not stop the others.
        }
      }
    }
    if (failure !== undefined) throw failure;
    return { ...sum, budgetLeft: await this.#budgetLeft(targets) };
  }

  async #round(tier: SweepTier, target: AccountOrders, targets: readonly AccountOrders[], onlyDue: boolean): Promise<SweepSummary> {
    const { ledger, runtime, budget, reads, accounts, stopping } = this.#parts;
    const name = nameOf(tier, target);
    const progress = await ledger.forAdapters.sweepProgress(name);
    const now = runtime.now();
    const orders = await this.#awaitedSince(progress, target);
    if (!appliesTo(tier, orders)) return nothing;
    if (onlyDue && !(await this.#isDue(tier, orders, progress, targets))) return nothing;
    const readsBefore = reads.count;
    // `taken`: another process began this round after our call, and finds all that we would.
    const { outcome, round: number } = await ledger.forAdapters.startSweep(name, progress.round);
    if (outcome === 'taken') return nothing;
    const calls = await accounts.calls(orders.account);
    const round = new Round({ tier: name, number, orders, progress }, now, { ...this.#parts, calls, signal: stopping.signal });
    let failure: unknown;
    try {
      await readTier[tier](round);
      const summary = await this.#finish(round, reads.count - readsBefore, targets);
      if (round.counts.failed > 0)
        failure = new LedgerError('provider_unavailable', `${round.counts.failed} objects could not be taken in`);
      return summary;
    } catch (error) {
      failure = error;
      throw error;
    } finally {
      // Reads of a round that failed are recorded with the next round that ends well.
      if (failure !== undefined) budget.note(reads.count - readsBefore);
      this.#alerts.recordRescued(round.rescuedOrders);
      this.#alerts.recordOutcome(name, round.hasAdvanced ? undefined : failure); // A round that advanced leaves the next one less to read.
    }
  }

  /** Only a round without a failure moves the cursor. */
  async #finish(round: Round, calls: number, targets: readonly AccountOrders[]): Promise<SweepSummary> {
    const { ledger, budget, log } = this.#parts;
    const { failed, ...counts } = round.counts;
    const { tier, number } = round;
    const others = budget.others;
    const summary = { ...counts, calls, otherReads: others };
    const budgetLeft = (await this.#budgetLeft(targets)) - calls;
    if (failed === 0) {
      await ledger.forAdapters.finishSweep(tier, number, { upTo: round.upTo.toISOString(), summary: { ...summary, budgetLeft } });
      budget.recorded(others);
    }
    const message = failed === 0 ? 'a round of the poll is done' : 'a round of the poll had failures; the next one reads the same again';
    log.info({ tier, round: number, ...summary, failed, budgetLeft }, message);
    return summary;
  }

  /** Includes what could still be paid when the tier's last round ended, even if it cannot be paid now. */
  async #awaitedSince({ upTo }: SweepProgress, target: AccountOrders): Promise<AccountOrders> {
    const { ledger, runtime } = this.#parts;
    const now = runtime.now().toISOString();
    const all = await ledger.forAdapters.accountOrders(upTo === undefined ? target.firstPlacedAt : upTo < now ? upTo : now);
    return all.find(({ account, livemode }) => account === target.account && livemode === target.livemode) ?? target;
  }

  /** True if no process has finished a round within the interval, and no round that began still seems to run. */
  async #isDue(tier: SweepTier, orders: AccountOrders, progress: SweepProgress, targets: readonly AccountOrders[]): Promise<boolean> {
    const { runtime, intervalMs } = this.#parts;
    const name = nameOf(tier, orders);
    const nowMs = runtime.monotonicNowMs();
    const seenRound = this.#seenRounds.get(name);
    if (seenRound?.round !== progress.round) this.#seenRounds.set(name, { round: progress.round, atMs: nowMs });
    if (progress.finished && progress.upTo === undefined) return true;
    const budgetLeft = tier === 'events' ? await this.#budgetLeft(targets) : 0;
    const wait = intervalMsOf(tier, { intervalMs, orders, budgetLeft, now: runtime.now() });
    const sinceMs = runtime.now().getTime() - Date.parse(progress.upTo ?? orders.firstPlacedAt);
    if (progress.finished) return sinceMs >= wait || (seenRound?.round === progress.round && nowMs - seenRound.atMs >= wait);
    // A cron job is a new process each time and observes no round for long: it goes by when a round was due.
    if (seenRound === undefined) return sinceMs >= wait + intervalMs;
    // By our own clock: a round that began an interval ago and has not ended belongs to a process that died. If the failing
    // rounds are ours, each wait is twice as long as the one before, and at most `wait`.
    const patience = Math.min(wait, intervalMs * 2 ** this.#alerts.failuresOf(name));
    return seenRound.round === progress.round && nowMs - seenRound.atMs >= patience;
  }

  async #budgetLeft(targets: readonly AccountOrders[]): Promise<number> {
    const { ledger, runtime, budget } = this.#parts;
    const names = targets.flatMap((orders) => sweepTiers.map((tier) => nameOf(tier, orders)));
    const progress = await Promise.all(names.map((name) => ledger.forAdapters.sweepProgress(name)));
    return budget.left(
      progress.map(({ spent }) => spent),
      runtime.now(),
    );
  }

  /** Each account has its own lists, so its own rounds. Only orders in our key's mode: the key cannot read the other. */
  async #targets(): Promise<readonly AccountOrders[]> {
    const { ledger, accounts } = this.#parts;
    const all = (await ledger.forAdapters.accountOrders()).filter(({ account }) => account.startsWith('acct_'));
    const livemode = await keyMode(all, accounts);
    return all.filter((orders) => orders.livemode === livemode);
  }

  #leaveToOthers(name: string, error: unknown): void {
    this.#closedToUs.add(name);
    const message = 'our key may not read a list of an account that has orders here; that part of its poll is left to others';
    this.#parts.log.warn({ err: error, tier: name }, message);
  }
}
