// Where the read models of the processes are: lost in a crash, kept over it, or in one file that several processes share.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { ProcessOptions } from './options.ts';

let namesTaken = 0;

/** The files of one run, which are in memory unless `sharedOn` is `disk`. */
export class ReadModelPlaces {
  readonly #sharedOn: 'memory' | 'disk';
  /** The path of each process that keeps or shares its read models. Key: its name; empty: the shared one. Written by `pathOf` and `replace`. */
  readonly #paths = new Map<string, string>();
  /** Connections that keep the files in memory while no process has them open. Written by `#make` and `replace`. */
  #kept: DatabaseSync[] = [];
  /** The folder of the shared file. Undefined: it is not on disk, or not made yet. Written by `#make`. */
  #folder: string | undefined;

  constructor(sharedOn: 'memory' | 'disk') {
    this.#sharedOn = sharedOn;
  }

  pathOf({ name, readModels }: ProcessOptions): string {
    if (readModels === 'lost') return ':memory:';
    const key = readModels === 'shared' ? '' : name;
    const path = this.#paths.get(key) ?? this.#make(readModels === 'shared' && this.#sharedOn === 'disk');
    this.#paths.set(key, path);
    return path;
  }

  /** The files that processes have opened since the log was last put back. */
  get paths(): readonly string[] {
    return [...this.#paths.values()];
  }

  #make(onDisk: boolean): string {
    if (onDisk) {
      this.#folder ??= mkdtempSync(join(tmpdir(), 'paidonce-simulation-'));
      return join(this.#folder, 'shared.read-models');
    }
    const path = `file:/paidonce-simulation-${++namesTaken}?vfs=memdb`;
    this.#kept.push(new DatabaseSync(path));
    return path;
  }

  /** The log was put back. The ledger removes the file of another log itself, but one in memory cannot be removed. */
  replace(): void {
    for (const [key, path] of this.#paths) if (path.endsWith('vfs=memdb')) this.#paths.delete(key);
    for (const each of this.#kept) each.close();
    this.#kept = [];
  }

  close(): void {
    this.replace();
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true });
  }
}
