// Whose an object is. Many apps share one Stripe account, so this is never guessed: what the ledger has linked counts, and
// what only our secret key can have written.

import type { OrderView, PaymentLedger } from '@paidonce/ledger';
import { isId } from '@paidonce/ledger/adapter';
import type { Claim } from '../mapping/claim.ts';
import { identityOf } from '../stripe/stripe-objects.ts';
import type { Answer } from '../stripe/stripe-request.ts';
import type { NotOursCache } from './not-ours-cache.ts';
import type { OurLedger } from './our-ledger.ts';

/** `orderId`: the order that was found. Absent: the ledger's own link decides, now or once it appears. */
export type Ownership = { readonly ours: false } | Ours;
/** An object of ours. `orderId` absent: no order is known for it yet. */
export interface Ours {
  readonly ours: true;
  readonly orderId?: string;
  /** The payment is of an invoice of a subscription. */
  readonly ofSubscription?: true;
}

export interface OwnershipSources {
  readonly ledger: PaymentLedger;
  readonly ourLedger: OurLedger;
  /** Reads a payment intent. Undefined: Stripe has none of this id. */
  readonly intent: (intentId: string) => Promise<Answer | undefined>;
  readonly notOurs?: NotOursCache;
  /** Whether the payment intent paid for an invoice of ours; the invoice is linked then. Absent: there are no subscriptions. */
  readonly paidInvoice?: (intentId: string) => Promise<boolean>;
}

/**
 * Makes at most one call to Stripe, and with subscriptions two: for a refund, dispute or charge whose payment intent is not
 * linked yet.
 *
 * @throws LedgerError `provider_unavailable`: that call failed, and "not ours" would be a guess. A code of the store.
 */
export async function resolveOwnership(
  given: Claim,
  { ledger, ourLedger, intent, notOurs, paidInvoice }: OwnershipSources,
): Promise<Ownership> {
  const claim = await ourLedger.judge(given);
  if (claim.recoveredFrom !== undefined) {
    const recovered = await ledger.orderOf(claim.recoveredFrom);
    if (recovered) return { ours: true, orderId: recovered.orderId };
  }
  if (claim.hasOurScope && claim.orderId !== undefined) return ownedBy(claim);
  for (const reference of claim.references) {
    if (await ledger.orderOf(reference)) return { ours: true };
    if (await ledger.forAdapters.subscriptions.ownerOf(reference)) return { ours: true, ofSubscription: true };
  }
  // One link, one order: a payment on it is for that order, whatever the customer types.
  const linked = claim.link === undefined ? undefined : await ledger.orderOf(claim.link);
  if (linked) return { ours: true, orderId: linked.orderId };
  if (claim.hasOurScope) return { ours: true };
  if (claim.ownerIntentId === undefined || notOurs?.has(claim.ownerIntentId)) return { ours: false };
  const answer = await intent(claim.ownerIntentId);
  const asked = answer && (await ourLedger.claimOf(identityOf(answer.object)));
  if (asked?.hasOurScope) return ownedBy(asked);
  // An intent of an invoice bears no metadata of ours.
  if (await paidInvoice?.(claim.ownerIntentId)) return { ours: true, ofSubscription: true };
  notOurs?.add(claim.ownerIntentId);
  return { ours: false };
}

function ownedBy({ orderId }: Claim): Ownership {
  return orderId !== undefined && isId(orderId) ? { ours: true, orderId } : { ours: true };
}

/** The order that the object is linked to, else the order that it names. Reads the ledger only. @throws LedgerError of the store. */
export async function findOrder(
  { orderId, references, link, recoveredFrom }: Claim,
  ledger: PaymentLedger,
): Promise<OrderView | undefined> {
  for (const name of [...references, link, recoveredFrom]) {
    const order = name === undefined ? undefined : await ledger.orderOf(name);
    if (order) return order;
  }
  return orderId !== undefined && isId(orderId) ? ledger.order(orderId) : undefined;
}

/** The same ownership with the order, where it names none. */
export function namingOrder(ours: Ours, orderId: string | undefined): Ours {
  return ours.orderId === undefined && orderId !== undefined ? { ours: true, orderId } : ours;
}
