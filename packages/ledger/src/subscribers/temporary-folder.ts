// The temporary folder of a process: removed in the end or, where the process crashed, by the next one that makes its own. While
// a process lives it holds a lock in the folder, which the kernel frees with it: a process id may be that of another container.
import { existsSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { DatabaseSync } from '../event-store/sqlite/node-sqlite.ts';

export const temporaryPrefix = 'paidonce-read-models-';
const newPrefix = 'paidonce-new-';
const lockName = 'lock';

/**
 * Makes the folder of a file, and removes those of processes that are dead. Returns the function that removes the folder again. A
 * folder that is no temporary one is left alone, and one that is there already: somebody else made it. Never throws: where no lock can
 * be had, as where a folder with an open file cannot be renamed, whoever opens the file makes the folder.
 */
export function holdTemporary(path: string): () => void {
  const folder = dirname(resolve(path));
  const parent = dirname(folder);
  if (parent !== resolve(tmpdir()) || !basename(folder).startsWith(temporaryPrefix) || existsSync(folder)) return () => undefined;
  removeDead(parent);
  const lock = made(folder, join(parent, `${newPrefix}${basename(folder)}`));
  return () => {
    lock?.close();
    rmSync(folder, { recursive: true, force: true });
  };
}

/** It gets its name when it is locked: until then others would take it for that of a dead process. Undefined: no lock can be had. */
function made(folder: string, unnamed: string): DatabaseSync | undefined {
  let lock: DatabaseSync | undefined;
  try {
    mkdirSync(unnamed, { mode: 0o700 });
    lock = lockIn(unnamed);
    renameSync(unnamed, folder);
    return lock;
  } catch {
    lock?.close();
    rmSync(unnamed, { recursive: true, force: true });
    return undefined;
  }
}

function removeDead(parent: string): void {
  try {
    for (const name of readdirSync(parent))
      if (name.startsWith(temporaryPrefix) || name.startsWith(newPrefix)) removeIfDead(join(parent, name));
  } catch {
    // It may be written to, and not listed.
  }
}

/** Leaves what has no lock, is of another user or held; and to a later process what cannot be removed. */
function removeIfDead(folder: string): void {
  try {
    const about = lstatSync(folder);
    if (!about.isDirectory() || about.uid !== (process.getuid?.() ?? about.uid) || !existsSync(join(folder, lockName))) return;
    lockIn(folder).close();
    rmSync(folder, { recursive: true, force: true });
  } catch {
    // A living process holds it, or another one removes it just now.
  }
}

/** @throws Error: it is held. */
function lockIn(folder: string): DatabaseSync {
  const lock = new DatabaseSync(join(folder, lockName), { timeout: 0 });
  try {
    lock.exec('begin exclusive');
    return lock;
  } catch (error) {
    lock.close();
    throw error;
  }
}
