// What the benchmark asks of the process of a side, and what it answers.

/** One slot: these payments are new, and each is told twice at once, then all of them once more. */
export interface Slot {
  readonly from: number;
  readonly count: number;
  readonly callers: number;
  /** Nothing is begun after this time. */
  readonly atMostMs: number;
}

export interface Measured {
  /** How many of the payments were begun. */
  readonly count: number;
  readonly firstMs: number;
  /** How many of them were told once more, in `againMs`. */
  readonly again: number;
  readonly againMs: number;
}

/** What is stored, compared with what was acknowledged. */
export interface Checked {
  readonly payments: number;
  /** Acknowledged, and nothing of it is stored. */
  readonly lost: number;
  /** It counted more than once. */
  readonly doubled: number;
  /** Calls that failed and were told again. */
  readonly failedCalls: number;
  /** Payments that failed each time. */
  readonly refused: number;
  readonly firstError?: string;
}

export type Answer = { readonly ready: true } | Measured | Checked | { readonly error: string };
