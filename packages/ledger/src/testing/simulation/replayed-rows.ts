// Checks that every row of the read models that a process kept is the one that the log leads to: replayed as one page, into
// an empty file, up to the cursor of the process.
import { DatabaseSync } from 'node:sqlite';
import type { Position, StoredEvent } from '../../event-store/event-store.ts';
import { openMemoryEventStore } from '../../event-store/memory.ts';
import { openOrderReadModels } from '../../read-models/order-read-models.ts';
import { openReadModelFile, readModelCursor, readModelPrefixes } from '../../read-models/read-model-file.ts';
import { systemRuntime } from '../../runtime.ts';
import { allRows } from './all-rows.ts';
import type { Stage } from './stage.ts';

const duplicateWithinHours = 24;

const countedTables = ['names', 'queued', 'hours', 'latencies', 'waits', 'actions'] as const;

/** Compares the files of all processes that keep or share one. */
export async function auditRows({ world }: Stage): Promise<void> {
  if (world.violation) return;
  for (const path of world.readModels.paths) {
    const live = new DatabaseSync(path, { readOnly: true });
    try {
      const cursor = live.prepare('select position from cursors where name = ?').get(readModelCursor)?.['position'] as Position | undefined;
      if (cursor === undefined) continue;
      const [found, replayed] = [allRows(live), await replayedRows(world.log, cursor)];
      for (const table of countedTables) if (replayed.get(table)?.length) world.coverage.met(`rows: ${table}`);
      for (const [table, rows] of replayed) {
        const difference = firstDifference(rows, found.get(table) ?? []);
        if (difference !== undefined) world.report('live rows are replayed rows', `${path}, ${table}: ${difference}`);
      }
    } finally {
      live.close();
    }
  }
}

async function replayedRows(log: Stage['world']['log'], upTo: Position): Promise<ReadonlyMap<string, readonly string[]>> {
  const store = openMemoryEventStore({ log });
  const file = await openReadModelFile(':memory:', store, systemRuntime);
  try {
    const models = openOrderReadModels(file, duplicateWithinHours);
    const all: StoredEvent[] = [];
    for await (const { events } of store.readLog({ prefixes: readModelPrefixes }))
      all.push(...events.filter(({ position }) => position <= upTo));
    await models.apply(all, upTo);
    return allRows(file.db);
  } finally {
    file.close();
    await store.close();
  }
}

function firstDifference(replayed: readonly string[], live: readonly string[]): string | undefined {
  const [missing, added] = [replayed.find((row) => !live.includes(row)), live.find((row) => !replayed.includes(row))];
  if (missing === undefined && added === undefined && replayed.length === live.length) return undefined;
  return `the log leads to ${missing ?? 'no other row'}; there is ${added ?? 'no such row'}`;
}
