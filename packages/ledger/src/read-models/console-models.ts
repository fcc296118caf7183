// The read models that only a console reads, and the rows that lead to its lists.
import type { StoredEvent } from '../event-store/event-store.ts';
import { type ActionRows, noteRuns, openActionRows } from './action-rows.ts';
import { type ConsoleRows, openConsoleRows } from './console-rows.ts';
import { type ConsoleSubscriptionRows, openConsoleSubscriptionRows } from './console-subscription-rows.ts';
import { type HeldRows, openHeldRows } from './held-rows.ts';
import { type HourRows, openHourRows } from './hour-rows.ts';
import { type NameRows, openNameRows } from './name-rows.ts';
import type { OrderNotes } from './order-rows.ts';
import type { QueueRows } from './queue-rows.ts';
import type { ReadModelFile } from './read-model-file.ts';
import { openUnreadableRows, type UnreadableRows } from './unreadable-rows.ts';

export interface ConsoleModels {
  /** Applies a page beside the rows of its orders. Call it in the transaction that moves the cursor, once for each page. */
  apply(events: readonly StoredEvent[], notes: OrderNotes): void;
  readonly lists: ConsoleRows;
  readonly queues: Pick<QueueRows, 'counts'>;
  readonly names: Pick<NameRows, 'named' | 'members'>;
  readonly hours: Omit<HourRows, 'add'>;
  readonly actions: Pick<ActionRows, 'actions'>;
  readonly held: Pick<HeldRows, 'held' | 'named'>;
  readonly unreadable: Pick<UnreadableRows, 'unreadable'>;
  readonly subscriptions: ConsoleSubscriptionRows;
}

export function openConsoleModels(file: ReadModelFile, queues: QueueRows): ConsoleModels {
  const names = openNameRows(file);
  const hours = openHourRows(file);
  const actions = openActionRows(file);
  const held = openHeldRows(file);
  const unreadable = openUnreadableRows(file);
  return {
    apply: (events, notes) => {
      noteRuns(events, notes.actions);
      names.add(notes.names);
      hours.add(notes.counts);
      actions.add(notes.actions);
      held.apply(events);
      unreadable.apply(events);
    },
    lists: openConsoleRows(file),
    queues,
    names,
    hours,
    actions,
    held,
    unreadable,
    subscriptions: openConsoleSubscriptionRows(file),
  };
}
