// Opens a SQLite file beside the processes that use it.
import { DatabaseSync } from 'node:sqlite';

/** Far longer than anybody holds the file, but for who does so on purpose. */
const patienceMs = 60_000;

export function openBeside(path: string): DatabaseSync {
  return new DatabaseSync(path, { timeout: patienceMs });
}
