// A small file system of its own, to be full, which belongs to the user of the server. It needs root on Linux.
import { execFileSync } from 'node:child_process';
import { appendFileSync, chownSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findBinaries } from './binaries.ts';

export interface SmallDisk {
  readonly folder: string;
  /** Writes a file that takes all of the room. */
  fill(path: string): void;
  remove(): void;
}

function appendSome(path: string): void {
  try {
    appendFileSync(path, Buffer.alloc(64 * 1024));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error; // The server took the rest at the same moment.
  }
}

function giveTo({ uid, gid }: { readonly uid: number; readonly gid: number }, folder: string): void {
  try {
    chownSync(folder, uid, gid);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error; // A namespace with one user: there is nobody to give it to.
  }
}

/** @param size as `mount` takes it: `24m`. Undefined: it cannot be mounted here. */
export function smallDisk(size: string): SmallDisk | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'paidonce-small-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=0700`, 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    rmSync(folder, { recursive: true });
    return undefined;
  }
  const user = findBinaries()?.user;
  if (user) giveTo(user, folder);
  return {
    folder,
    fill: (path) => {
      writeFileSync(path, '');
      while (statfsSync(folder).bavail > 0) appendSome(path);
    },
    remove: () => {
      execFileSync('umount', ['-l', folder], { stdio: 'ignore' });
      rmSync(folder, { recursive: true });
    },
  };
}
