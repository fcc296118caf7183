// Copies a log in use. `VACUUM INTO` reads one snapshot, in a worker, so that neither writers nor the event loop wait.
// (Never copy the file itself while it is open: the copy would miss the `-wal` file, and closing a second file descriptor
// releases SQLite's locks.)
import { existsSync } from 'node:fs';
import { link, open, rename, rm, unlink } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { LedgerError } from '../../errors.ts';
import { unfinishedPaths } from '../../unfinished-paths.ts';
import { makePrivately, notWritten, refuseLink } from '../../written-files.ts';
import { asLedgerError } from './failure.ts';

/** The data that the worker gets: two paths. */
export interface BackupOrder {
  readonly from: string;
  readonly to: string;
}

/**
 * Writes a copy of the log to a new file, complete and on disk when this resolves.
 * @throws LedgerError `invalid_input`: `toPath` exists. `store_full`, `store_unavailable`: there is no file at `toPath`.
 */
export async function backUp(from: string, toPath: string): Promise<void> {
  const to = resolve(toPath);
  if (existsSync(to)) throw new LedgerError('invalid_input', `${to} exists. It was left as it is; give the backup a new name.`);
  // The copy has another name until it is complete, so that a file at `to` is always complete.
  const partial = `${to}.${process.pid}.partial`;
  unfinishedPaths.add(partial);
  try {
    await rm(partial, { force: true });
    makePrivately(partial); // SQLite fills an empty file, and keeps who may read it.
    refuseLink(partial);
    await vacuumInto({ from, to: partial });
    await syncPath(partial, 'r+');
    await giveName(partial, to);
    if (process.platform !== 'win32') await syncPath(dirname(to), 'r'); // Syncs the new name. Windows cannot open directories.
  } catch (error) {
    await rm(partial, { force: true });
    throw asLedgerError(error, to);
  } finally {
    unfinishedPaths.delete(partial);
  }
}

/**
 * Gives the complete copy its name, if nobody has made a file or a link of that name meanwhile. Some file systems know no second
 * name for a file: there the name is only looked at before.
 */
async function giveName(partial: string, to: string): Promise<void> {
  try {
    await link(partial, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw notWritten(to, error);
    await rename(partial, to);
    return;
  }
  await unlink(partial);
}

function vacuumInto(order: BackupOrder): Promise<void> {
  // The worker is a .ts file in the sources and a .js file in the package; the compiler does not rewrite a URL.
  const worker = new Worker(new URL(import.meta.url.endsWith('.ts') ? './backup-worker.ts' : './backup-worker.js', import.meta.url), {
    workerData: order,
  });
  return new Promise((done, failed) => {
    worker.once('error', failed);
    worker.once('exit', (code) =>
      code === 0
        ? done()
        : failed(new LedgerError('store_unavailable', `${order.to}: the backup ended early (exit ${code}). Start it again.`)),
    );
  });
}

/** Writes to the disk what was written to the file, or the names in a directory. */
export async function syncPath(path: string, flags: string): Promise<void> {
  const handle = await open(path, flags);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
