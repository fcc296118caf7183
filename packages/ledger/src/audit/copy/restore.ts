// Puts a backup in the place of a SQLite log, after it was verified, and says what it lacks of the log that was there.
import { existsSync } from 'node:fs';
import { LedgerError } from '../../errors.ts';
import { restoreFile } from '../../event-store/sqlite/restore.ts';
import { sqliteReader } from '../log/sqlite-reader.ts';
import { scanTree } from '../tree/tree-scan.ts';

/** A log that was restored. */
export interface RestoredLog {
  /** How many events it has. */
  readonly size: number;
  /** The root of its tree, base64. */
  readonly root: string;
  /** The path under which the log that stood there was kept. Absent: there was none. */
  readonly kept?: string;
  /** How many events that log has. Absent: there was none, or it cannot be read. */
  readonly keptSize?: number;
}

/**
 * Verifies a backup, and puts it in the place of a SQLite log. The old log is kept under another name; its `-wal` and `-shm`
 * files do not stay.
 * @param onEvents called with the number of events verified so far.
 * @throws LedgerError `store_busy`: a process has the log open; nothing was changed. `corrupt`: the backup is damaged.
 *   `invalid_input`: it is no backup of a log. `file_newer`. Also what SQLite's failures become, such as `store_full`.
 */
export async function restoreLog(backupPath: string, toPath: string, onEvents?: (events: number) => void): Promise<RestoredLog> {
  const backup = sqliteReader(backupPath);
  const { size, root } = await verified(backup, backupPath, onEvents).finally(() => backup.close());
  const kept = await restoreFile(backupPath, toPath);
  if (kept === undefined) return { size, root };
  const keptSize = sizeOf(kept);
  return { size, root, kept, ...(keptSize === undefined ? {} : { keptSize }) };
}

async function verified(
  backup: ReturnType<typeof sqliteReader>,
  path: string,
  onEvents?: (events: number) => void,
): Promise<{ size: number; root: string }> {
  const { tree } = await scanTree(backup, {}, onEvents);
  const damage = backup.sqlite?.damage();
  if (damage !== undefined) throw new LedgerError('corrupt', `${path} is damaged: ${damage}. Nothing was changed; take another backup`);
  return { size: tree.size, root: tree.root().toString('base64') };
}

/** Undefined: the file cannot be read, or a `-wal` file beside it, which may be another log's, would be read with it. */
function sizeOf(path: string): number | undefined {
  if (existsSync(`${path}-wal`)) return undefined;
  try {
    const log = sqliteReader(path);
    try {
      return log.sqlite?.extent().events;
    } finally {
      void log.close();
    }
  } catch (error) {
    if (error instanceof LedgerError) return undefined;
    throw error;
  }
}
