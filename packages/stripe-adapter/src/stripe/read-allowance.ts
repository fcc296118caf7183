// How many reads of Stripe's API the adapter may spend in 30 days, and which part of them is for whom. Stripe allows 500 for
// each transaction and at least 10,000, on a platform for all accounts together. By default we take half, so that the shop
// has as much for itself, and the allowance follows its payments.
import type { PaymentLedger, Runtime } from '@paidonce/ledger';
import { type AccountTarget, accountTargets, paymentsOf } from './account-targets.ts';

export const allowanceDays = 30;
export const leastReads = 5_000;
const readsPerPayment = 250;
/** The part of the poll. Nothing else can spend it. */
export const pollPart: number = 3 / 4;
/** The part of the looks of success pages, which anybody can cause. */
export const looksPart: number = 1 / 4;
const rememberedForMs = 10 * 60_000;

export class ReadAllowance {
  readonly #ledger: PaymentLedger;
  readonly #runtime: Runtime;
  readonly #given: number | undefined;
  /** What it is in a mode, as of the last reading. */
  readonly #known = new Map<boolean, { readonly atMs: number; readonly reads: number }>();

  /** @param given what the shop has configured. Undefined: it follows the payments of the shop. */
  constructor(ledger: PaymentLedger, runtime: Runtime, given: number | undefined) {
    this.#ledger = ledger;
    this.#runtime = runtime;
    this.#given = given;
  }

  /** The reads of 30 days for all these accounts together. */
  of(accounts: Parameters<typeof readsFor>[0]): number {
    return this.#given ?? readsFor(accounts);
  }

  /** The same for the accounts of a mode, as of ten minutes ago or so. At once: a customer is waiting. */
  ofMode(livemode: boolean): number {
    if (this.#given !== undefined) return this.#given;
    const nowMs = this.#runtime.monotonicNowMs();
    const { atMs, reads } = this.#known.get(livemode) ?? { atMs: Number.NEGATIVE_INFINITY, reads: leastReads };
    if (nowMs - atMs < rememberedForMs) return reads;
    this.#known.set(livemode, { atMs: nowMs, reads });
    this.#read(livemode).then(
      (read) => this.#known.set(livemode, { atMs: nowMs, reads: read }),
      () => undefined, // What was known goes on until the next reading.
    );
    return reads;
  }

  async #read(livemode: boolean): Promise<number> {
    const targets = await accountTargets(this.#ledger, this.#runtime.now());
    return readsFor(targets.filter((target) => target.livemode === livemode));
  }
}

/** The default allowance of a shop with these accounts. */
export function readsFor(accounts: readonly Pick<AccountTarget, 'paidIn30Days' | 'subscriptions'>[]): number {
  const payments = accounts.reduce((sum, account) => sum + paymentsOf(account), 0);
  return Math.max(leastReads, Math.floor(readsPerPayment * payments));
}
