// The only mapping: what an object of Stripe states about a payment. It is pure, and goes by the object, never by the
// event's name, so that webhook, poll and status query report the same fact alike.

import type { Fact, PaidAmount, Statement } from '@paidonce/ledger';
import { defined, isId, isPaid } from '@paidonce/ledger/adapter';
import type { RefundsOf } from '../stripe/money-objects.ts';
import {
  failedPath,
  identityOf,
  intentSchema,
  type StripeIdentity,
  type StripeIntent,
  type StripeSession,
  sessionSchema,
} from '../stripe/stripe-objects.ts';
import { type Claim, claimOf, orderKey } from './claim.ts';
import type { ObjectReading, PaymentReading } from './object-reading.ts';
import type { ObjectContext } from './provenance.ts';
import { completedBy, occurredAt, receivedWith, withTime } from './received.ts';
import { readCharge, readDispute, readRefund } from './refunds-and-disputes.ts';

/** What an object leads to. The claim shows whose it is; the statement names no order yet. */
export type Mapped =
  | { readonly kind: 'statement'; readonly statement: Statement; readonly claim: Claim; readonly partsUnknown: boolean }
  /** The payment intent decides, and it was not expanded. */
  | { readonly kind: 'read_session'; readonly sessionId: string; readonly claim: Claim }
  /** The object only shows that refunds exist. */
  | { readonly kind: 'list_refunds'; readonly of: RefundsOf; readonly claim: Claim }
  | { readonly kind: 'ignored'; readonly because: string }
  | { readonly kind: 'not_understood'; readonly path: string; readonly objectId?: string; readonly type: string; readonly claim: Claim };

/** Maps one object. Never throws: what cannot be read is `not_understood`, with its path. */
export function toObservation(object: unknown, context: ObjectContext, scope: string): Mapped {
  const identity = identityOf(object);
  const claim = claimOf(identity, scope);
  const reading = read(object, identity, context);
  if ('ignored' in reading) return { kind: 'ignored', because: reading.ignored };
  if ('failedAt' in reading) return notUnderstood(identity, claim, reading.failedAt);
  // The ledger would refuse this id, and only a holder of our key can have written it.
  if (claim.orderId !== undefined && !isId(claim.orderId)) return notUnderstood(identity, claim, `metadata.${orderKey}`);
  if ('readSession' in reading) return { kind: 'read_session', sessionId: reading.readSession, claim };
  if ('listRefunds' in reading) return { kind: 'list_refunds', of: reading.listRefunds, claim };
  return { kind: 'statement', statement: toStatement(reading, identity, context), claim, partsUnknown: reading.partsUnknown === true };
}

function notUnderstood({ id, object: type = 'unknown' }: StripeIdentity, claim: Claim, path: string): Mapped {
  return { kind: 'not_understood', path, type, claim, ...defined({ objectId: id }) };
}

function read(object: unknown, identity: StripeIdentity, context: ObjectContext): ObjectReading {
  switch (identity.object) {
    case 'checkout.session':
      return readSession(object, identity);
    case 'payment_intent':
      return readIntent(object);
    case 'refund':
      return readRefund(object, context.livemode);
    case 'dispute':
      return readDispute(object);
    case 'charge':
      return readCharge(object);
    case undefined:
      return { failedAt: 'object' };
    default:
      return { ignored: `a ${identity.object} says nothing of a one-time payment` };
  }
}

function toStatement(reading: PaymentReading, { id = reading.payment }: StripeIdentity, context: ObjectContext): Statement {
  const { payment, aliases, livemode, fact, received } = reading;
  const { account, asOf, eventId, apiVersion } = context;
  const cameAt = isPaid(fact) ? occurredAt(received, payment.startsWith('cs_'), context) : undefined;
  return {
    payment: { provider: 'stripe', account, livemode, id: payment },
    ...defined({ aliases }),
    fact,
    asOf,
    ...(cameAt === undefined || cameAt === asOf ? {} : { occurredAt: cameAt }),
    evidence: { objectId: id, ...defined({ eventId, apiVersion }) },
  };
}

function readSession(object: unknown, { payment_link: link }: StripeIdentity): ObjectReading {
  const parsed = sessionSchema.safeParse(object);
  if (!parsed.success) return { failedAt: failedPath(parsed.error) };
  const session = parsed.data;
  if (session.mode !== 'payment') return { ignored: `a session in ${session.mode} mode is never proof of a one-time payment` };
  const intent = typeof session.payment_intent === 'string' ? undefined : (session.payment_intent ?? undefined);
  if (intent?.status === 'canceled') return ofIntent(intent, { kind: 'attempt', status: 'canceled' }, session);
  if (session.status === 'open') return { ignored: 'an attached checkout that is open is pending' };
  if (session.status === 'expired') {
    // Each visit makes a session, and anybody may visit. The link still accepts a payment, and the stream stays bounded.
    if (link !== undefined) return { ignored: 'a visit to a Payment Link that ended without a payment' };
    return { payment: session.id, livemode: session.livemode, fact: { kind: 'attempt', status: 'expired' } };
  }
  if (session.payment_intent === null) return readWithoutIntent(session);
  if (intent === undefined) return readUnexpanded(session, session.payment_intent);
  return readExpanded(session, intent);
}

/** A 100 % coupon: no intent, charge or balance transaction will ever exist, so the session is the payment. */
function readWithoutIntent(session: StripeSession): ObjectReading {
  if (session.payment_status === 'unpaid') return { failedAt: 'payment_intent' };
  if (session.amount_total !== 0) return { failedAt: session.amount_total === null ? 'amount_total' : 'payment_intent' };
  const amount = amountOf(session, 0, session.currency);
  if (amount === undefined) return { failedAt: 'currency' };
  const { id, livemode } = session;
  return { payment: id, livemode, fact: { kind: 'attempt', status: 'paid', amount }, ...withTime(completedBy(session)) };
}

function readUnexpanded(session: StripeSession, intentId: string | StripeIntent): ObjectReading {
  if (typeof intentId !== 'string' || session.payment_status !== 'paid') return { readSession: session.id };
  if (session.amount_total === null) return { failedAt: 'amount_total' };
  // Paid, so nothing is left to capture: the total was received.
  const amount = amountOf(session, session.amount_total, session.currency);
  if (amount === undefined) return { failedAt: 'currency' };
  return { payment: intentId, aliases: [session.id], livemode: session.livemode, fact: { kind: 'attempt', status: 'paid', amount } };
}

function readExpanded(session: StripeSession, intent: StripeIntent): ObjectReading {
  if (intent.status === 'succeeded') {
    const amount = amountOf(session, intent.amount_received, intent.currency);
    return amount === undefined ? { failedAt: 'currency' } : ofIntent(intent, { kind: 'attempt', status: 'paid', amount }, session);
  }
  // The session has money that its intent has not. Stripe documents no such state, so it is not guessed.
  if (session.payment_status !== 'unpaid') return { failedAt: 'payment_intent.status' };
  switch (intent.status) {
    case 'processing':
      return ofIntent(intent, { kind: 'attempt', status: 'processing' }, session);
    case 'requires_action':
      return ofIntent(intent, { kind: 'attempt', status: 'awaiting_customer' }, session);
    case 'requires_capture':
      return ofIntent(intent, { kind: 'attempt', status: 'authorized' }, session);
    case 'requires_payment_method':
      return ofIntent(intent, { kind: 'attempt', status: 'failed' }, session);
    case 'canceled':
      return ofIntent(intent, { kind: 'attempt', status: 'canceled' }, session);
    case 'requires_confirmation':
      return { failedAt: 'payment_intent.status' }; // A session with this intent is never complete.
  }
}

function readIntent(object: unknown): ObjectReading {
  const parsed = intentSchema.safeParse(object);
  if (!parsed.success) return { failedAt: failedPath(parsed.error) };
  const intent = parsed.data;
  switch (intent.status) {
    case 'succeeded': {
      // Never `amount`: a partial capture receives less, an over-capture more.
      const amount = { totalMinor: intent.amount_received, currency: intent.currency };
      return { ...ofIntent(intent, { kind: 'attempt', status: 'paid', amount }), partsUnknown: true };
    }
    case 'processing':
      return ofIntent(intent, { kind: 'attempt', status: 'processing' });
    case 'requires_capture':
      return ofIntent(intent, { kind: 'attempt', status: 'authorized' });
    case 'canceled':
      return ofIntent(intent, { kind: 'attempt', status: 'canceled' });
    case 'requires_payment_method':
      // Declined, and the customer may try again on the same intent.
      return intent.failed ? ofIntent(intent, { kind: 'attempt', status: 'attempt_failed' }) : { ignored: 'the customer has not paid yet' };
    case 'requires_confirmation':
    case 'requires_action':
      return { ignored: 'the customer has not paid yet' };
  }
}

function ofIntent(intent: StripeIntent, fact: Fact, session?: StripeSession): PaymentReading {
  const { id, livemode } = intent;
  return { payment: id, livemode, fact, ...withTime(receivedWith(intent)), ...(session ? { aliases: [session.id] } : {}) };
}

/** The total is what was received. The parts are the session's, and explain why the total is not the price. */
function amountOf(session: StripeSession, totalMinor: number, currency: string | null): PaidAmount | undefined {
  if (currency === null) return undefined;
  const { amount_subtotal: subtotalMinor, amount_total: askedMinor, total_details: details } = session;
  if (subtotalMinor === null || askedMinor === null || details === null) return { totalMinor, currency };
  const discountMinor = details.amount_discount;
  const shippingMinor = details.amount_shipping ?? 0;
  // Tax that the prices include is in the subtotal already; only tax on top of it is left.
  const addedMinor = askedMinor - (subtotalMinor - discountMinor + shippingMinor);
  const taxMinor = addedMinor >= 0 && addedMinor <= details.amount_tax ? addedMinor : details.amount_tax;
  return { totalMinor, currency, parts: { subtotalMinor, discountMinor, taxMinor, shippingMinor } };
}
