// What an object says of whose it is. Only our secret key can set metadata, so only metadata is believed; the
// ledger's links come first, and `ownership.ts` asks them.
import { defined } from '@paidonce/ledger/adapter';
import type { StripeIdentity } from '../stripe/stripe-objects.ts';

/** Metadata keys, on a session and on its payment intent. */
const scopeKey = 'paidonce';
export const orderKey = 'paidonce_order';
export const subscriptionKey = 'paidonce_subscription';
const ledgerKey = 'paidonce_ledger';
/** On the session of a subscription alone: what it was started with. */
const termsKey = 'paidonce_terms';
/** All keys of ours: a shop sets none of them itself. */
export const ourKeys: readonly string[] = [scopeKey, orderKey, subscriptionKey, ledgerKey, termsKey];

/** What an object claims about its order. */
export interface Claim {
  /** Ids of the payment that may be linked in the ledger. */
  readonly references: readonly string[];
  /** Its metadata carries our scope. */
  readonly hasOurScope: boolean;
  /** The scope in its metadata, where that is not ours. */
  readonly otherScope?: string;
  /** The order that it names. Only an object with our scope names one. */
  readonly orderId?: string;
  /** The identity of the ledger that made it. Only an object with our scope has one. Absent: an earlier release made it. */
  readonly ledgerId?: string;
  /** The Payment Link that made it; the order is the one that the link is attached to. */
  readonly link?: string;
  /** The session that a recovery link has copied. */
  readonly recoveredFrom?: string;
  /** The payment intent whose metadata decides: refunds and disputes carry none of ours. */
  readonly ownerIntentId?: string;
}

/** Metadata for a session and for its payment intent, so that either is recognized as ours. */
export function metadataFor(scope: string, orderId: string, ledgerId: string): Record<string, string> {
  return { [scopeKey]: scope, [orderKey]: orderId, [ledgerKey]: ledgerId };
}

/** Metadata for a session and for the subscription that it begins: Stripe copies the latter into each invoice. */
export function subscriptionMetadata(scope: string, subscriptionId: string, ledgerId: string): Record<string, string> {
  return { [scopeKey]: scope, [subscriptionKey]: subscriptionId, [ledgerKey]: ledgerId };
}

/** What is beside these on the session: a hash of the terms. */
export function termsMetadata(terms: string): Record<string, string> {
  return { [termsKey]: terms };
}

/** Undefined: the metadata has no terms. */
export function termsOf(metadata: unknown): string | undefined {
  const terms = typeof metadata === 'object' && metadata !== null ? (metadata as Readonly<Record<string, unknown>>)[termsKey] : undefined;
  return typeof terms === 'string' ? terms : undefined;
}

/** The marks on an object of our scope. Undefined: it bears another, or none. A charge too: Stripe copied its intent's when it was made. */
export function marksOf({ metadata }: Pick<StripeIdentity, 'metadata'>, scope: string): Pick<Claim, 'ledgerId'> | undefined {
  return metadata[scopeKey] === scope ? defined({ ledgerId: metadata[ledgerKey] }) : undefined;
}

/** The scope in the metadata, where that is not ours. Undefined: it is ours, or there is none. */
export function otherScopeIn({ metadata }: Pick<StripeIdentity, 'metadata'>, scope: string): string | undefined {
  const found = metadata[scopeKey];
  return found === scope ? undefined : found;
}

export function claimOf(identity: StripeIdentity, scope: string): Claim {
  const { object, id, payment_intent: intent, charge } = identity;
  if (object === 'refund' || object === 'dispute' || object === 'charge') {
    const references = present([intent, object === 'charge' ? id : charge]);
    return { references, hasOurScope: false, ...defined({ ownerIntentId: intent }) };
  }
  const { recovered_from: recoveredFrom, payment_link: link } = identity;
  const marks = marksOf(identity, scope);
  const hasOurScope = marks !== undefined;
  const orderId = hasOurScope ? namedOrder(identity) : undefined;
  return {
    references: present([intent, id]),
    hasOurScope,
    ...marks,
    ...defined({ otherScope: otherScopeIn(identity, scope), orderId, link, recoveredFrom }),
  };
}

/** The order id in the metadata, or in the client reference. On a Payment Link the buyer types that: there it names nothing. */
function namedOrder({ metadata, payment_link: link, client_reference_id: typed }: StripeIdentity): string | undefined {
  return metadata[orderKey] ?? (link === undefined ? typed : undefined);
}

function present(references: readonly (string | undefined)[]): readonly string[] {
  return references.filter((reference) => reference !== undefined);
}
