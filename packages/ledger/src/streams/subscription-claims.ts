// One pass of claims for a subscription: each reference is claimed once, and with it the names of what it held.
import { referenceName } from '../observation.ts';
import type { PaymentObserved } from '../order/events.ts';
import { type NamedReference, referencesOf } from './named-references.ts';
import { type Owner, type References, type SubscriptionLinked, subscriptionIn } from './reference-streams.ts';

/** What the write path does with references. In a dry run they link nothing. */
export type WriterReferences = Pick<References, 'ownerOf' | 'subscriptionLink' | 'linkSubscription' | 'hold'>;

/** What the claims found. */
export interface Claimed {
  /** What the references held of payments of this subscription. */
  readonly held: readonly PaymentObserved[];
  /** The references that belong to others. */
  readonly others: readonly { readonly named: NamedReference; readonly owner: Owner }[];
  /** The names of all references that were claimed. */
  readonly references: readonly string[];
}

/** @param isForwarded what the reference held is recorded already. @throws LedgerError as `References`. */
export async function claimReferences(
  references: Pick<WriterReferences, 'linkSubscription'>,
  link: SubscriptionLinked,
  named: readonly NamedReference[],
  isForwarded: (reference: string) => boolean,
): Promise<Claimed> {
  const owners = new Map<string, Owner>();
  const held = new Set<PaymentObserved>();
  const others: Claimed['others'][number][] = [];
  const queue = [...named];
  for (const each of queue) {
    if (owners.has(each.name)) continue;
    const { owner, held: found } = await references.linkSubscription(each.name, link);
    owners.set(each.name, owner);
    if (subscriptionIn(owner) !== link.subscriptionId) others.push({ named: each, owner });
    if (isForwarded(each.name)) continue;
    for (const observed of found) {
      if (observed.fact.kind === 'attempt') continue; // Of attempts to pay the invoice speaks.
      held.add(observed);
      queue.push(...referencesOf(observed)); // `queue` grows meanwhile.
    }
  }
  // What is held of a payment goes to the owner of that payment.
  const isOurs = ({ payment }: PaymentObserved) => subscriptionIn(owners.get(referenceName(payment)) ?? '') === link.subscriptionId;
  return { held: [...held].filter(isOurs), others, references: [...owners.keys()] };
}

/** Shared payments have a review of their own. */
export function isClaimedByAnother({ others }: Claimed): boolean {
  return others.some(({ named, owner }) => named.kind !== 'payment' || subscriptionIn(owner) === undefined);
}
