// Damage of a file of SQLite: one page overwritten, as by a disk that writes to the wrong place.
import { closeSync, copyFileSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';
import { LedgerError } from '@paidonce/ledger';
import { sqliteReader, verifyLog } from '@paidonce/ledger/audit';
import type { Random } from '@paidonce/ledger/simulation';
import { openBeside } from '../shop/beside.ts';

/** Bytes of a page. No file of ours has others. */
const pageBytes = 4_096;

export function pagesIn(path: string): number {
  return statSync(path).size / pageBytes;
}

export interface PageOfEvents {
  readonly page: number;
  /** The streams that have events on it. */
  readonly streams: ReadonlySet<string>;
}

/** The pages that hold events themselves, in the order of the log. */
export function pagesOfEvents(path: string): readonly PageOfEvents[] {
  using database = new DatabaseSync(path, { readOnly: true });
  const leaves = database.prepare("SELECT pageno, ncell FROM dbstat WHERE name = 'events' AND pagetype = 'leaf' ORDER BY path").all();
  const streams = database.prepare('SELECT name FROM events JOIN streams ON streams.id = stream ORDER BY position').all();
  let from = 0;
  return leaves.map(({ pageno, ncell }) => {
    const first = from;
    from += Number(ncell);
    return { page: Number(pageno), streams: new Set(streams.slice(first, from).map(({ name }) => String(name))) };
  });
}

/** Moves all that was committed into the file itself, and with it makes each process read its pages from there again. */
export async function checkpoint(path: string): Promise<void> {
  using database = openBeside(path);
  while (Number(database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.['busy']) !== 0) await wait(10);
}

/** @param page from 1 on, as SQLite counts. */
export function damage(path: string, page: number, random: Random): void {
  const file = openSync(path, 'r+');
  writeSync(
    file,
    Uint8Array.from({ length: pageBytes }, () => random.below(256)),
    0,
    pageBytes,
    (page - 1) * pageBytes,
  );
  closeSync(file);
}

/** What an audit says of a copy of the log in which one page is damaged. Undefined: nothing, as if the log were whole. */
export async function auditWithDamage(path: string, page: number, random: Random): Promise<string | undefined> {
  const copy = `${path}.damaged`;
  copyFileSync(path, copy);
  damage(copy, page, random);
  try {
    const reader = sqliteReader(copy);
    try {
      return (await verifyLog(reader)).findings[0]?.found;
    } finally {
      await reader.close();
    }
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    return error.message;
  } finally {
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${copy}${suffix}`, { force: true });
  }
}
