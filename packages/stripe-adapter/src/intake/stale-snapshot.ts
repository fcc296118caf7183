// Which copies in events do not count as they are: the object is read again.
import type { Provenance } from '../mapping/provenance.ts';
import { type ReadableType, readableTypes } from '../stripe/stripe-calls.ts';
import { identityOf } from '../stripe/stripe-objects.ts';

export interface StaleSnapshot {
  readonly type: ReadableType;
  readonly id: string;
}

/** Refunds and disputes go to and fro; what an event said of one three days ago is no news. */
export function staleSnapshot(object: unknown, { form }: Pick<Provenance, 'form'>): StaleSnapshot | undefined {
  if (form === undefined) return undefined;
  const { object: type, id } = identityOf(object);
  const known = readableTypes.find((each) => each === type);
  if (known === undefined || id === undefined) return undefined;
  return form === 'foreign_snapshot' || known === 'refund' || known === 'dispute' ? { type: known, id } : undefined;
}
