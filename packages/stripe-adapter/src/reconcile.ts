// The proof that nothing was missed, both ways: every movement of money and every free session in scope against the
// ledger, and every active membership of the ledger against Stripe. Reads only; a repair goes through the one write path.
import { type EventStore, type PaymentReference, readOrderEvent } from '@paidonce/ledger';
import { claimOf, isMarked } from './claim.ts';
import { judge } from './judge-payment.ts';
import { keyMode } from './key-mode.ts';
import type { Answer, StripeCalls } from './stripe-calls.ts';
import { isNotAllowed } from './stripe-failure.ts';
import { identityOf, intentSchema, moneySchema, movementSchema, type StripeMoney, sessionSchema } from './stripe-objects.ts';
import { everyObject, type StripeWork } from './stripe-work.ts';
import { orderOfClaim } from './what-is-ours.ts';
import { takeWholePayment } from './whole-payment.ts';

export type MismatchKind = 'paid_without_grant' | 'granted_without_payment' | 'amount_differs' | 'refunded_but_active';

export interface Mismatch {
  readonly kind: MismatchKind;
  readonly paymentId: string;
  /** Absent: the ledger has no order for it. */
  readonly orderId?: string;
  /** What Stripe says, and what the ledger says. */
  readonly stripe: string;
  readonly ledger: string;
  /** Looked at again after a repair: gone, or still there. Absent: nobody asked for a repair, or only a person can. */
  readonly repaired?: boolean;
}

export interface Reconciled {
  readonly since: string;
  /** The key's own, and the connected ones that have orders. */
  readonly accounts: readonly string[];
  /** Have orders too, and our key may not read them: nothing is proved of these. */
  readonly unread: readonly string[];
  /** In scope: payments at Stripe, and active memberships of the ledger. */
  readonly payments: number;
  readonly memberships: number;
  /** Memberships that rest on money which Stripe never saw: a person answers for them. */
  readonly manual: number;
  readonly strangers: number;
  readonly calls: number;
  readonly mismatches: readonly Mismatch[];
}

export interface ReconcileOptions {
  readonly since: Date;
  readonly repair?: boolean;
  readonly onProgress?: (what: string, count: number) => void;
}

/** A payment in scope, as Stripe has it. */
export interface Paid {
  readonly id: string;
  readonly sessionId?: string;
  readonly capturedMinor: number;
  readonly currency: string;
  readonly livemode: boolean;
  /** Absent: a session that cost nothing. */
  readonly money?: StripeMoney;
  readonly answer: Pick<Answer, 'asOf' | 'apiVersion'>;
}

/** A row comes a moment after its payment, and a session is made before it is paid. */
const overlapMs = 24 * 3_600_000;

/** @throws LedgerError where Stripe or the store did not answer: nothing is proved then. */
export async function reconcile(work: StripeWork, store: EventStore, options: ReconcileOptions): Promise<Reconciled> {
  const { accounts, reads } = work;
  const own = await accounts.own();
  const orders = await work.ledger.accountOrders();
  const livemode = await keyMode(orders, accounts);
  const connected = orders.filter((of) => of.livemode === livemode && of.account.startsWith('acct_') && of.account !== own);
  const found: Found = { payments: 0, memberships: 0, manual: 0, strangers: 0, mismatches: [] };
  const granted = await grantedInLedger(store, livemode, options);
  const [looked, unread]: [string[], string[]] = [[], []];
  for (const account of [own, ...connected.map((of) => of.account)]) {
    try {
      await reconcileAccount(account, granted, found, work, options);
      looked.push(account);
    } catch (error) {
      if (!isNotAllowed(error) || account === own) throw error;
      unread.push(account);
    }
  }
  return { since: options.since.toISOString(), accounts: looked, unread, ...found, calls: reads.count };
}

type Found = { -readonly [Name in 'payments' | 'memberships' | 'manual' | 'strangers']: number } & { readonly mismatches: Mismatch[] };

async function reconcileAccount(
  account: string,
  granted: readonly Granted[],
  found: Found,
  work: StripeWork,
  options: ReconcileOptions,
): Promise<void> {
  const calls = await work.accounts.calls(account);
  const { mismatches } = found;
  const seen = new Set<string>();
  for await (const paid of paidAtStripe(calls, work, options)) {
    if (paid === 'strange') found.strangers += 1;
    else if (!seen.has(paid.id)) {
      seen.add(paid.id);
      found.payments += 1;
      const mismatch = await judge(paid, calls, work);
      if (mismatch) mismatches.push(options.repair === true ? await repaired(mismatch, paid, account, calls, work) : mismatch);
    }
    options.onProgress?.('payments', found.payments + found.strangers);
  }
  for (const { orderId, payment } of granted.filter((each) => each.payment.account === account)) {
    found.memberships += 1;
    const { id: paymentId, provider } = payment;
    if (provider !== 'stripe') found.manual += 1;
    else if (!seen.has(paymentId) && !(await isPaid(paymentId, calls))) {
      const ledger = `order ${orderId} is an active membership`;
      mismatches.push({ kind: 'granted_without_payment', paymentId, orderId, stripe: 'it is not paid', ledger });
    }
  }
}

async function* paidAtStripe(calls: StripeCalls, work: StripeWork, { since }: ReconcileOptions): AsyncGenerator<Paid | 'strange'> {
  const { ledger, scope } = work;
  const fromMs = since.getTime();
  const toMs = ledger.runtime.now().getTime() + overlapMs;
  /** Payments that only their session names as ours (on a Payment Link, by a recovery link), and that session. */
  const sessions = new Map<string, string>();
  for await (const { object, answer } of everyObject((window) => calls.completeSessions(window), fromMs - overlapMs, toMs)) {
    const session = sessionSchema.safeParse(object);
    if (!session.success || session.data.mode !== 'payment') continue;
    const { id, payment_intent: intent, amount_total: total, payment_status: status, currency, livemode } = session.data;
    const claim = claimOf(identityOf(object), scope);
    const isOurs = claim.marked || (await orderOfClaim(claim, ledger)) !== undefined;
    if (intent !== null) {
      if (isOurs) sessions.set(typeof intent === 'string' ? intent : intent.id, id);
    } else if (total === 0 && status !== 'unpaid') {
      // What cost nothing stands in no balance.
      yield isOurs ? { id, capturedMinor: 0, currency: currency ?? '', livemode, answer } : 'strange';
    }
  }
  for await (const { object, answer } of everyObject((window) => calls.balanceTransactions(window), fromMs, toMs)) {
    const row = movementSchema.safeParse(object);
    const source = row.success ? row.data.source : null;
    const money = identityOf(source).object === 'charge' ? moneySchema.safeParse(source) : undefined;
    // A debit has its row while it is under way, and keeps it where the bank refuses.
    if (money?.success !== true || money.data.payment_intent === null || money.data.status !== 'succeeded') continue;
    const { payment_intent: id, amount_captured: capturedMinor, currency, livemode } = money.data;
    const sessionId = sessions.get(id);
    const isOurs = sessionId !== undefined || isMarked(identityOf(source), scope) || (await ledger.orderOf(id)) !== undefined;
    const paid = { id, capturedMinor, currency, livemode, money: money.data, answer };
    yield isOurs ? { ...paid, ...(sessionId === undefined ? {} : { sessionId }) } : 'strange';
  }
}

/** What Stripe says now goes the way of every observation; then it is judged again. */
async function repaired(mismatch: Mismatch, paid: Paid, account: string, calls: StripeCalls, work: StripeWork): Promise<Mismatch> {
  // A refund tells no mode of its own.
  const way = { source: 'poll' as const, account, livemode: paid.livemode, ...paid.answer };
  await takeWholePayment(paid.sessionId ?? paid.id, way, work);
  return { ...mismatch, repaired: (await judge(paid, calls, work)) === undefined };
}

interface Granted {
  readonly orderId: string;
  readonly payment: PaymentReference;
}

/** Memberships that are active now, and rest on a payment since then, in the mode of our key. */
async function grantedInLedger(
  store: EventStore,
  livemode: boolean | undefined,
  { since, onProgress }: ReconcileOptions,
): Promise<readonly Granted[]> {
  const active = new Map<string, Granted>();
  let events = 0;
  for await (const page of store.readLog({ prefixes: ['order-'] })) {
    for (const stored of page.events) {
      const event = readOrderEvent(stored);
      if (event.type === 'MembershipSuspended' || event.type === 'MembershipRevoked') active.delete(event.data.membershipId);
      if (event.type !== 'MembershipGranted' && event.type !== 'MembershipRestored') continue;
      const { membershipId: orderId, payment, paidAt } = event.data;
      if (paidAt >= since.toISOString() && payment.livemode === livemode) active.set(orderId, { orderId, payment });
    }
    events += page.events.length;
    onProgress?.('events of the ledger', events);
  }
  return [...active.values()];
}

/** Of one that no list has shown: it may have been paid before the first row. */
async function isPaid(paymentId: string, calls: StripeCalls): Promise<boolean> {
  if (paymentId.startsWith('cs_')) {
    const session = sessionSchema.safeParse((await calls.session(paymentId))?.object);
    return session.success && session.data.mode === 'payment' && session.data.payment_status !== 'unpaid';
  }
  const intent = intentSchema.safeParse((await calls.intent(paymentId))?.object);
  return intent.success && intent.data.status === 'succeeded';
}
