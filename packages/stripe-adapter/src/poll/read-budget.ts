// Stripe rations reads over 30 days, and the shop's own calls come out of the same allowance. Reads of the poll's rounds
// are recorded in the log; other reads of this process are recorded with the next round.
import type { SweepProgress } from '@paidonce/ledger/adapter';

const dayMs = 24 * 3_600_000;
export const budgetDays = 30;

export class ReadBudget {
  readonly #readsPer30Days: number;
  /** Reads of this process outside its rounds, not recorded in the log yet. */
  #others = 0;

  constructor(readsPer30Days: number) {
    this.#readsPer30Days = readsPer30Days;
  }

  /** Counts reads that no finished round records: status queries, webhooks that left a question, rounds that failed. */
  note(reads = 1): void {
    this.#others += reads;
  }

  get others(): number {
    return this.#others;
  }

  /** Subtracts reads that are now recorded in the log. */
  recorded(others: number): void {
    this.#others -= others;
  }

  /** Reads left. May fall below zero: what a customer waits for, and the proof that nothing was missed, are never stopped. */
  left(spent: Iterable<SweepProgress['spent']>, now: Date): number {
    const oldest = new Date(now.getTime() - budgetDays * dayMs).toISOString().slice(0, 10);
    let reads = this.#others;
    for (const days of spent) for (const each of days) if (each.day > oldest) reads += each.reads;
    return this.#readsPer30Days - reads;
  }
}
