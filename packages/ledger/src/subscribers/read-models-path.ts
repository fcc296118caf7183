// Where the read models' file of a ledger lies.
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PaymentLedgerOptions } from '../payment-ledger.ts';
import { temporaryPrefix } from './temporary-folder.ts';

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
  return eventStore.snapshots === undefined ? ':memory:' : join(tmpdir(), `${temporaryPrefix}${uuid()}`, 'read-models.db');
}
