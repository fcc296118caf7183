// Converts failures of SQLite to our error codes, with the file's name and what to do now.
import type { DatabaseSync } from 'node:sqlite';
import { LedgerError } from '../../errors.ts';

// SQLite's primary result codes, the low byte of every extended one.
const BUSY = 5;
const LOCKED = 6;
const READONLY = 8;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const CONSTRAINT = 19;
const NOTADB = 26;

const unsettled = 'An append under way may be stored or not; sending it again with the same ids settles it.';

/** Converts an error of SQLite or of the file system. Returns any other error unchanged, so that a bug keeps its stack. */
export function asLedgerError(error: unknown, path: string): unknown {
  if (error instanceof Error && 'code' in error && error.code === 'ERR_INVALID_STATE') {
    return new LedgerError('store_unavailable', `${path}: the connection was given up after a failure of the disk. Open the store again.`, {
      cause: error,
    });
  }
  if (error instanceof Error && 'syscall' in error) return fileFailure(error as NodeJS.ErrnoException, path);
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return error;
  const ledgerError = (code: ConstructorParameters<typeof LedgerError>[0], what: string): LedgerError =>
    new LedgerError(code, `${path}: ${what}`, { cause: error });
  const detail = `${error.message} (SQLite ${error.errcode})`;
  switch (error.errcode & 0xff) {
    case BUSY:
    case LOCKED:
      return ledgerError('store_busy', 'another process is writing. Nothing was written; try again.');
    case FULL:
      return ledgerError('store_full', `${detail}. Nothing was written; make room, then send it again.`);
    case CORRUPT:
    case CONSTRAINT:
      return ledgerError('corrupt', `${detail}. Stop the writers and keep the file as it is.`);
    case NOTADB:
      return ledgerError('invalid_input', 'this is no SQLite file. It was left as it is; choose another path.');
    case CANTOPEN:
      return ledgerError('store_unavailable', `${detail}. Does its directory exist, and may this process write there?`);
    case READONLY:
      return ledgerError('store_unavailable', `${detail}. This process must be allowed to write the file and its directory.`);
    case IOERR:
      return ledgerError('store_unavailable', `${detail}. The disk fails, or was made read-only. ${unsettled}`);
    default:
      return ledgerError('store_unavailable', `${detail}. ${unsettled}`);
  }
}

function fileFailure(error: NodeJS.ErrnoException, path: string): LedgerError {
  const isFull = error.code === 'ENOSPC' || error.code === 'EDQUOT';
  const what = isFull ? 'Make room, then start again.' : 'Does its directory exist, and may this process write there?';
  return new LedgerError(isFull ? 'store_full' : 'store_unavailable', `${path}: ${error.message}. ${what}`, { cause: error });
}

export function isBusy(error: unknown): boolean {
  return error instanceof LedgerError && error.code === 'store_busy';
}

export function isCorrupt(error: unknown): boolean {
  return error instanceof LedgerError && error.code === 'corrupt';
}

/**
 * Ends the transaction after any error in it. SQLITE_FULL and some I/O errors have rolled it back already, and a later
 * statement would commit alone. After other errors it is still open, and reads would see what is in it.
 */
export function rollBack(db: DatabaseSync): void {
  if (!db.isOpen || !db.isTransaction) return;
  try {
    db.exec('ROLLBACK');
  } catch {
    db.close(); // Otherwise reads would see data of a transaction that never commits.
  }
}
