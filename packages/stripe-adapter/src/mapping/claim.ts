// What an object says of whose it is. Only our secret key can set metadata, so only metadata is believed; the
// ledger's links come first, and `what-is-ours.ts` asks them.
import { defined } from '@paidonce/ledger/adapter';
import type { StripeIdentity } from '../stripe/stripe-objects.ts';

/** Metadata keys on a session and on its payment intent. */
const scopeKey = 'paidonce';
export const orderKey = 'paidonce_order';

export interface Claim {
  /** Names of the payment that may be linked in the ledger. */
  readonly references: readonly string[];
  /** Its metadata bears our scope. */
  readonly hasOurScope: boolean;
  /** Which order it names. Only of a marked object. */
  readonly orderId?: string;
  /** The Payment Link that made it; what it stands for is what was attached. */
  readonly link?: string;
  /** The session that a recovery link has copied. */
  readonly recoveredFrom?: string;
  /** Refunds and disputes carry no metadata of ours: that of their payment intent decides. */
  readonly ownerIntentId?: string;
}

/** On a session and on its payment intent, so that either is known as ours. */
export function metadataFor(scope: string, orderId: string): Record<string, string> {
  return { [scopeKey]: scope, [orderKey]: orderId };
}

/** Whether its metadata bear our scope: of a charge too, to which its intent's were copied as it was made. */
export function bearsOurScope({ metadata }: StripeIdentity, scope: string): boolean {
  return metadata[scopeKey] === scope;
}

export function claimOf(identity: StripeIdentity, scope: string): Claim {
  const { object, id, payment_intent: intent, charge } = identity;
  if (object === 'refund' || object === 'dispute' || object === 'charge') {
    const references = present([intent, object === 'charge' ? id : charge]);
    return { references, hasOurScope: false, ...defined({ ownerIntentId: intent }) };
  }
  const { recovered_from: recoveredFrom, payment_link: link } = identity;
  const hasOurScope = bearsOurScope(identity, scope);
  const orderId = hasOurScope ? namedOrder(identity) : undefined;
  return {
    references: present([intent, id]),
    hasOurScope,
    ...defined({ orderId, link, recoveredFrom }),
  };
}

/** On a Payment Link the buyer types the client reference: there it names nothing. */
function namedOrder({ metadata, payment_link: link, client_reference_id: typed }: StripeIdentity): string | undefined {
  return metadata[orderKey] ?? (link === undefined ? typed : undefined);
}

function present(references: readonly (string | undefined)[]): readonly string[] {
  return references.filter((reference) => reference !== undefined);
}
