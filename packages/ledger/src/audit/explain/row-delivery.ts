// What became of a decision at the shop, from its delivery events.
import { defined } from '../../defined.ts';
import { deliveryHorizonMs } from '../../order/delivery-state.ts';
import type { DeliveryTold, EntryOf } from './row-types.ts';
import type { TimelineEntry } from './timeline.ts';

export type DeliveryEntry = EntryOf<'delivered' | 'delivery_failed' | 'taken_over' | 'abandoned'>;

export function isDelivery(entry: TimelineEntry): entry is DeliveryEntry {
  return entry.kind === 'delivered' || entry.kind === 'delivery_failed' || entry.kind === 'taken_over' || entry.kind === 'abandoned';
}

/**
 * @param events all delivery events of the decision, oldest first: also a person's request, which has a row of its own.
 * @param replacedBy the decision that followed it.
 */
export function deliveryTold(events: readonly DeliveryEntry[], replacedBy: number | undefined): DeliveryTold {
  const failures = events.filter((event) => event.kind === 'delivery_failed');
  const saved = events.findLast((event) => event.kind === 'delivered');
  const told = { failures, ...defined({ replacedBy }) };
  const last = events.at(-1);
  if (last?.kind === 'delivered') return { ...told, state: last.imported ? 'imported' : last.found ? 'found' : 'saved', saved: last };
  if (replacedBy !== undefined) return { ...told, state: saved ? 'saved' : 'replaced', ...defined({ saved }) };
  if (last?.kind === 'abandoned') return { ...told, state: 'abandoned' };
  const failed = failures.at(-1);
  // A process that took it over is in an attempt: what it waited for is past.
  if (last?.kind !== 'delivery_failed' || failed === undefined) return { ...told, state: failed ? 'failing' : 'waiting' };
  return {
    ...told,
    state: 'failing',
    nextTryAt: later(failed.at, failed.waitMs),
    givesUpAt: later(failed.at, failed.waitMs + Math.max(0, deliveryHorizonMs - failed.spentMs)),
  };
}

/** @param at ISO 8601. A text that is no time stays as it is. */
function later(at: string, ms: number): string {
  const time = Date.parse(at) + ms;
  return Number.isFinite(time) && Math.abs(time) <= 8.64e15 ? new Date(time).toISOString() : at;
}
