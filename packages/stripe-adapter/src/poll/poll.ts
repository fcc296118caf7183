// The poll finds payments whose webhooks were lost. Three tiers list events, completed sessions and money; four more are of
// subscriptions. Each runs on its own account, in rounds; one process runs a round, elected through the tier's stream. Reading twice is harmless.
import { LedgerError } from '@paidonce/ledger';
import { traced } from '@paidonce/ledger/adapter';
import { type AccountTarget, accountTargets } from '../stripe/account-targets.ts';
import { inKeysMode } from '../stripe/accounts.ts';
import { DueRounds } from './due-rounds.ts';
import { Pass, type PassParts, type PollParts } from './pass.ts';
import { PollAlerts } from './poll-alerts.ts';
import { openPurse, type Purse } from './purse.ts';
import { quickTiers, type SweepTier, sweepTiers } from './schedule.ts';
import type { SweepResult } from './sweep-result.ts';

export interface SweepOptions {
  /** Default: all. Those of subscriptions find nothing where the ledger keeps none. */
  readonly tiers?: readonly SweepTier[];
  /** Only tiers for which no process has finished a round within their interval. Default false. */
  readonly onlyDue?: boolean;
}

export class Poll {
  readonly #parts: PollParts;
  #turn: Promise<unknown> = Promise.resolve();
  #loop: Promise<void> = Promise.resolve();
  #soon = false;
  #polls = false;
  readonly #alerts: PollAlerts;
  readonly #passParts: PassParts;

  constructor(parts: PollParts) {
    this.#parts = parts;
    this.#alerts = new PollAlerts(parts);
    this.#passParts = {
      ...parts,
      alerts: this.#alerts,
      due: new DueRounds(parts.runtime),
      closedToUs: new Set(),
      purse: () => this.#alerts.watch('the accounts', () => this.#purse()),
      eventsTurn: { atMs: Number.NEGATIVE_INFINITY },
    };
  }

  /**
   * One pass, after those under way. All zeros if there is nothing to look for, or if another process has just begun it.
   *
   * @throws LedgerError `provider_unavailable`, `closed`, or a code of the store: the round is not finished, and is read again.
   */
  sweep(options: SweepOptions = {}): Promise<SweepResult> {
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
      return this.#sweep({ tiers: ['objects', 'invoices', 'money', 'subscriptions'] });
    });
    this.#turn = work.catch((error: unknown) => this.#warn(error));
  }

  start(): void {
    this.#polls = true;
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

  #sweep({ tiers = sweepTiers, onlyDue = false }: SweepOptions): Promise<SweepResult> {
    const givesWay = this.#polls || quickTiers.some((tier) => tiers.includes(tier));
    return traced(
      'paidonce.poll_pass',
      { 'paidonce.tiers': tiers.join(' ') },
      async (note) => {
        const swept = await Pass.run(this.#passParts, { tiers, onlyDue, givesWay }).finally(() => this.#parts.watch?.check());
        const { lookedAt, calls, found, rescued } = swept;
        note({ 'paidonce.looked_at': lookedAt, 'paidonce.calls': calls, 'paidonce.found': found, 'paidonce.rescued': rescued });
        return swept;
      },
      { isOnItsOwn: true },
    );
  }

  async #purse(): Promise<Purse> {
    const { ledger, allowance, runtime, intervalMs } = this.#parts;
    await ledger.forAdapters.catchUp(); // An order placed before the pass is then included.
    await this.#alerts.alertMissedWebhooks();
    const targets = await this.#targets();
    await this.#parts.withdrawn.endAll(targets);
    const purse = await openPurse(ledger, targets, allowance, runtime.now());
    this.#alerts.recordThrottled(purse, intervalMs);
    return purse;
  }

  /** Each account has its own lists, so its own rounds. Only orders in our key's mode: the key cannot read the other. */
  async #targets(): Promise<readonly AccountTarget[]> {
    const { ledger, accounts, runtime, subscriptions } = this.#parts;
    // Without the option `subscriptions` this process leaves theirs to others.
    const targets = subscriptions ? accountTargets(ledger, subscriptions.clock.now ?? runtime.now()) : ledger.forAdapters.accountOrders();
    return (await inKeysMode<AccountTarget>(await targets, accounts)).orders;
  }
}
