// The bare group-commit loop, the measure of every other figure: durable rows per second where callers do nothing
// but wait for the commit. node:sqlite, one table, the file settings of the event store; no checks, no JSON.
import { DatabaseSync } from 'node:sqlite';

export interface BareGroupCommit {
  /** A new file; it is left behind. */
  readonly path: string;
  /** Each has one row under way at a time. */
  readonly callers: number;
  readonly rows: number;
  /** Of the one text column. */
  readonly rowBytes: number;
}

/** As `event-store/sqlite/connection.ts` sets them. */
const settings = `
  PRAGMA busy_timeout = 0;
  PRAGMA synchronous = FULL;
  PRAGMA fullfsync = ON;
  PRAGMA checkpoint_fullfsync = ON;
  PRAGMA cache_size = -16000;
  PRAGMA journal_size_limit = 67108864;
  PRAGMA journal_mode = WAL;
  CREATE TABLE rows (position INTEGER PRIMARY KEY, data TEXT NOT NULL) STRICT;`;

/** Rows per second, each answered after its COMMIT. */
export async function bareGroupCommit({ path, callers, rows, rowBytes }: BareGroupCommit): Promise<number> {
  const db = new DatabaseSync(path);
  db.exec(settings);
  const begin = db.prepare('BEGIN IMMEDIATE');
  const insert = db.prepare('INSERT INTO rows (data) VALUES (?)');
  const commit = db.prepare('COMMIT');
  let waiting: (() => void)[] = [];
  const data = 'x'.repeat(rowBytes);

  function commitTurn(): void {
    const group = waiting;
    waiting = [];
    begin.run();
    for (let row = 0; row < group.length; row++) insert.run(data);
    commit.run();
    for (const answer of group) answer();
  }

  function stored(): Promise<void> {
    return new Promise((answer) => {
      if (waiting.length === 0) setImmediate(commitTurn);
      waiting.push(answer);
    });
  }

  let left = rows;
  async function call(): Promise<void> {
    while (left-- > 0) await stored();
  }

  const startedMs = performance.now();
  await Promise.all(Array.from({ length: callers }, call));
  const seconds = (performance.now() - startedMs) / 1000;
  db.close();
  return rows / seconds;
}
