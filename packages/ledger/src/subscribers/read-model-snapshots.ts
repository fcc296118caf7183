// Carries the file of the read models in the store, for processes without a disk: the newest snapshot is unpacked where the
// file is missing, and a process saves one now and then. Opening the file proves that it belongs to the
// log; without a snapshot, or with one that cannot be used, the rows are made from the log as always.
import { existsSync, linkSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import zlib from 'node:zlib'; // By name they would end an old Node before node-sqlite.ts can say that it is too old.
import { LedgerError } from '../errors.ts';
import type { Position, Snapshots } from '../event-store/event-store.ts';
import { backUp } from '../event-store/sqlite/backup.ts';
import type { Logger } from '../logger.ts';
import { applicationId, layout } from '../read-models/read-model-layout.ts';
import { type Runtime, settledWithin } from '../runtime.ts';

const name = 'read-models';
/** Saved when so many events were handled since the last one, or any after so long. */
const dueEvents = 10_000;
const dueMs = 5 * 60_000;
/** Saved after so many also where the file is large, and far from the head: who ends on the way there leaves the next one less to read. */
const manyEvents = 50_000;
/** The next one waits so many times what the last one took: never more than 2 % of the time. */
const restFactor = 50;
/** A file above this is else saved when the process stops, and daily: some 130,000 orders. */
const largeBytes = 256 * 1024 * 1024;
const largeDueMs = 24 * 60 * 60_000;
/** At the end one is saved if so many events were handled since the last one: a command that adds an event saves none. */
const dueEventsAtStop = 1_000;
const stopMs = 2_000;

export interface ReadModelSnapshotsOptions {
  readonly snapshots: Snapshots;
  /** The file of the read models. */
  readonly path: string;
  readonly runtime: Runtime;
  readonly log: Logger;
}

export class ReadModelSnapshots {
  readonly #options: ReadModelSnapshotsOptions;
  /** How many events were handled since the last snapshot. Written by `handled` and `#saveNow`. */
  #events = 0;
  /** From when on the next one may be saved (monotonic). Written by `#saveNow`. */
  #restUntilMs = 0;
  /** When the last one was saved or loaded (monotonic). Written by the constructor, `restore` and `#saveNow`. */
  #savedAtMs: number;
  /** The one that is being saved. */
  #saving: Promise<void> | undefined;

  constructor(options: ReadModelSnapshotsOptions) {
    this.#options = options;
    this.#savedAtMs = options.runtime.monotonicNowMs();
  }

  /** Unpacks the newest snapshot where the file is missing. Never fails for the snapshot: without it the rows are made anew. */
  async restore(): Promise<void> {
    const { snapshots, path, runtime, log } = this.#options;
    if (existsSync(path)) return;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    try {
      const packed = await snapshots.load(name, layout);
      if (packed === undefined) return;
      const unpacked = await promisify(zlib.zstdDecompress)(packed);
      if (!isReadModelFile(unpacked)) throw new LedgerError('corrupt', 'The snapshot of the read models holds something else');
      const partial = `${path}.${runtime.uuid()}.partial`;
      writeFileSync(partial, unpacked);
      putInPlace(partial, path);
    } catch (error) {
      log.warn({ err: error }, 'the snapshot of the read models cannot be used; they are made from the log');
    }
  }

  /** Call it after each page. Saves a snapshot in the background, if many events were handled. */
  handled(events: number, position: () => Position): void {
    this.#events += events;
    if (this.#events >= manyEvents) this.#saveUnlessResting(position);
  }

  /** Call it at the head of the log. Saves a snapshot in the background, if one is due. */
  atHead(position: () => Position): void {
    const sinceMs = this.#options.runtime.monotonicNowMs() - this.#savedAtMs;
    const isDue = this.#size() > largeBytes ? sinceMs >= largeDueMs : this.#events >= dueEvents || sinceMs >= dueMs;
    if (isDue && this.#events > 0) this.#saveUnlessResting(position);
  }

  /** Saves a last one, if it is worth it and done in two seconds. */
  async stop(position: () => Position): Promise<void> {
    const { runtime } = this.#options;
    const last = this.#saving ?? (this.#events >= dueEventsAtStop ? this.#save(position) : undefined);
    await settledWithin(runtime, stopMs * runtime.patience, [last]);
  }

  #saveUnlessResting(position: () => Position): void {
    if (!this.#saving && this.#options.runtime.monotonicNowMs() >= this.#restUntilMs) void this.#save(position);
  }

  #save(position: () => Position): Promise<void> {
    this.#saving = this.#saveNow(position).finally(() => {
      this.#saving = undefined;
    });
    return this.#saving;
  }

  async #saveNow(position: () => Position): Promise<void> {
    const { snapshots, path, runtime, log } = this.#options;
    const startedMs = runtime.monotonicNowMs();
    const events = this.#events;
    const copy = `${path}.${runtime.uuid()}.snapshot`;
    try {
      const at = position(); // The copy has all up to here, and maybe more.
      await backUp(path, copy);
      await snapshots.save(name, layout, at, await promisify(zlib.zstdCompress)(await readFile(copy)));
      this.#events -= events;
    } catch (error) {
      log.warn({ err: error }, 'no snapshot of the read models was saved; it is tried again later');
    } finally {
      rmSync(copy, { force: true });
      this.#savedAtMs = runtime.monotonicNowMs();
      this.#restUntilMs = this.#savedAtMs + (this.#savedAtMs - startedMs) * restFactor;
    }
  }

  #size(): number {
    return statSync(this.#options.path, { throwIfNoEntry: false })?.size ?? 0;
  }
}

/** By the header of SQLite: its first words, and whose file it is. What is damaged further on is found when it is opened. */
function isReadModelFile(bytes: Buffer): boolean {
  return bytes.length > 100 && bytes.toString('latin1', 0, 15) === 'SQLite format 3' && bytes.readInt32BE(68) === applicationId;
}

/** Another process on the same file may have been faster: then its file stays. */
function putInPlace(partial: string, path: string): void {
  try {
    linkSync(partial, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(partial, { force: true });
  }
}
