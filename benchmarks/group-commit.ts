// The bare group-commit loop, with which other figures are compared: durable rows per second when callers only wait for the
// commit. It uses node:sqlite, one table, and the file settings of the event store, but no checks and no JSON.
import { DatabaseSync, StatementSync } from 'node:sqlite';
import { median } from './measures.ts';

export interface BareGroupCommit {
  /** The path of a new file. It is not removed. */
  readonly path: string;
  /** How many callers there are. Each writes one row at a time. */
  readonly callers: number;
  readonly rows: number;
  /** The length of the text in a row. */
  readonly rowBytes: number;
}

export interface BareRate {
  /** Rows per second. Each row is answered after its COMMIT. */
  readonly perSecond: number;
  /** What a COMMIT takes, which is hardly more than the sync of the disk: the median. */
  readonly commitMs: number;
}

/** The same settings as in `event-store/sqlite/connection.ts`. */
const settings = `
  PRAGMA busy_timeout = 0;
  PRAGMA synchronous = FULL;
  PRAGMA fullfsync = ON;
  PRAGMA checkpoint_fullfsync = ON;
  PRAGMA cache_size = -16000;
  PRAGMA journal_size_limit = 67108864;
  PRAGMA journal_mode = WAL;
  CREATE TABLE rows (position INTEGER PRIMARY KEY, data TEXT NOT NULL) STRICT;`;

export async function bareGroupCommit({ path, callers, rows, rowBytes }: BareGroupCommit): Promise<BareRate> {
  const db = new DatabaseSync(path);
  db.exec(settings);
  const begin = db.prepare('BEGIN IMMEDIATE');
  const insert = db.prepare('INSERT INTO rows (data) VALUES (?)');
  const commit = db.prepare('COMMIT');
  let waiting: (() => void)[] = [];
  const data = 'x'.repeat(rowBytes);
  const commitsMs: number[] = [];

  function commitTurn(): void {
    const group = waiting;
    waiting = [];
    begin.run();
    for (let row = 0; row < group.length; row++) insert.run(data);
    const startedMs = performance.now();
    commit.run();
    commitsMs.push(performance.now() - startedMs);
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
  return { perSecond: rows / seconds, commitMs: median(commitsMs) };
}

/**
 * Does the work on a disk whose sync takes so much longer: every COMMIT of this process waits after it, ours and that of the bare loop.
 * The thread waits as it does for a disk, and uses no processor.
 */
export async function withSlowerSync<T>(ms: number, work: () => Promise<T>): Promise<T> {
  if (ms === 0) return work();
  const { run } = StatementSync.prototype;
  const never = new Int32Array(new SharedArrayBuffer(4));
  StatementSync.prototype.run = new Proxy(run, {
    apply: (target, statement: StatementSync, values: unknown[]) => {
      const result: unknown = Reflect.apply(target, statement, values);
      if (statement.sourceSQL === 'COMMIT') Atomics.wait(never, 0, 0, ms);
      return result;
    },
  });
  try {
    return await work();
  } finally {
    StatementSync.prototype.run = run;
  }
}
