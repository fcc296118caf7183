// Backs up a SQLite log in use, and verifies the copy afterwards: the file is undamaged, and its tree has the same root as
// the original log.

import { LedgerError } from '../../errors.ts';
import { backUp } from '../../event-store/sqlite/backup.ts';
import type { LogReader } from '../log/log-reader.ts';
import { sqliteReader } from '../log/sqlite-reader.ts';
import { scanTree } from '../tree/tree-scan.ts';

/** A backup that was verified. */
export interface VerifiedBackup {
  /** How many events the backup has. */
  readonly size: number;
  /** The root of its tree, base64. */
  readonly root: string;
}

/**
 * Writes a backup of a SQLite log to a new file, and verifies it. The ledger may run meanwhile.
 * @param onEvents called with the number of events verified so far.
 * @throws LedgerError `invalid_input`: the log is no SQLite file, or `toPath` exists. `corrupt`: the copy is damaged or differs
 *   from the log; it is kept, so that you can examine it. Also what SQLite's failures become, such as `store_full`.
 */
export async function backUpLog(log: LogReader, toPath: string, onEvents?: (events: number) => void): Promise<VerifiedBackup> {
  if (!log.sqlite)
    throw new LedgerError('invalid_input', `${log.name} is no SQLite file. Back it up with the tools of its server, or export it`);
  log.sqlite.refuseForeignObjects();
  await backUp(log.sqlite.path, toPath);
  const copy = sqliteReader(toPath);
  try {
    const damage = copy.sqlite?.damage();
    if (damage !== undefined)
      throw new LedgerError('corrupt', `${toPath} is damaged: ${damage}. Check the disk, and the log with: paidonce verify`);
    const { tree } = await scanTree(copy, {}, onEvents);
    // The log may have grown meanwhile, so only its first `size` events are compared.
    const { tree: original } = await scanTree(log, { size: tree.size });
    const root = tree.root();
    if (!root.equals(original.root())) throw new LedgerError('corrupt', `${toPath} is not a copy of ${log.name}. Make another one`);
    return { size: tree.size, root: root.toString('base64') };
  } finally {
    await copy.close();
  }
}
