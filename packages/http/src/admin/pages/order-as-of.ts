// `?as-of=`: an order as it was. A time in ISO 8601, or a day, which counts to its end; in UTC where no zone is named.
import type { StoredEvent } from '@paidonce/ledger';
import { recordedAt } from './order-events.ts';

const form = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?)(Z|[+-]\d{2}:\d{2})?)?$/;

/** ISO 8601 UTC. Undefined: the page shows now. `wrong`: it is no time. */
export function asOfIn(text: string | null): string | 'wrong' | undefined {
  if (text === null) return undefined;
  const [, day, clock, zone = 'Z'] = form.exec(text) ?? [];
  if (day === undefined) return 'wrong';
  const midnight = Date.parse(`${day}T00:00:00Z`);
  // A day that no month has becomes another one: 30 February is 2 March.
  if (Number.isNaN(midnight) || new Date(midnight).toISOString().slice(0, 10) !== day) return 'wrong';
  const at = clock === undefined ? midnight + 86_400_000 - 1 : Date.parse(`${day}T${clock}${zone}`);
  return Number.isNaN(at) ? 'wrong' : new Date(at).toISOString();
}

/** The events that were recorded up to then. */
export function upTo(history: readonly StoredEvent[], asOf: string | undefined): readonly StoredEvent[] {
  return asOf === undefined ? history : history.filter((stored) => recordedAt(stored) <= asOf);
}
