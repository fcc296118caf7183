// Opens the connection to a log file: refuses what cannot be a log, sets what durability needs, brings the
// layout forward. Synchronous; a busy file throws `store_busy`, and the caller waits and tries again.
import { statfsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { LedgerError } from '../../errors.ts';
import { asLedgerError } from './failure.ts';
import { migrate, refuseForeignFile } from './migrations.ts';

// SQLite's own waiting starves writers (measured: 6 commits/s against 4,870): hence 0, and `contention.ts`.
// FULL: each commit is synced before it is acknowledged. fullfsync: on macOS a plain fsync stays in the drive's cache.
// The size limit: a long backup lets the write-ahead log grow, and it would keep that size for ever.
const settings = `
  PRAGMA busy_timeout = 0;
  PRAGMA synchronous = FULL;
  PRAGMA fullfsync = ON;
  PRAGMA checkpoint_fullfsync = ON;
  PRAGMA cache_size = -16000;
  PRAGMA journal_size_limit = 67108864;`;

/** `f_type` of statfs(2) on Linux. WAL needs memory that all processes share; over a network it corrupts. */
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

/** Absolute, so that neither a change of directory nor a `file:` prefix leads elsewhere. */
export function logPath(path: string): string {
  if (path === '' || path === ':memory:') {
    throw new LedgerError('invalid_input', 'A SQLite event store needs a file. For a log in memory: openMemoryEventStore().');
  }
  return resolve(path);
}

export function refuseNetworkFileSystem(path: string, typeOf: (directory: string) => number = fileSystemType): void {
  const name = /^\\\\[^?.]/.test(path) ? 'a network share' : networkFileSystems.get(typeOf(dirname(path)));
  if (name === undefined) return;
  throw new LedgerError(
    'invalid_input',
    `${path} lies on ${name}: SQLite corrupts files over a network. Use a local disk, or an event store for many machines.`,
  );
}

export function openConnection(path: string): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    refuseNetworkFileSystem(path);
    db = new DatabaseSync(path, { timeout: 0 });
    // One snapshot: another process may be laying out this very file.
    db.exec('BEGIN');
    refuseForeignFile(db, path);
    db.exec('COMMIT');
    db.exec(settings);
    const mode = db.prepare('PRAGMA journal_mode = WAL').get()?.['journal_mode'];
    if (mode !== 'wal') {
      throw new LedgerError('store_unavailable', `${path}: the file system does not allow a write-ahead log. Use a local disk.`);
    }
    migrate(db, path);
    return db;
  } catch (error) {
    if (db?.isOpen) db.close();
    throw asLedgerError(error, path);
  }
}

function fileSystemType(directory: string): number {
  try {
    return statfsSync(directory).type >>> 0; // Unsigned: libuv gives CIFS as a negative number on some systems.
  } catch {
    return 0; // No such directory: opening the file says so better.
  }
}
