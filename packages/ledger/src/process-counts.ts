// What this process has counted since it opened the ledger: what sources reported and what became of it, the alerts, and the looks of
// adapters. The log does not say it: a repetition adds no event, an alert is none, and a look that finds nothing new is not recorded.
import type { AlertKind } from './alerts.ts';
import type { Source } from './observation.ts';
import type { SubscriptionOutcome } from './subscription/events.ts';

/**
 * As `observePayment` and `observeSubscription` answer. `stale`: a person had not seen the order's news. `failed`: it threw, and the
 * source reports it again.
 */
export type ObservationOutcome =
  | SubscriptionOutcome
  | 'review'
  | 'recorded'
  | 'duplicate'
  | 'held'
  | 'unknown'
  | 'stale'
  | 'belongs_to'
  | 'failed';

/**
 * What a look at a subscription at the provider showed. `seen`: how it is. `undated`: how it is, but not in full, or without the
 * provider's time, so that nothing may end by it. `missing`: the provider does not have it. `failed`: the provider did not answer.
 */
export type LookOutcome = 'seen' | 'undated' | 'missing' | 'failed';

export interface ProcessCounts {
  readonly observations: readonly { readonly source: Source; readonly outcome: ObservationOutcome; readonly count: number }[];
  readonly alerts: readonly { readonly kind: AlertKind; readonly count: number }[];
  readonly looks: readonly { readonly outcome: LookOutcome; readonly count: number }[];
}

export class ProcessCounter {
  readonly #observations = new Map<string, ProcessCounts['observations'][number]>();
  readonly #alerts = new Map<AlertKind, number>();
  readonly #looks = new Map<LookOutcome, number>();

  /** Counts one observation by what came of it. What it throws is thrown on. */
  async observation<T extends { readonly outcome: ObservationOutcome }>(source: Source, work: () => Promise<T>): Promise<T> {
    try {
      const result = await work();
      this.#observed(source, result.outcome);
      return result;
    } catch (error) {
      this.#observed(source, 'failed');
      throw error;
    }
  }

  #observed(source: Source, outcome: ObservationOutcome): void {
    const name = `${source} ${outcome}`;
    this.#observations.set(name, { source, outcome, count: (this.#observations.get(name)?.count ?? 0) + 1 });
  }

  alert(kind: AlertKind): void {
    this.#alerts.set(kind, (this.#alerts.get(kind) ?? 0) + 1);
  }

  look(outcome: LookOutcome): void {
    this.#looks.set(outcome, (this.#looks.get(outcome) ?? 0) + 1);
  }

  counts(): ProcessCounts {
    return {
      observations: [...this.#observations.values()],
      alerts: [...this.#alerts].map(([kind, count]) => ({ kind, count })),
      looks: [...this.#looks].map(([outcome, count]) => ({ outcome, count })),
    };
  }
}
