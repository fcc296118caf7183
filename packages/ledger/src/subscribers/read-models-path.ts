// Where the read models' file of a ledger lies.
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { PaymentLedgerOptions } from '../payment-ledger.ts';

/**
 * The path that the options name. Default: beside the SQLite log; where the store carries snapshots of it, in a temporary folder
 * of this ledger, which is removed in the end; else `:memory:`.
 */
export function readModelsPath(
  { readModels, eventStore }: Pick<PaymentLedgerOptions, 'readModels' | 'eventStore'>,
  uuid: () => string,
): string {
  if (readModels !== undefined) return readModels;
  if ('path' in eventStore && typeof eventStore.path === 'string') return `${eventStore.path}.read-models`;
  return eventStore.snapshots === undefined ? ':memory:' : join(tmpdir(), `${temporary}${uuid()}`, 'read-models.db');
}

const temporary = 'paidonce-read-models-';

/** Removes the folder of such a path; any other path is left alone. */
export function removeTemporary(path: string): void {
  const folder = dirname(path);
  if (basename(folder).startsWith(temporary)) rmSync(folder, { recursive: true, force: true });
}
