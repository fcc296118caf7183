// One pass over the references of a payment: the link of each, and what each held, so that it is recorded after all links.
import { invariant } from '../errors.ts';
import { referenceNamesOf } from '../observation.ts';
import type { PaymentObserved } from '../order/events.ts';
import type { Ownership } from './reference-streams.ts';

/** One pass over references: each is linked once (`links`), and what it held is collected (`found`). Written by `PaymentWriter`. */
export interface LinkPass {
  readonly links: Map<string, Ownership>;
  readonly found: { readonly observed: PaymentObserved; readonly candidate: string }[];
}

export const newLinkPass = (): LinkPass => ({ links: new Map(), found: [] });

/** Who owns the payment, and `claims`: who owns each of its aliases. */
export function ownershipOf(pass: LinkPass, observed: PaymentObserved): Omit<Ownership, 'held'> & { readonly claims: readonly string[] } {
  const [name = '', ...aliases] = referenceNamesOf(observed);
  return { ...linkOf(pass, name), claims: aliases.map((alias) => linkOf(pass, alias).owner) };
}

/** Who owns the payment. */
export function ownerIn(pass: LinkPass, observed: PaymentObserved): string {
  const [name = ''] = referenceNamesOf(observed);
  return linkOf(pass, name).owner;
}

/** True: the observation names an order, and that is another one. */
export function isOfAnother({ orderId: named }: PaymentObserved, owner: string): boolean {
  return named !== undefined && named !== owner;
}

function linkOf({ links }: LinkPass, reference: string): Ownership {
  const link = links.get(reference);
  invariant(link !== undefined, `reference ${reference} is used before its link`);
  return link;
}

/** A person has overruled the claims for a former owner: they open no review again. */
export function withoutOverruled(
  observed: PaymentObserved,
  { owner, formerOwners, claims }: Omit<ReturnType<typeof ownershipOf>, 'held'>,
): { readonly observed: PaymentObserved; readonly claimedByAnother: boolean } {
  const { orderId: named, ...unnamed } = observed;
  const claimedByAnother = claims.some((claim) => claim !== owner && !formerOwners.includes(claim));
  return { observed: named !== undefined && formerOwners.includes(named) ? unnamed : observed, claimedByAnother };
}
