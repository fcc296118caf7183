// Whether memberships that are due can be looked at: nothing ends without a look, while `validUntil` passes at the shop.
import type { Logger, PaymentLedger, Runtime } from '@paidonce/ledger';
import { type AccountTarget, accountTargets } from '../stripe/account-targets.ts';
import { nameOf } from './schedule.ts';

const hourMs = 3_600_000;
const blindMs = 72 * hourMs;
const alertAgainMs = 24 * hourMs;

export interface ExpiryWatchParts {
  readonly ledger: PaymentLedger;
  readonly runtime: Runtime;
  readonly log: Logger;
  /** Stripe's time now. Undefined: this process has not heard it. */
  readonly stripeNow: () => Date | undefined;
}

export class ExpiryWatch {
  readonly #parts: ExpiryWatchParts;
  #checkedAtMs = Number.NEGATIVE_INFINITY;
  #alertedAtMs = Number.NEGATIVE_INFINITY;

  constructor(parts: ExpiryWatchParts) {
    this.#parts = parts;
  }

  /** Alerts a person where a look is overdue by days; looks for that once an hour at most. Never rejects: it only warns. */
  async check(): Promise<void> {
    const { ledger, runtime, log, stripeNow } = this.#parts;
    const nowMs = runtime.monotonicNowMs();
    if (nowMs - this.#checkedAtMs < hourMs) return;
    this.#checkedAtMs = nowMs;
    try {
      const now = stripeNow() ?? runtime.now();
      await ledger.forAdapters.catchUp(); // Rows from before a renewal would show a member as due.
      const blind: AccountTarget[] = [];
      for (const target of await accountTargets(ledger, now)) if (await this.#isBlind(target, now)) blind.push(target);
      if (blind.length === 0 || nowMs - this.#alertedAtMs < alertAgainMs) return;
      this.#alertedAtMs = nowMs;
      ledger.forAdapters.alert({ kind: 'expiry_blind', message: messageOf(blind) });
    } catch (error) {
      log.warn({ err: error }, 'it could not be checked whether memberships wait for their look');
    }
  }

  async #isBlind({ account, livemode, subscriptions }: AccountTarget, now: Date): Promise<boolean> {
    const { oldestDueAt } = subscriptions ?? {};
    if (oldestDueAt === undefined || now.getTime() - Date.parse(oldestDueAt) < blindMs) return false;
    const { upTo } = await this.#parts.ledger.forAdapters.sweepProgress(nameOf('due', { account, livemode }));
    return upTo === undefined || now.getTime() - Date.parse(upTo) >= blindMs;
  }
}

function messageOf(blind: readonly AccountTarget[]): string {
  const due = blind.reduce((sum, { subscriptions }) => sum + (subscriptions?.due ?? 0), 0);
  return `${due} memberships of ${blind.map(({ account }) => account).join(', ')} are due, and for 72 hours nobody could look at them: here none of them ends, while \`validUntil\` passes at the shop, for those too who have paid. Let one process poll, or call \`sweep\` by a cron job, with a key that may read subscriptions and invoices; \`paidonce-stripe doctor\` says more`;
}
