// The mapping of subscriptions: what an object of Stripe Billing states. It is pure, and goes by the object, never by the event's
// name. What comes expanded within the object is told with it: a look at a subscription brings its newest invoice and payments.
import type { Statement } from '@paidonce/ledger';
import type { MoneyBack, SubscriptionReference, SubscriptionStatement } from '@paidonce/ledger/adapter';
import { defined, isId } from '@paidonce/ledger/adapter';
import { subscriptionSessionSchema } from '../stripe/subscription-objects.ts';
import { type BillingReading, type FactReading, ignored, together, unread } from './billing-reading.ts';
import { subscriptionKey } from './claim.ts';
import { readCreditNote } from './credit-note.ts';
import { readInvoice } from './invoice.ts';
import { readInvoicePayment } from './invoice-payment.ts';
import { readSubscription } from './lifecycle.ts';
import type { ObjectContext } from './provenance.ts';
import { isoTime } from './received.ts';
import { type SubscriptionClaim, subscriptionClaimOf } from './subscription-claim.ts';

/** What an object leads to. The claim shows whose it is. */
export interface MappedSubscription extends Pick<BillingReading, 'incomplete' | 'unreadable' | 'ignored'> {
  readonly claim: SubscriptionClaim;
  /** Absent: the object does not name it, and the owner of its invoice decides. */
  readonly subscription?: SubscriptionReference;
  /** Not all of them while a list is incomplete. */
  readonly statements: readonly SubscriptionStatement[];
  /** The state of a Checkout session. `expired`: nobody can begin the subscription with it any more. */
  readonly session?: 'open' | 'complete' | 'expired';
}

/** Maps one object. Never throws: what cannot be read is in `unreadable`, with its path. */
export function toSubscriptionObservation(object: unknown, context: ObjectContext, scope: string): MappedSubscription {
  const claim = subscriptionClaimOf(object, scope);
  const { facts, ...reading } = read(object, claim);
  const livemode = modeOf(object) ?? context.livemode;
  // Only a holder of our key can have written this id, and the ledger would refuse it.
  const isBadId = claim.subscriptionId !== undefined && !isId(claim.subscriptionId);
  const failedAt = livemode === undefined ? 'livemode' : isBadId ? `metadata.${subscriptionKey}` : undefined;
  if (failedAt !== undefined && facts.length > 0) return { claim, statements: [], ...unreadAt(object, failedAt) };
  const { account } = context;
  return {
    claim,
    ...reading,
    statements: facts.map((fact) => toStatement(fact, idOf(object), context)),
    ...(claim.subscription === undefined || livemode === undefined
      ? {}
      : { subscription: { provider: 'stripe', account, livemode, id: claim.subscription } }),
    ...defined({ session: sessionState(object) }),
  };
}

/** A refund or a dispute as its payment's subscription is told of it. Undefined: the statement is of another kind. */
export function moneyBackOf(
  { payment, fact, asOf, occurredAt, evidence }: Statement,
  { isUndated }: Pick<ObjectContext, 'isUndated'>,
): SubscriptionStatement | undefined {
  if (fact.kind === 'attempt') return undefined;
  const back: MoneyBack = { ...fact, payment };
  return { fact: back, asOf, evidence, ...defined({ occurredAt, doubtful: isUndated }) };
}

function read(object: unknown, claim: SubscriptionClaim): BillingReading {
  const type = typeOf(object);
  if (type === undefined || typeof object !== 'object' || object === null) return unread('unknown', undefined, 'object');
  switch (type) {
    case 'subscription':
      return readWithNewest(object);
    case 'invoice':
      return readInvoice(object, claim.subscription);
    case 'invoice_payment': {
      const invoice = 'invoice' in object ? object.invoice : undefined;
      return together([readInvoicePayment(object), ...(isExpanded(invoice) ? [readInvoice(invoice, claim.subscription)] : [])]);
    }
    case 'credit_note':
      return readCreditNote(object);
    case 'checkout.session':
      return readSession(object);
    default:
      return ignored(`a ${type} says nothing of a subscription`);
  }
}

function readWithNewest(subscription: object): BillingReading {
  const { latest_invoice: newest, id }: { readonly latest_invoice?: unknown; readonly id?: unknown } = subscription;
  return together([readSubscription(subscription), ...(isExpanded(newest) && isId(id) ? [readInvoice(newest, id)] : [])]);
}

/** The session of a subscription links what it has led to. That it is complete proves no payment. */
function readSession(session: object): BillingReading {
  const { mode, subscription, id }: { readonly mode?: unknown; readonly subscription?: unknown; readonly id?: unknown } = session;
  if (mode !== 'subscription') return ignored('a session that begins no subscription');
  const state = sessionState(session);
  if (state === undefined) return unread('checkout.session', isId(id) ? id : undefined, 'status');
  if (isExpanded(subscription)) return readWithNewest(subscription);
  return ignored(`the session of a subscription is ${state}, which proves no payment`);
}

function sessionState(object: unknown): MappedSubscription['session'] {
  if (typeOf(object) !== 'checkout.session') return undefined;
  const status = subscriptionSessionSchema.safeParse(object).data?.status;
  return status === 'open' || status === 'complete' || status === 'expired' ? status : undefined;
}

/** An event is evidence of the object that it names. What a read brings beside that one, as the newest invoice, it says nothing of. */
function toStatement(reading: FactReading, named: string | undefined, context: ObjectContext): SubscriptionStatement {
  const { asOf, isUndated, apiVersion } = context;
  const { fact, objectId, at } = reading;
  const occurredAt = at === null || isoTime(at) === asOf ? undefined : isoTime(at);
  const eventId = objectId === named ? context.eventId : undefined;
  return { fact, asOf, evidence: { objectId, ...defined({ eventId, apiVersion }) }, ...defined({ occurredAt, doubtful: isUndated }) };
}

function unreadAt(object: unknown, path: string): Pick<BillingReading, 'incomplete' | 'unreadable'> {
  return unread(typeOf(object) ?? 'unknown', idOf(object), path);
}

function idOf(object: unknown): string | undefined {
  return isExpanded(object) && 'id' in object && isId(object.id) ? object.id : undefined;
}

function isExpanded(reference: unknown): reference is object {
  return typeof reference === 'object' && reference !== null;
}

function typeOf(object: unknown): string | undefined {
  return isExpanded(object) && 'object' in object && typeof object.object === 'string' ? object.object : undefined;
}

function modeOf(object: unknown): boolean | undefined {
  return isExpanded(object) && 'livemode' in object && typeof object.livemode === 'boolean' ? object.livemode : undefined;
}
