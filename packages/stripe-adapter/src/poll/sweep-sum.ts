// The counts of a pass: what its rounds did together.
import type { SweepSummary } from '@paidonce/ledger';

export const nothing: SweepSummary = { lookedAt: 0, calls: 0, found: 0, rescued: 0 };

export function sumOf(a: SweepSummary, b: SweepSummary): SweepSummary {
  return { lookedAt: a.lookedAt + b.lookedAt, calls: a.calls + b.calls, found: a.found + b.found, rescued: a.rescued + b.rescued };
}
