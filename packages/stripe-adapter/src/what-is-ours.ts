// Whose an object is. Many apps share one Stripe account, so this is never guessed: what the ledger has linked, then
// what only our secret key can have written.
import type { PaymentLedger } from '@paidonce/ledger';
import { type Claim, claimOf } from './claim.ts';
import type { Answer } from './stripe-calls.ts';
import { identityOf, isId } from './stripe-objects.ts';

/** `orderId`: which order the object names; absent where the ledger's own link says it. */
export type Ownership = { readonly ours: false } | { readonly ours: true; readonly orderId?: string };

export interface OwnershipSources {
  readonly ledger: PaymentLedger;
  readonly scope: string;
  /** Reads a payment intent; undefined: Stripe knows none of this id. */
  readonly intent: (intentId: string) => Promise<Answer | undefined>;
}

/**
 * At most one call to Stripe: for a refund or dispute whose payment intent nobody has linked yet.
 *
 * @throws LedgerError `provider_unavailable` where that call fails: then nobody may say "not ours".
 */
export async function whatIsOurs(claim: Claim, { ledger, scope, intent }: OwnershipSources): Promise<Ownership> {
  if (claim.recoveredFrom !== undefined) {
    const recovered = await ledger.orderOf(claim.recoveredFrom);
    if (recovered) return { ours: true, orderId: recovered.orderId };
  }
  if (claim.marked) return ownedBy(claim);
  for (const reference of claim.references) {
    if (await ledger.orderOf(reference)) return { ours: true };
  }
  if (claim.askIntent === undefined) return { ours: false };
  const answer = await intent(claim.askIntent);
  const asked = answer && claimOf(identityOf(answer.object), scope);
  return asked?.marked ? ownedBy(asked) : { ours: false };
}

function ownedBy({ orderId }: Claim): Ownership {
  return orderId !== undefined && isId(orderId) ? { ours: true, orderId } : { ours: true };
}

/** Whether the ledger has an order that the object names or is linked to. Asks nobody else. */
export async function knowsOrder({ orderId, references }: Claim, ledger: PaymentLedger): Promise<boolean> {
  if (orderId !== undefined && isId(orderId) && (await ledger.order(orderId))) return true;
  for (const reference of references) if (await ledger.orderOf(reference)) return true;
  return false;
}
