// What the poll reports to a person: that webhooks do not arrive, where it gave access and no webhook has reported the payment
// minutes later; that it cannot look itself; and that it looks less often than it should. In memory, and bounded: the poll
// does its work without.

import { LedgerError, type Logger, type PaymentLedger, type Runtime, readOrderEvent } from '@paidonce/ledger';
import { isPaid, type KnownSubscription } from '@paidonce/ledger/adapter';
import type { Purse } from './purse.ts';
import { isThrottled, nameOf, sweepTiers } from './schedule.ts';

/** Stripe sends a webhook within seconds. Before this time it may only be late, and is not yet called lost. */
const lateMs = 120_000;
const maxRescued = 1_000;
const mostNamed = 5;
/** A quarter of an hour at the default interval: each wait is twice as long as the one before. */
const failuresBeforeAlert = 3;

/** Shares come and go by the hour; a person need not hear of each. */
const throttledAgainMs = 24 * 3_600_000;

export interface PollAlertsParts {
  readonly ledger: PaymentLedger;
  readonly runtime: Runtime;
  readonly log: Logger;
}

export class PollAlerts {
  readonly #parts: PollAlertsParts;
  /** Orders that the poll gave access to. Value: when, by our monotonic clock. */
  readonly #rescued = new Map<string, number>();
  /** The same of subscriptions, those that it extended among them. */
  readonly #renewed = new Map<string, number>();

  /** Our own failures in a row. Key: the name of a tier, or of the step before all tiers. */
  readonly #failures = new Map<string, number>();
  #isThrottled = false;
  #throttledAtMs = Number.NEGATIVE_INFINITY;

  constructor(parts: PollAlertsParts) {
    this.#parts = parts;
  }

  failuresOf(what: string): number {
    return this.#failures.get(what) ?? 0;
  }

  /** Records how `work` ends, and passes on its result or its error. */
  async watch<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      this.recordOutcome(what);
      return result;
    } catch (error) {
      this.recordOutcome(what, error);
      throw error;
    }
  }

  /**
   * Records an end; alerts a person once there are enough failures in a row.
   *
   * @param error absent: it ended well.
   */
  recordOutcome(what: string, error?: unknown): void {
    const failures = error === undefined ? 0 : this.failuresOf(what) + 1;
    this.#failures.set(what, failures);
    if (failures !== failuresBeforeAlert) return;
    // The message of a foreign error may quote a key.
    const why = error instanceof LedgerError ? `${error.code}: ${error.message}` : 'see the log';
    this.#parts.ledger.forAdapters.alert({
      kind: 'poll_failing',
      message: `The poll of ${what} has failed ${failuresBeforeAlert} times in a row in this process (${why}). Nothing is lost: the next round reads the same again. Until then a payment whose webhook is lost is found by its status query alone`,
    });
  }

  /** Alerts a person once where customers wait for a tier that comes less often than it should. */
  recordThrottled({ accounts, allowance, left }: Purse, intervalMs: number): void {
    const { ledger, runtime } = this.#parts;
    const now = runtime.now();
    const tiers = accounts.flatMap(({ orders, share }) =>
      sweepTiers.filter((tier) => isThrottled(tier, { intervalMs, orders, share, now })).map((tier) => nameOf(tier, orders)),
    );
    const begins = tiers.length > 0 && !this.#isThrottled;
    this.#isThrottled = tiers.length > 0;
    if (!begins || runtime.monotonicNowMs() - this.#throttledAtMs < throttledAgainMs) return;
    this.#throttledAtMs = runtime.monotonicNowMs();
    ledger.forAdapters.alert({
      kind: 'reads_throttled',
      message: `Orders wait for their payment, and the poll comes less often than it should in ${tiers.length} tiers (${few(tiers)}): the reads of their accounts are spent. Of ${allowance} reads in 30 days ${left} are left. Webhooks and status queries go on. If Stripe's allowance has room, raise poll.readsPer30Days; are there many orders that nobody pays?`,
    });
  }

  /** Records the orders that a round gave access to, and the subscriptions that it granted or extended. */
  recordRescued(orderIds: readonly string[], subscriptionIds: readonly string[]): void {
    const atMs = this.#parts.runtime.monotonicNowMs();
    for (const orderId of orderIds) if (this.#rescued.size < maxRescued) this.#rescued.set(orderId, atMs);
    for (const id of subscriptionIds) if (this.#renewed.size < maxRescued) this.#renewed.set(id, atMs);
  }

  /**
   * Sends one alert for all rescued orders whose webhook is overdue, and one for such subscriptions. Never rejects: an order that
   * cannot be read must not stop the poll.
   */
  async alertMissedWebhooks(): Promise<void> {
    const { ledger } = this.#parts;
    const missedRenewals = await this.#missedOf(this.#renewed, (subscriptionId) => this.#hasRenewalWebhook(subscriptionId));
    if (missedRenewals.length > 0) {
      ledger.forAdapters.alert({
        kind: 'renewal_missed',
        message: `The poll found the paid invoices of ${missedRenewals.length} subscriptions that no webhook has reported (${few(missedRenewals)}). Nobody was locked out. Is the endpoint reachable, and does it have the types of subscriptions? Run \`paidonce-stripe doctor\``,
      });
    }
    const missed = await this.#missedOf(this.#rescued, (orderId) => this.#hasWebhook(orderId));
    if (missed.length === 0) return;
    ledger.forAdapters.alert({
      kind: 'webhook_missed',
      message: `The poll gave access for ${missed.length} paid orders that no webhook has reported (${few(missed)}). Is the endpoint reachable, and its secret the right one? Run \`paidonce-stripe doctor\``,
    });
  }

  /** Takes out of `rescued` what waits for its webhook for long enough, and answers what has none. */
  async #missedOf(rescued: Map<string, number>, hasWebhook: (id: string) => Promise<boolean>): Promise<readonly string[]> {
    const { runtime } = this.#parts;
    const missed: string[] = [];
    for (const [id, atMs] of [...rescued]) {
      if (runtime.monotonicNowMs() - atMs < lateMs) continue;
      rescued.delete(id);
      if (!(await hasWebhook(id))) missed.push(id);
    }
    return missed;
  }

  /** As `#hasWebhook`, of the newest invoice that the poll was the first to report as paid. */
  async #hasRenewalWebhook(subscriptionId: string): Promise<boolean> {
    const { ledger, log } = this.#parts;
    try {
      const { reference } = (await ledger.subscription(subscriptionId)) ?? {};
      const known = reference && (await ledger.forAdapters.subscriptions.known(reference));
      const found = known?.invoices.filter(({ fact, sources }) => fact.status === 'paid' && sources[0] === 'poll') ?? [];
      const [newest] = found.toSorted((a, b) => endOf(b).localeCompare(endOf(a)));
      return newest === undefined || newest.sources.includes('webhook');
    } catch (error) {
      log.warn({ err: error, subscriptionId }, 'a subscription could not be read, so a missing webhook of it raises no alert');
      return true;
    }
  }

  /** True if a webhook reported the payment, and also if the order cannot be read: then no false alarm. */
  async #hasWebhook(orderId: string): Promise<boolean> {
    const { ledger, log } = this.#parts;
    try {
      for (const stored of await ledger.history(orderId)) {
        const event = readOrderEvent(stored);
        if (event.type === 'PaymentObserved' && event.data.source === 'webhook' && isPaid(event.data.fact)) return true;
      }
      return false;
    } catch (error) {
      log.warn({ err: error, orderId }, 'an order could not be read, so a missing webhook of it raises no alert');
      return true;
    }
  }
}

function endOf({ fact }: KnownSubscription['invoices'][number]): string {
  return fact.status === 'paid'
    ? (fact.lines
        .map(({ to }) => to)
        .toSorted()
        .at(-1) ?? '')
    : '';
}

function few(names: readonly string[]): string {
  return names.length > mostNamed ? `${names.slice(0, mostNamed).join(', ')}, …` : names.join(', ');
}
