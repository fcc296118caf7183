// Disks that fail as real ones do. They need root on Linux: a small file system in memory to be full, and one in a file, which
// turns read-only under whoever writes to it, as a kernel does at an error of the disk.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface FailingDisk extends Disposable {
  readonly folder: string;
  /** From now on each write is refused, also to files that are open; what was written can be read. */
  fail(): void;
  /** Mounted anew, with all that was written. Nobody may have a file open there. */
  mount(mode: 'ro' | 'rw'): void;
}

const mebibytes = 16;

/** Undefined: it cannot be made here. */
export function failingDisk(): FailingDisk | undefined {
  const at = mkdtempSync(join(tmpdir(), 'paidonce-failing-disk-'));
  const [image, folder] = [join(at, 'image'), mkdtempSync(join(at, 'mounted-'))];
  const mount = (): void => run('mount', ['-o', 'loop', image, folder]);
  try {
    writeFileSync(image, '');
    truncateSync(image, mebibytes * 1024 * 1024);
    run('mkfs.ext4', ['-q', '-F', image]);
    mount();
  } catch {
    rmSync(at, { recursive: true });
    return undefined;
  }
  return {
    folder,
    fail: () => run('mount', ['-o', 'remount,abort', folder]),
    mount: (mode) => {
      run('umount', [folder]);
      mount(); // Also before it is read-only: the journal of the file system is to be read.
      if (mode === 'ro') run('mount', ['-o', 'remount,ro', folder]);
    },
    [Symbol.dispose]: () => {
      run('umount', ['-l', folder]);
      rmSync(at, { recursive: true });
    },
  };
}

function run(command: string, args: readonly string[]): void {
  execFileSync(command, args, { stdio: 'ignore' });
}
