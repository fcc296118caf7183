// Puts a backup in the place of a log file. No process may have the log open, and the `-wal` and `-shm` files of the old log
// must not stay: SQLite would write the old `-wal` into the backup, and destroy it. The steps:
//   1. Copy the backup beside the log, with the owner and the mode of the log that is there, and sync the copy.
//   2. Take the log for ourselves: SQLite then moves its `-wal` file into it, and removes both files. What is damaged, or has
//      the `-wal` file of another log, is not touched: its files are set aside as they are.
//   3. Give the old file a second name, then move the copy to the path, in one step: a crash leaves one log or the other. (Some
//      file systems know no second name for a file. There a crash may leave the old log under its new name alone.)
import { createReadStream, existsSync, linkSync, renameSync, rmSync, type Stats, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { LedgerError } from '../../errors.ts';
import { unfinishedPaths } from '../../unfinished-paths.ts';
import { fileMode } from '../../written-files.ts';
import { syncPath } from './backup.ts';
import { asLedgerError, isBusy, isCorrupt } from './failure.ts';
import { refuseForeignWal } from './main-file.ts';
import { refuseForeignFile } from './migrations.ts';
import { DatabaseSync } from './node-sqlite.ts';

/**
 * @returns the path under which the old log was kept. Undefined: there was none.
 * @throws LedgerError `store_busy`: a process has the log open. `invalid_input`: the backup is the log itself, or is in use.
 */
export async function restoreFile(backup: string, toPath: string): Promise<string | undefined> {
  const [from, path] = [resolve(backup), resolve(toPath)];
  const partial = `${path}.${process.pid}.partial`;
  let held: DatabaseSync | undefined;
  try {
    const old = statSync(path, { throwIfNoEntry: false });
    refuseLogInUse(from, old);
    unfinishedPaths.add(partial);
    rmSync(partial, { force: true });
    await copyAs(old, from, partial); // 1
    held = takeForOurselves(path); // 2
    const kept = setAside(path); // 3
    renameSync(partial, path);
    if (process.platform !== 'win32') await syncPath(dirname(path), 'r'); // Syncs the names. Windows cannot open directories.
    return kept;
  } catch (error) {
    throw asLedgerError(error, path);
  } finally {
    rmSync(partial, { force: true });
    unfinishedPaths.delete(partial);
    if (held?.isOpen) held.close();
  }
}

function refuseLogInUse(from: string, old: Stats | undefined): void {
  const { dev, ino } = statSync(from);
  if (old !== undefined && dev === old.dev && ino === old.ino)
    throw new LedgerError('invalid_input', `${from} is the log itself. Name its backup`);
  if ((statSync(`${from}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0) {
    throw new LedgerError('invalid_input', `${from} has a -wal file: it is a log in use, not a backup. Make one with: paidonce backup`);
  }
}

/** Never with the mode of the backup, which may be kept read-only, or where everybody may read it. */
async function copyAs(old: Stats | undefined, from: string, to: string): Promise<void> {
  const file = await open(to, 'wx', fileMode);
  try {
    await file.writeFile(createReadStream(from));
    if (old !== undefined) {
      const { uid, gid } = await file.stat();
      if (uid !== old.uid || gid !== old.gid) await file.chown(old.uid, old.gid);
      await file.chmod(old.mode & 0o777);
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Takes the log so that no process can use it, all of it in one file. Undefined: there is none, or it cannot be used.
 * @throws LedgerError `store_busy`: a process has it open. `invalid_input`: the file is another program's.
 */
function takeForOurselves(path: string): DatabaseSync | undefined {
  if (!existsSync(path) || statSync(path).size === 0) return undefined;
  let db: DatabaseSync | undefined;
  try {
    if (existsSync(`${path}-wal`)) refuseForeignWal(path);
    db = new DatabaseSync(path, { timeout: 1_000 });
    refuseForeignFile(db, path);
    db.exec('PRAGMA journal_mode = DELETE'); // Fails while anybody else has the log open.
    db.exec('BEGIN EXCLUSIVE');
    return db;
  } catch (error) {
    if (db?.isOpen) db.close();
    const failure = asLedgerError(error, path);
    if (isBusy(failure)) {
      throw new LedgerError('store_busy', `${path} is open in another process. Stop all processes that use the log, then restore again.`);
    }
    const unusable = isCorrupt(failure) || (failure instanceof LedgerError && failure.code === 'log_went_back');
    if (!unusable) throw failure;
    return undefined;
  }
}

/**
 * Gives the old file a second name, and moves what stands beside it away from the path, also where the file itself is gone.
 * Answers that name. Undefined: there was no file.
 */
function setAside(path: string): string | undefined {
  const isTaken = (name: string): boolean => ['', '-wal', '-shm'].some((suffix) => existsSync(`${name}${suffix}`));
  let kept = `${path}.before-restore`;
  for (let number = 2; isTaken(kept); number += 1) kept = `${path}.before-restore-${number}`;
  const isThere = existsSync(path);
  if (isThere) giveSecondName(path, kept);
  for (const suffix of ['-wal', '-shm']) if (existsSync(`${path}${suffix}`)) renameSync(`${path}${suffix}`, `${kept}${suffix}`);
  return isThere ? kept : undefined;
}

function giveSecondName(path: string, kept: string): void {
  try {
    linkSync(path, kept);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw error; // Somebody made it meanwhile.
    renameSync(path, kept);
  }
}
