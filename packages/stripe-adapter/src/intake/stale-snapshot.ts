// Which copies in events do not count as they are: those objects are read again.
import type { Provenance } from '../mapping/provenance.ts';
import { type ReadableType, readableTypes } from '../stripe/readable-types.ts';
import { identityOf } from '../stripe/stripe-objects.ts';

export interface StaleSnapshot {
  readonly type: ReadableType;
  readonly id: string;
}

/**
 * The object to read instead of its copy. Undefined: the copy counts. Refunds and disputes change back and forth, so an old
 * copy of one is not its state now.
 */
export function staleSnapshot(object: unknown, { form }: Pick<Provenance, 'form'>): StaleSnapshot | undefined {
  if (form === undefined) return undefined;
  const { object: type, id } = identityOf(object);
  const known = readableTypes.find((each) => each === type);
  if (known === undefined || id === undefined) return undefined;
  return form === 'foreign_snapshot' || known === 'refund' || known === 'dispute' ? { type: known, id } : undefined;
}
