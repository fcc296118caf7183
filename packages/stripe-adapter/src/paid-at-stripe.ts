// What an account was paid, as a reconciliation must see it: each charge in the balance, and each session that cost nothing,
// which stands in no balance. Strangers' are told apart, and what cannot be read is named, never passed over.
import { isMarked } from './claim.ts';
import type { Answer, StripeCalls } from './stripe-calls.ts';
import { identityOf, intentSchema, isId, moneySchema, movementSchema, type StripeMoney, sessionSchema } from './stripe-objects.ts';
import { everyObject, type StripeWork } from './stripe-work.ts';

/** A payment in scope, as Stripe has it. */
export interface Paid {
  readonly id: string;
  readonly capturedMinor: number;
  readonly currency: string;
  /** Absent: a session that cost nothing. */
  readonly money?: StripeMoney;
  readonly answer: Pick<Answer, 'asOf' | 'apiVersion'>;
}

export interface PaidSince {
  readonly calls: StripeCalls;
  readonly work: StripeWork;
  readonly since: Date;
  /** An object in scope that nobody can read, by its id. */
  readonly onUnread: (objectId: string) => void;
}

/** A row comes a moment after its payment, and a session is made before it is paid. */
const overlapMs = 24 * 3_600_000;

export async function* paidAtStripe(parts: PaidSince): AsyncGenerator<Paid | 'strange'> {
  yield* chargedAtStripe(parts);
  yield* freeAtStripe(parts);
}

/** Each charge of the balance. */
export async function* chargedAtStripe({ calls, work, since, onUnread }: PaidSince): AsyncGenerator<Paid | 'strange'> {
  const [fromMs, toMs] = [since.getTime(), work.ledger.runtime.now().getTime() + overlapMs];
  const unread = (object: unknown): void => onUnread(nameOf(object));
  for await (const { object, answer } of everyObject((window) => calls.balanceTransactions(window), fromMs, toMs)) {
    const row = movementSchema.safeParse(object);
    if (!row.success) unread(object);
    const { source } = row.data ?? { source: null };
    if (identityOf(source).object !== 'charge') continue; // Fees, payouts; refunds and disputes stand with their charge.
    const money = moneySchema.safeParse(source);
    if (!money.success) {
      if (await isOurs(work, source, identityOf(source).payment_intent ?? '')) unread(source);
      continue;
    }
    // Old integrations make charges without a payment intent. No order of ours does: one that is ours all the same is shown.
    const id = money.data.payment_intent ?? money.data.id;
    const { amount_captured: capturedMinor, currency } = money.data;
    yield (await isOurs(work, source, id)) ? { id, capturedMinor, currency, money: money.data, answer } : 'strange';
  }
}

async function* freeAtStripe({ calls, work, since, onUnread }: PaidSince): AsyncGenerator<Paid | 'strange'> {
  const [fromMs, toMs] = [since.getTime() - overlapMs, work.ledger.runtime.now().getTime() + overlapMs];
  for await (const { object, answer } of everyObject((window) => calls.completeSessions(window), fromMs, toMs)) {
    const session = sessionSchema.safeParse(object);
    if (!session.success && (await isOurs(work, object, identityOf(object).id ?? ''))) onUnread(nameOf(object));
    if (!session.success || session.data.mode !== 'payment') continue;
    const { id, payment_intent: intent, amount_total: total, payment_status: status, currency } = session.data;
    if (intent !== null || total !== 0 || status === 'unpaid') continue;
    yield (await isOurs(work, object, id)) ? { id, capturedMinor: 0, currency: currency ?? '', answer } : 'strange';
  }
}

function nameOf(object: unknown): string {
  return identityOf(object).id ?? 'an object without an id';
}

async function isOurs({ ledger, scope }: StripeWork, object: unknown, paymentId: string): Promise<boolean> {
  return isMarked(identityOf(object), scope) || (isId(paymentId) && (await ledger.orderOf(paymentId)) !== undefined);
}

/** Of one that no list has shown: it may have been paid before the first row. */
export async function isPaid(paymentId: string, calls: StripeCalls): Promise<boolean> {
  if (paymentId.startsWith('cs_')) {
    const session = sessionSchema.safeParse((await calls.session(paymentId))?.object);
    return session.success && session.data.mode === 'payment' && session.data.payment_status !== 'unpaid';
  }
  const intent = intentSchema.safeParse((await calls.intent(paymentId))?.object);
  return intent.success && intent.data.status === 'succeeded';
}
