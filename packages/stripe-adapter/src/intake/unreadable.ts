// What cannot be read is recorded by id and digest, never the body: it may hold personal data.
import { createHash } from 'node:crypto';
import type { PaymentLedger } from '@paidonce/ledger';
import { defined } from '@paidonce/ledger/adapter';
import type { ObjectContext } from '../mapping/provenance.ts';
import { identityOf } from '../stripe/stripe-objects.ts';

export interface Unreadable {
  readonly objectId?: string;
  readonly type: string;
  /** Path of the value that could not be read. */
  readonly path: string;
}

/** @throws LedgerError of the store. */
export async function recordUnreadable(
  ledger: PaymentLedger,
  body: string | Uint8Array,
  { objectId, type, path }: Unreadable,
  { account, livemode, eventId, apiVersion }: Partial<ObjectContext>,
): Promise<{ readonly outcome: 'unreadable' }> {
  const sha256 = createHash('sha256').update(body).digest('hex');
  await ledger.forAdapters.recordUnreadable({
    objectId: objectId ?? eventId ?? `sha256:${sha256}`,
    type,
    path,
    sha256,
    ...defined({ account, livemode, eventId, apiVersion }),
  });
  return { outcome: 'unreadable' };
}

/** What an object calls itself. */
export type Named = Omit<Unreadable, 'path'>;

export function named(object: unknown): Named {
  const { id, object: type = 'unknown' } = identityOf(object);
  return { type, ...defined({ objectId: id }) };
}
