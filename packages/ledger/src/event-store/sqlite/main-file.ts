// Whether the path still leads to the file that is open, and whether that file is still the log. A backup that is moved or
// copied over the log while it is in use leaves us with a write-ahead log that belongs to no file: SQLite goes on, and what
// it acknowledges is gone at the next start. What shows it:
//   1. Moved over: the path leads to another inode.
//   2. Copied over: the main file changes though nobody moved the write-ahead log into it. Only a checkpoint may change it. It
//      never shrinks then. So at each change the main file alone is read (`immutable` leaves the write-ahead log out): it must
//      have the event that it had before, and no newer schema than the log. A backup has a newer one: VACUUM counts it up.
// In the middle of a checkpoint, and after one that a reader held up, the main file alone cannot be read: pages are missing. A
// copy can always be read. And a copy of the very pages that stood in the file after its last checkpoint passes, and is right
// to: with the write-ahead log it is the log.
import { type BigIntStats, existsSync, statSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { LedgerError } from '../../errors.ts';
import type { KnownEvent } from '../log-went-back.ts';
import { pragma } from './migrations.ts';
import { DatabaseSync } from './node-sqlite.ts';

/** What the main file has without its write-ahead log. */
interface Main {
  /** Counts the changes of the layout. VACUUM counts it up too. */
  readonly schemaVersion: number;
  /** The last event; undefined: it has none, or no tables yet. */
  readonly last: KnownEvent<number> | undefined;
  /** True if it has that event. */
  has(event: KnownEvent<number>): boolean;
}

/** Reads the main file alone. SQLite closes its descriptor for us, so that the locks of the open connection stay. */
function readMain<T>(path: string, read: (main: Main) => T): T {
  const url = pathToFileURL(path);
  url.search = '?immutable=1';
  const db = new DatabaseSync(url, { readOnly: true });
  try {
    const hasEvents = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'events'").get() !== undefined;
    const last = hasEvents ? db.prepare('SELECT position, id FROM events ORDER BY position DESC LIMIT 1').get() : undefined;
    return read({
      schemaVersion: pragma(db, 'schema_version'),
      last: last as unknown as KnownEvent<number> | undefined,
      has: ({ position, id }) => hasEvents && db.prepare('SELECT id FROM events WHERE position = ?').get(position)?.['id'] === id,
    });
  } finally {
    db.close();
  }
}

function statOf(path: string): BigIntStats | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false });
}

export class MainFile {
  readonly #path: string;
  readonly #schemaVersion: () => number;
  /** The file that is open. Size and times: of the last look that found nothing wrong. Written by `look`. */
  #seen: BigIntStats;
  /** The last event of the main file at that look: every later state of it has this event. Written by `look`. */
  #floor: KnownEvent<number> | undefined;

  /**
   * @param seen the file at the path, which the connection has opened.
   * @param schemaVersion reads it on that connection.
   */
  constructor(path: string, seen: BigIntStats, schemaVersion: () => number) {
    this.#path = path;
    this.#schemaVersion = schemaVersion;
    this.#seen = seen;
    this.#isLog();
  }

  /** Returns what shows that the path no longer leads to the log that is open. Undefined: it does. */
  look(): string | undefined {
    const now = statOf(this.#path);
    if (now === undefined) return `${this.#path} is gone: it was moved or removed`;
    if (now.ino !== this.#seen.ino || now.dev !== this.#seen.dev) return `${this.#path} is another file than the one that is open`;
    if (now.mtimeNs === this.#seen.mtimeNs && now.ctimeNs === this.#seen.ctimeNs && now.size === this.#seen.size) return undefined;
    if (now.size < this.#seen.size || !this.#isLog()) return `${this.#path} was written over: it is not the log that this process has open`;
    this.#seen = now;
    return undefined;
  }

  #isLog(): boolean {
    try {
      return readMain(this.#path, (main) => {
        if (main.schemaVersion > this.#schemaVersion()) return false;
        if (this.#floor && !main.has(this.#floor)) return false;
        this.#floor = main.last ?? this.#floor;
        return true;
      });
    } catch {
      return true; // A checkpoint is under way, or was held up: pages are missing, which no copy lacks.
    }
  }
}

/**
 * Opens the connection between two looks at the path, so that it is known which file is open.
 * @throws LedgerError `log_went_back`: a write-ahead log beside the file belongs to another file. `store_busy`: the file was
 *   replaced in this moment; open again. Also what `open` throws.
 */
export function openKnownFile(path: string, open: () => DatabaseSync): { readonly db: DatabaseSync; readonly seen: BigIntStats } {
  const before = statOf(path);
  if (before && before.size > 0n && existsSync(`${path}-wal`)) refuseForeignWal(path);
  const db = open();
  const seen = statOf(path);
  if (seen && (before === undefined || (before.ino === seen.ino && before.dev === seen.dev))) return { db, seen };
  db.close();
  throw new LedgerError('store_busy', `${path} was replaced in this moment. Try again.`);
}

/**
 * Refuses a file beside which a crash has left the write-ahead log of another one: SQLite would write it into the file, and
 * destroy it. The whole log, read without a way to write, must contain what the main file alone has, and go on behind it.
 * @throws LedgerError `log_went_back`.
 */
export function refuseForeignWal(path: string): void {
  let main: Pick<Main, 'schemaVersion' | 'last'>;
  try {
    main = readMain(path, ({ schemaVersion, last }) => ({ schemaVersion, last }));
  } catch {
    return; // A crash in the middle of a checkpoint: the write-ahead log completes it. Or no log: opening it tells.
  }
  if (goesOnFrom(path, main)) return;
  throw new LedgerError(
    'log_went_back',
    `${path}: the -wal file beside it belongs to another file, as where a backup is put back after a crash, and would destroy it. Nothing was changed. Restore with: paidonce restore BACKUP --store sqlite:${path}`,
  );
}

function goesOnFrom(path: string, { schemaVersion, last }: Pick<Main, 'schemaVersion' | 'last'>): boolean {
  const db = new DatabaseSync(path, { readOnly: true, timeout: 1_000 });
  try {
    if (schemaVersion > pragma(db, 'schema_version')) return false;
    if (last === undefined) return true;
    const idAt = db.prepare('SELECT id FROM events WHERE position = ?');
    const end = Number(db.prepare('SELECT max(position) AS position FROM events').get()?.['position'] ?? 0);
    return idAt.get(last.position)?.['id'] === last.id && (end === last.position || idAt.get(last.position + 1) !== undefined);
  } catch (error) {
    return !isDamage(error);
  } finally {
    db.close();
  }
}

/** True if SQLite found that the pages do not fit together. Any other failure is left to the opening that follows. */
function isDamage(error: unknown): boolean {
  const corrupt = 11;
  return error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === corrupt;
}
