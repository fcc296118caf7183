// The folded sweep stream of each tier, as far as the read models have read the log. These streams grow for years, so a
// process that needs their state starts its fold here.
import { LedgerError } from '../errors.ts';
import type { StoredEvent } from '../event-store/event-store.ts';
import { type FoldedSweep, type SweepState, sweepAggregate, sweepStateSchema } from '../streams/sweep-streams.ts';
import type { ReadModelFile } from './read-model-file.ts';

/** A row of the table `sweeps`: `state` as JSON, and the id of the last event that is folded into it. */
export interface SweepRow {
  readonly state: string;
  readonly eventId: string;
}

export interface SweepRows {
  /** Folds the events of sweeps, and skips all others. Idempotent. Call it in the transaction that moves the cursor. */
  apply(events: readonly StoredEvent[]): void;
  /** Undefined: there is no row for the tier, or it cannot be read. */
  folded(tier: string): FoldedSweep | undefined;
}

export function openSweepRows({ db }: ReadModelFile): SweepRows {
  const select = db.prepare('select state, event_id from sweeps where tier = ?');
  const upsert = db.prepare(
    'insert into sweeps values (?, ?, ?) on conflict (tier) do update set state = excluded.state, event_id = excluded.event_id',
  );

  function folded(tier: string): FoldedSweep | undefined {
    const row = select.get(tier);
    const state = row && readState(String(row['state']));
    return state && { state, eventId: String(row['event_id']) };
  }

  return {
    folded,
    apply: (events) => {
      const changed = new Map<string, FoldedSweep>();
      for (const event of events) {
        if (!isOfSweep(event.stream)) continue;
        const tier = tierOf(event.stream);
        const before = changed.get(tier) ?? folded(tier);
        const after = foldSweep(before, event);
        if (after !== undefined && after !== before) changed.set(tier, after);
      }
      for (const [tier, sweep] of changed) {
        const { state, eventId } = sweepRow(sweep);
        upsert.run(tier, state, eventId);
      }
    },
  };
}

/**
 * Folds one event: for the live rows, and for a replay of them. An event that does not follow, or cannot be read, is skipped,
 * and so are all later ones. The row then stays at a state that the stream once had, and a fold that starts there meets the
 * same event. So a stream that cannot be read stops neither the other tiers nor the orders.
 */
export function foldSweep(before: FoldedSweep | undefined, event: StoredEvent): FoldedSweep | undefined {
  const state = before?.state ?? sweepAggregate.initial(tierOf(event.stream));
  if (event.revision !== state.revision + 1) return before;
  try {
    return { state: sweepAggregate.evolve(state, sweepAggregate.read(event), ''), eventId: event.id };
  } catch (error) {
    if (error instanceof LedgerError) return before;
    throw error;
  }
}

export function sweepRow({ state, eventId }: FoldedSweep): SweepRow {
  return { state: JSON.stringify(state), eventId };
}

/** True if the stream is a `sweep-{tier}`. */
export function isOfSweep(stream: string): boolean {
  return stream.startsWith(sweepAggregate.stream(''));
}

export function tierOf(stream: string): string {
  return stream.slice(sweepAggregate.stream('').length);
}

function readState(text: string): SweepState | undefined {
  try {
    const parsed = sweepStateSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
