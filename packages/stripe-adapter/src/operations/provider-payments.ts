// What was paid at Stripe on one account, in scope: each charge in its balance, and each session that cost nothing.

import { isId } from '@paidonce/ledger/adapter';
import { findOrder } from '../intake/ownership.ts';
import { moneySchema, movementSchema, type StripeMoney } from '../stripe/money-objects.ts';
import type { StripeCalls } from '../stripe/stripe-calls.ts';
import { identityOf, sessionSchema } from '../stripe/stripe-objects.ts';
import type { Answer } from '../stripe/stripe-request.ts';
import { type BatchContext, everyObject } from './batch-context.ts';

/** A payment in scope, as Stripe has it. */
export interface ProviderPayment {
  readonly id: string;
  readonly account: string;
  /** Set if only the session shows that the payment is ours. */
  readonly sessionId?: string;
  /** In the currency's minor unit. */
  readonly capturedMinor: number;
  readonly currency: string;
  readonly livemode: boolean;
  /** The charge. Absent: a session that cost nothing. */
  readonly money?: StripeMoney;
  readonly answer: Pick<Answer, 'asOf' | 'apiVersion'>;
  /** The subscription that it paid for, in the ledger: its invoice is compared, and no order has it. */
  readonly ofSubscription?: string;
}

export interface PaidSince {
  readonly account: string;
  readonly calls: StripeCalls;
  readonly work: BatchContext;
  readonly since: Date;
  /** Called with the id of an object in scope that cannot be read. */
  readonly onUnread: (objectId: string) => void;
  /** Payments of invoices that nobody has linked yet, and their subscription. Default: none. */
  readonly ofInvoices?: ReadonlyMap<string, string>;
  /** Called with the payment of each refund and dispute that moved money since, however old the payment is. Default: nobody asks. */
  readonly onMoneyBack?: (paymentId: string) => Promise<void>;
}

/** A row is created a moment after its payment, and a session before it is paid. */
const overlapMs = 24 * 3_600_000;

/** Each payment in scope, and `not_ours` for each of another app. @throws LedgerError `provider_unavailable`, or a code of the store. */
export async function* paidAtStripe(parts: PaidSince): AsyncGenerator<ProviderPayment | 'not_ours'> {
  const { account, calls, work, since, onUnread } = parts;
  const { ledger, ourLedger } = work;
  /** Payments that only their session shows as ours (on a Payment Link, by a recovery link). Value: that session. */
  const sessions = new Map<string, string>();
  const toMs = ledger.runtime.now().getTime() + overlapMs;
  for await (const { object, answer } of everyObject((window) => calls.completeSessions(window), since.getTime() - overlapMs, toMs)) {
    const session = sessionSchema.safeParse(object);
    const claim = await ourLedger.claimOf(identityOf(object));
    const isOurs = claim.hasOurScope || (await findOrder(claim, ledger)) !== undefined;
    if (!session.success && isOurs) onUnread(nameOf(object));
    if (!session.success || session.data.mode !== 'payment') continue;
    const { id, payment_intent: intent, amount_total: total, payment_status: status, currency, livemode } = session.data;
    if (intent !== null) {
      if (isOurs) sessions.set(typeof intent === 'string' ? intent : intent.id, id);
    } else if (total === 0 && status !== 'unpaid') {
      // What cost nothing is in no balance.
      yield isOurs ? { id, account, capturedMinor: 0, currency: currency ?? '', livemode, answer } : 'not_ours';
    }
  }
  yield* chargedAtStripe(parts, sessions);
}

/**
 * As `paidAtStripe`, from the balance alone.
 *
 * @param sessions by payment intent, for payments that only the session shows as ours.
 */
export async function* chargedAtStripe(
  { account, calls, work, since, onUnread, ofInvoices, onMoneyBack }: PaidSince,
  sessions: ReadonlyMap<string, string> = new Map(),
): AsyncGenerator<ProviderPayment | 'not_ours'> {
  const toMs = work.ledger.runtime.now().getTime() + overlapMs;
  for await (const { object, answer } of everyObject((window) => calls.balanceTransactions(window), since.getTime(), toMs)) {
    const row = movementSchema.safeParse(object);
    if (!row.success) onUnread(nameOf(object));
    const { source } = row.data ?? { source: null };
    const { object: kind, payment_intent: intent } = identityOf(source);
    if ((kind === 'refund' || kind === 'dispute') && intent !== undefined && isId(intent)) await onMoneyBack?.(intent);
    if (kind !== 'charge') continue; // Fees, payouts; refunds and disputes are on their charge.
    const money = moneySchema.safeParse(source);
    if (!money.success) {
      if (await isOurs(source, identityOf(source).payment_intent ?? '', work)) onUnread(nameOf(source));
      continue;
    }
    if (money.data.status !== 'succeeded') continue; // A debit has its row while it is under way, and keeps it if the bank refuses.
    // Old integrations make charges without a payment intent. No order of ours does; one with our mark is still reported.
    const id = money.data.payment_intent ?? money.data.id;
    const { amount_captured: capturedMinor, currency, livemode } = money.data;
    const sessionId = sessions.get(id);
    const paid = { id, account, capturedMinor, currency, livemode, money: money.data, answer };
    const ofSubscription = ofInvoices?.get(id) ?? (isId(id) ? await work.ledger.forAdapters.subscriptions.ownerOf(id) : undefined);
    if (ofSubscription !== undefined) yield { ...paid, ofSubscription };
    else if (sessionId !== undefined) yield { ...paid, sessionId };
    else yield (await isOurs(source, id, work)) ? paid : 'not_ours';
  }
}

async function isOurs(charge: unknown, paymentId: string, { ledger, ourLedger }: BatchContext): Promise<boolean> {
  return (await ourLedger.made(identityOf(charge))) || (isId(paymentId) && (await ledger.orderOf(paymentId)) !== undefined);
}

function nameOf(object: unknown): string {
  return identityOf(object).id ?? 'an object without an id';
}
