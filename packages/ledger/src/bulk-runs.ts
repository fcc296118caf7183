// Bulk runs: a person asks for the same thing of many orders at once.
import type { OrderSummary } from './console-reads.ts';
import type { Page, PageRequest } from './page.ts';

/** What a bulk run does with each order. */
export type RunKind = 'redeliver' | 'recheck';
/** `orders`: these. `undelivered`: all that wait when the run starts, of one error if it is named. */
export type RunSelection = { readonly orders: readonly string[] } | { readonly undelivered: { readonly error?: string } };

/** A bulk run, as its stream tells it. */
export interface Run {
  readonly runId: string;
  readonly kind: RunKind;
  readonly by: { readonly actor: string; readonly reason: string };
  /** `paused`: the shop refused 20 in a row; it goes on by itself. */
  readonly state: 'running' | 'paused' | 'finished' | 'canceled';
  readonly count: number;
  readonly done: number;
  /** Saved meanwhile, or not in the list any more. */
  readonly skipped: number;
  readonly failed: number;
  /** The first 100. */
  readonly failures: readonly { readonly orderId: string; readonly error: string }[];
  readonly startedAt: string;
  readonly endedAt?: string;
}

/** Bulk runs: at most 5,000 orders, one at a time; resumed by another process if this one dies. `ledger.runs`. */
export interface BulkRuns {
  /** A dry run: how many orders, the first 100 of them, and how many wait since when. Nothing is written. */
  plan(
    kind: RunKind,
    selection: RunSelection,
  ): Promise<{ readonly count: number; readonly orders: readonly OrderSummary[]; readonly lagMs: number }>;
  /** `running`: another one is, under that id. @throws LedgerError `invalid_input`: nothing to do, or more than 5,000 orders. */
  start(
    kind: RunKind,
    selection: RunSelection,
    by: { readonly actor: string; readonly reason: string },
  ): Promise<{ readonly outcome: 'started' | 'running'; readonly runId: string }>;
  /** Strong. Undefined: no such run. */
  run(runId: string): Promise<Run | undefined>;
  /** Newest first. */
  runs(page?: PageRequest): Promise<Page<Run>>;
  cancel(runId: string, by: { readonly actor: string; readonly reason: string }): Promise<{ readonly outcome: 'canceled' | 'ended' }>;
}
