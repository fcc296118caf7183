// What an object of Stripe Billing says of whose it is. As for payments, only what our secret key can have written is believed,
// and the ledger's links come first. Stripe copies the metadata of a subscription into each of its invoices, so that an invoice
// that comes before everything else needs no read.
import { defined, isId } from '@paidonce/ledger/adapter';
import { marksOf, otherScopeIn, subscriptionKey } from './claim.ts';

/** What an object claims about its subscription. */
export interface SubscriptionClaim {
  /** `sub_…`. Absent: the object names an invoice alone, or the session has not led to one yet. */
  readonly subscription?: string;
  /** Ids that may be linked in the ledger, the one that decides first: the subscription, the invoice, the session. */
  readonly references: readonly string[];
  /** Its metadata carries our scope. */
  readonly hasOurScope: boolean;
  /** The scope in its metadata, where that is not ours. */
  readonly otherScope?: string;
  /** The shop's id that the metadata names, as text. Only an object with our scope names one. */
  readonly subscriptionId?: string;
  /** The identity of the ledger that made it. Only an object with our scope has one. */
  readonly ledgerId?: string;
  /** It does not show whose it is, as a copy in another API version may not: only a read in ours does. */
  readonly isSilent?: true;
}

type Fields = Readonly<Record<string, unknown>>;

/** Reads what it can, each field by itself. Never throws. */
export function subscriptionClaimOf(object: unknown, scope: string): SubscriptionClaim {
  const fields = fieldsOf(object);
  switch (fields['object']) {
    case 'subscription':
      return claim(fields['id'], [], fields['metadata'], scope);
    case 'invoice':
      return invoiceClaimOf(fields, scope);
    case 'checkout.session':
      return claim(idOf(fields['subscription']), [idOf(fields['invoice']), fields['id']], fields['metadata'], scope);
    default: {
      const invoice = fields['invoice'];
      if (typeof invoice === 'object' && invoice !== null) return subscriptionClaimOf({ object: 'invoice', ...invoice }, scope);
      // It bears no metadata of the subscription in any version: the link of its invoice decides.
      return claim(undefined, [invoice], isId(invoice) ? {} : undefined, scope);
    }
  }
}

/** Before the version of March 2025 an invoice had no `parent`, and named its subscription itself. Null: no subscription made it. */
function invoiceClaimOf(fields: Fields, scope: string): SubscriptionClaim {
  const { id, parent } = fields;
  if (parent === undefined) {
    const { subscription, subscription_details: details } = fields;
    return claim(idOf(subscription), [id], subscription === null ? {} : fieldsOf(details)['metadata'], scope);
  }
  const details = parent === null ? null : fieldsOf(parent)['subscription_details'];
  const { subscription, metadata } = fieldsOf(details);
  return claim(idOf(subscription), [id], details === null ? {} : metadata, scope);
}

/** @param metadata no object: it is not shown. */
function claim(subscription: unknown, others: readonly unknown[], metadata: unknown, scope: string): SubscriptionClaim {
  const texts = Object.fromEntries(
    Object.entries(fieldsOf(metadata)).flatMap(([key, text]) => (typeof text === 'string' ? [[key, text]] : [])),
  );
  const marks = marksOf({ metadata: texts }, scope);
  const found = isId(subscription) ? subscription : undefined;
  return {
    references: [found, ...others].filter(isId),
    hasOurScope: marks !== undefined,
    ...marks,
    ...defined({
      subscription: found,
      otherScope: otherScopeIn({ metadata: texts }, scope),
      subscriptionId: marks && texts[subscriptionKey],
      isSilent: typeof metadata === 'object' && metadata !== null ? undefined : (true as const),
    }),
  };
}

/** The id of a referenced object, expanded or not. */
function idOf(reference: unknown): unknown {
  return typeof reference === 'object' ? fieldsOf(reference)['id'] : reference;
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}
