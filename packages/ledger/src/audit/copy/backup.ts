// A backup of a SQLite log in use, verified after it was written: the file is sound, and its tree is the one of the log
// that it was made from.
import { DatabaseSync } from 'node:sqlite';
import { LedgerError } from '../../errors.ts';
import { backUp } from '../../event-store/sqlite/backup.ts';
import type { LogReader } from '../log/log-reader.ts';
import { sqliteReader } from '../log/sqlite-reader.ts';
import { scanTree } from '../tree/tree-scan.ts';

export interface VerifiedBackup {
  /** Events in it. */
  readonly size: number;
  /** Base64. */
  readonly root: string;
}

/** @throws LedgerError `invalid_input`: no SQLite log, or `toPath` exists. `corrupt`: the copy is not what was to be copied; it is left for you to look at. */
export async function backUpLog(log: LogReader, toPath: string, onEvents?: (events: number) => void): Promise<VerifiedBackup> {
  if (!log.sqlite)
    throw new LedgerError('invalid_input', `${log.name} is no SQLite file. Back it up with the tools of its server, or export it`);
  await backUp(log.sqlite.path, toPath);
  const damage = integrityOf(toPath);
  if (damage !== 'ok')
    throw new LedgerError('corrupt', `${toPath} is damaged: ${damage}. Check the disk, and the log with: paidonce verify`);
  const copy = sqliteReader(toPath);
  try {
    const { tree } = await scanTree(copy, {}, onEvents);
    // The log may have grown since: it begins with what was copied.
    const { tree: original } = await scanTree(log, { size: tree.size });
    const root = tree.root();
    if (!root.equals(original.root())) throw new LedgerError('corrupt', `${toPath} is not a copy of ${log.name}. Make another one`);
    return { size: tree.size, root: root.toString('base64') };
  } finally {
    await copy.close();
  }
}

function integrityOf(path: string): string {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    return String(db.prepare('PRAGMA integrity_check(1)').get()?.['integrity_check']);
  } finally {
    db.close();
  }
}
