// Opens the connection to a log file: refuses what cannot be a log, sets what durability needs, and updates the layout. It
// is synchronous; a busy file throws `store_busy`, and the caller waits and tries again.
import { statfsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { LedgerError } from '../../errors.ts';
import { makePrivately } from '../../written-files.ts';
import { asLedgerError, isBusy } from './failure.ts';
import { migrate, refuseForeignFile } from './migrations.ts';
import { DatabaseSync } from './node-sqlite.ts';

// busy_timeout: SQLite's own waiting lets writers starve (measured: 6 commits/s against 4,870), so contention.ts waits.
// synchronous: each commit is synced before it is acknowledged. fullfsync: on macOS a plain fsync stops in the drive's cache.
// journal_size_limit: the write-ahead log grows during a long backup, and would keep that size for ever.
const settings = `
  PRAGMA busy_timeout = 0;
  PRAGMA synchronous = FULL;
  PRAGMA fullfsync = ON;
  PRAGMA checkpoint_fullfsync = ON;
  PRAGMA cache_size = -16000;
  PRAGMA journal_size_limit = 67108864;`;

/** File systems that are refused. Key: `f_type` of statfs(2) on Linux. SQLite's WAL mode corrupts files over a network. */
const networkFileSystems: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x01021997, '9P'],
  [0x5346414f, 'AFS'],
  [0x00c36400, 'Ceph'],
  [0x0bd00bd0, 'Lustre'],
  [0x01161970, 'GFS2'],
  [0x7461636f, 'OCFS2'],
]);

/**
 * Makes the path absolute, so that neither a change of directory nor a `file:` prefix can lead to another file.
 * @throws LedgerError `invalid_input`: the path is missing, empty, `:memory:` or a URL of another store.
 */
export function logPath(path: string): string {
  if (path === ':memory:') {
    throw new LedgerError('invalid_input', 'A SQLite event store needs a file. For a log in memory: openMemoryEventStore().');
  }
  if (typeof path !== 'string' || path === '') {
    throw new LedgerError('invalid_input', 'A SQLite event store needs the path of a file. Is the variable with the path set?');
  }
  const scheme = /^(\w{2,}):\/\//.exec(path)?.[1];
  if (scheme !== undefined) {
    throw new LedgerError(
      'invalid_input',
      `${scheme}:// is no path of a file. openEventStore(url) of @paidonce/ledger/store-url opens any store`,
    );
  }
  return resolve(path);
}

/** @throws LedgerError `invalid_input`: the path is on a network file system. */
export function refuseNetworkFileSystem(path: string, typeOf: (directory: string) => number = fileSystemType): void {
  const name = /^\\\\[^?.]/.test(path) ? 'a network share' : networkFileSystems.get(typeOf(dirname(path)));
  if (name === undefined) return;
  throw new LedgerError(
    'invalid_input',
    `${path} lies on ${name}: SQLite corrupts files over a network. Use a local disk, or an event store for many machines.`,
  );
}

/**
 * Opens the file, or makes a new one.
 * @throws LedgerError `invalid_input`: another program's file, or a network file system. `file_newer`. `corrupt`: it holds a
 *   trigger, view or table that is not ours. `store_busy`: another process holds the file; try again. `store_unavailable`.
 */
export function openConnection(path: string): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    refuseNetworkFileSystem(path);
    makePrivately(path);
    db = new DatabaseSync(path, { timeout: 0 });
    // The transaction gives one snapshot: another process may be creating the tables at this moment.
    db.exec('BEGIN');
    refuseForeignFile(db, path);
    db.exec('COMMIT');
    db.exec(settings);
    const mode = db.prepare('PRAGMA journal_mode = WAL').get()?.['journal_mode'];
    if (mode !== 'wal') {
      throw new LedgerError('store_unavailable', `${path}: the file system does not allow a write-ahead log. Use a local disk.`);
    }
    migrate(db, path);
    refuseReadOnly(db, path);
    return db;
  } catch (error) {
    if (db?.isOpen) db.close();
    throw asLedgerError(error, path);
  }
}

/**
 * Where SQLite may not write, it opens the file for reading, and that connection never writes again, also once it might. Whoever
 * starts the process again, until it may, needs to do nothing else. A file that is busy is no such file.
 */
function refuseReadOnly(db: DatabaseSync, path: string): void {
  try {
    db.exec('DELETE FROM events WHERE false'); // It needs the right to write, and writes nothing.
  } catch (error) {
    const refused = asLedgerError(error, path);
    if (!isBusy(refused)) throw refused;
  }
}

function fileSystemType(directory: string): number {
  try {
    return statfsSync(directory).type >>> 0; // Makes it unsigned: on some systems libuv returns a negative number for CIFS.
  } catch {
    return 0; // The directory does not exist; opening the file gives a better message.
  }
}
