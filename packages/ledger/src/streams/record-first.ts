// The usual first payment: nobody has heard of it, so its link and its record may be one commit. Whatever else is the case, the link
// comes first, then what was held, then the record.
import { defined } from '../defined.ts';
import { referenceNamesOf } from '../observation.ts';
import type { PaymentObserved } from '../order/events.ts';
import type { ObserveResult } from '../payment-ledger.ts';
import { resultOf } from './observe-result.ts';
import type { PaymentOwners } from './payment-owner.ts';

/** Undefined: it is not the usual first payment, or another process was faster; nothing was written. */
export async function recordFirst(
  { references, orders }: PaymentOwners,
  owner: string,
  observed: PaymentObserved,
  seenRevision: number | undefined,
): Promise<ObserveResult | undefined> {
  const claim = references.firstClaim(referenceNamesOf(observed), owner);
  const command = { type: 'observe', observed, ...defined({ seenRevision }) } as const;
  const answer = claim && (await orders.commandWith(claim, owner, causeOf(observed), command));
  return answer && resultOf(answer.state, answer.events);
}

/** What led to the events of an observation, for their metadata. */
export function causeOf({ source, evidence }: PaymentObserved): string {
  return `${source} ${evidence.eventId ?? evidence.objectId}`;
}
