// Bulk runs: a person asks for the same thing of many orders at once.
import type { OrderSummary } from './console-reads.ts';
import type { Page, PageRequest } from './page.ts';

/** What a bulk run does with each order. */
export type RunKind = 'redeliver' | 'recheck';
/** `orders`: these. `undelivered`: all that wait when the run starts, of one error if it is named. */
export type RunSelection = { readonly orders: readonly string[] } | { readonly undelivered: { readonly error?: string } };

/** `running`: also while it waits for a process that can carry it out. `paused`: 20 in a row failed; it goes on by itself. */
export type RunStatus = 'running' | 'paused' | 'finished' | 'canceled';

/** A bulk run, as its stream tells it. */
export interface Run {
  readonly runId: string;
  readonly kind: RunKind;
  readonly by: { readonly actor: string; readonly reason: string };
  readonly state: RunStatus;
  readonly count: number;
  readonly done: number;
  /** Saved meanwhile, or decided anew since the run began. */
  readonly skipped: number;
  readonly failed: number;
  /** The first 100. `error`: name and code of what was thrown, as `TypeError` or `Error/P2002`; `timeout`; or a code of the ledger. */
  readonly failures: readonly { readonly orderId: string; readonly error: string }[];
  /** ISO 8601 UTC, as `endedAt`. */
  readonly startedAt: string;
  readonly endedAt?: string;
}

/** Bulk runs: at most 5,000 orders, one at a time; resumed by another process if this one dies. `ledger.runs`. */
export interface BulkRuns {
  /** A dry run: how many orders (5,001: more than a run may have), and the rows of the first 100 that are placed. Nothing is written. */
  plan(
    kind: RunKind,
    selection: RunSelection,
  ): Promise<{ readonly count: number; readonly orders: readonly OrderSummary[]; readonly lagMs: number }>;
  /** `running`: another one goes on, under that id, and nothing was started. @throws LedgerError `invalid_input`: nothing to do, or more than 5,000 orders. */
  start(
    kind: RunKind,
    selection: RunSelection,
    by: { readonly actor: string; readonly reason: string },
  ): Promise<{ readonly outcome: 'started' | 'running'; readonly runId: string }>;
  /** Strong. Undefined: no such run. */
  run(runId: string): Promise<Run | undefined>;
  /** Newest first. */
  runs(page?: PageRequest): Promise<Page<Run>>;
  /** Ends a run before its next order; those under way are still counted. `ended`: it had ended. @throws LedgerError `invalid_input`: no such run. */
  cancel(runId: string, by: { readonly actor: string; readonly reason: string }): Promise<{ readonly outcome: 'canceled' | 'ended' }>;
}
