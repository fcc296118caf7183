// Takes a backup of a log in memory, and puts it back in place, under the stores that have it open.
import type { MemoryLog } from '../event-store/memory.ts';

/** @returns puts the backup back. */
export function backUpMemoryLog(log: MemoryLog): () => void {
  const rows = [...log.rows];
  return () => {
    log.rows.splice(0, log.rows.length, ...rows);
    log.streams.clear();
    for (const row of rows) log.streams.set(row.stream, [...(log.streams.get(row.stream) ?? []), row]);
    log.growth.announce();
  };
}
