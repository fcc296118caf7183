// The proof that nothing was missed, both ways and on every account: each movement of money and each free session in
// scope against the ledger, and each active membership against Stripe. Reads only; a repair goes through the one write path.
import type { EventStore } from '@paidonce/ledger';
import { activeMemberships, type GrantedPayment } from './granted-payments.ts';
import { type KnownPayment, knownPayment } from './known-payment.ts';
import { readDispute } from './money-back.ts';
import { isPaid, type Paid, paidAtStripe } from './paid-at-stripe.ts';
import type { RefundsOf } from './said.ts';
import type { StripeCalls } from './stripe-calls.ts';
import { isNotAllowed } from './stripe-failure.ts';
import { identityOf, refundSchema, type StripeMoney } from './stripe-objects.ts';
import { type StripeWork, scopeOf } from './stripe-work.ts';

export type MismatchKind = 'paid_without_grant' | 'granted_without_payment' | 'amount_differs' | 'refunded_but_active' | 'dispute_unknown';

export interface Mismatch {
  readonly kind: MismatchKind;
  readonly paymentId: string;
  readonly account: string;
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
  /** The key's own, and those connected to it that have orders here. */
  readonly accounts: readonly string[];
  /** Nothing is proved of these: accounts that our key may not read, and objects in scope that nobody can read. */
  readonly unproved: readonly string[];
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

/** @throws LedgerError where Stripe or the store did not answer: nothing is proved then. */
export async function reconcile(work: StripeWork, store: EventStore, options: ReconcileOptions): Promise<Reconciled> {
  const scope = await scopeOf(work);
  const granted = await activeMemberships(store, scope.livemode, options);
  const atStripe = granted.filter(({ payment }) => payment.provider === 'stripe');
  // A payment on another account than its order's counts where a person said so.
  const accounts = [...new Set([...scope.accounts, ...atStripe.map(({ payment }) => payment.account)])];
  const unproved: string[] = [];
  const sum = { payments: 0, strangers: 0 };
  const mismatches: Mismatch[] = [];
  for (const account of accounts) {
    const comparison = new AccountComparison(
      { account, livemode: scope.livemode, calls: await work.accounts.calls(account) },
      work,
      options,
    );
    try {
      await comparison.compare(atStripe.filter(({ payment }) => payment.account === account));
    } catch (error) {
      if (account === accounts[0] || !isNotAllowed(error)) throw error;
      unproved.push(account);
      continue;
    }
    unproved.push(...comparison.unreadable);
    mismatches.push(...comparison.mismatches);
    sum.payments += comparison.payments;
    sum.strangers += comparison.strangers;
  }
  const counts = { ...sum, memberships: granted.length, manual: granted.length - atStripe.length, calls: work.reads.count };
  return { since: options.since.toISOString(), accounts, unproved, ...counts, mismatches };
}

interface ComparedAccount {
  readonly account: string;
  /** Of the key, where anything depends on it. */
  readonly livemode: boolean | undefined;
  readonly calls: StripeCalls;
}

/** One account, both ways. */
class AccountComparison {
  readonly mismatches: Mismatch[] = [];
  readonly unreadable: string[] = [];
  strangers = 0;
  readonly #seen = new Set<string>();
  readonly #account: string;
  readonly #livemode: boolean | undefined;
  readonly #calls: StripeCalls;
  readonly #work: StripeWork;
  readonly #options: ReconcileOptions;

  constructor(on: ComparedAccount, work: StripeWork, options: ReconcileOptions) {
    this.#account = on.account;
    this.#livemode = on.livemode;
    this.#calls = on.calls;
    this.#work = work;
    this.#options = options;
  }

  get payments(): number {
    return this.#seen.size;
  }

  async compare(granted: readonly GrantedPayment[]): Promise<void> {
    const { repair = false, onProgress } = this.#options;
    const { since } = this.#options;
    const onUnread = (objectId: string): void => void this.unreadable.push(objectId);
    for await (const paid of paidAtStripe({ calls: this.#calls, work: this.#work, since, onUnread })) {
      if (paid === 'strange') this.strangers += 1;
      else if (!this.#seen.has(paid.id)) {
        this.#seen.add(paid.id);
        const mismatch = await this.#judge(paid);
        if (mismatch) this.mismatches.push(repair ? await this.#repaired(mismatch, paid) : mismatch);
      }
      onProgress?.('payments', this.#seen.size + this.strangers);
    }
    for (const { orderId, payment } of granted) {
      if (this.#seen.has(payment.id) || (await isPaid(payment.id, this.#calls))) continue;
      const found = { paymentId: payment.id, account: this.#account, orderId };
      this.mismatches.push({
        kind: 'granted_without_payment',
        ...found,
        stripe: 'it is not paid',
        ledger: `order ${orderId} is an active membership`,
      });
    }
  }

  async #judge({ id: paymentId, capturedMinor, currency, money }: Paid): Promise<Mismatch | undefined> {
    const { ledger } = this.#work;
    const stripe = `paid, ${capturedMinor} ${currency}`;
    const found = { paymentId, account: this.#account, stripe };
    const order = await ledger.orderOf(paymentId);
    if (order === undefined) return { kind: 'paid_without_grant', ...found, ledger: 'no order has it' };
    const { orderId, membership, openReviews } = order;
    const known = knownPayment(await ledger.history(orderId), paymentId);
    const ofOrder = { ...found, orderId };
    if (known.totalsMinor.size === 0) return { kind: 'paid_without_grant', ...ofOrder, ledger: 'nobody has said that it is paid' };
    if (!known.totalsMinor.has(capturedMinor)) {
      return { kind: 'amount_differs', ...ofOrder, ledger: `paid, ${[...known.totalsMinor].join(' or ')}` };
    }
    const undone = money && (await this.#undoneOtherwise(money, known, membership));
    if (undone) return { ...ofOrder, ...undone };
    const isUndone = known.refundedMinor > 0 || known.disputes.size > 0;
    if (membership === 'active' || isUndone) return undefined;
    const waits = openReviews.map(({ kind }) => kind).join(', ');
    return { kind: 'paid_without_grant', ...ofOrder, ledger: `membership ${membership}${waits ? `, under review: ${waits}` : ''}` };
  }

  /** What went back at Stripe, and is not known so: it costs a read where the charge gives a hint of it. */
  async #undoneOtherwise(
    { id, payment_intent: intent, amount_refunded: hintMinor, disputed, currency }: StripeMoney,
    { refundedMinor, disputes }: KnownPayment,
    membership: string,
  ): Promise<Pick<Mismatch, 'kind' | 'stripe' | 'ledger'> | undefined> {
    // The hint counts what is pending, too.
    const backMinor =
      hintMinor === refundedMinor
        ? refundedMinor
        : await this.#refundedMinor(intent === null ? { charge: id } : { payment_intent: intent });
    if (backMinor !== refundedMinor) {
      const kind = backMinor > refundedMinor ? 'refunded_but_active' : 'paid_without_grant';
      return { kind, stripe: `refunded, ${backMinor} ${currency}`, ledger: `${membership}, with ${refundedMinor} refunded` };
    }
    if (!disputed || intent === null) return undefined;
    for (const object of (await this.#calls.disputes(intent)).object.objects) {
      const said = readDispute(object);
      if (!('fact' in said) || said.fact.kind !== 'dispute') {
        this.unreadable.push(identityOf(object).id ?? `a dispute of ${intent}`);
        continue;
      }
      const { id: disputeId, status, movements } = said.fact;
      if (disputes.get(disputeId)?.has(`${status} ${movements}`)) continue;
      return { kind: 'dispute_unknown', stripe: `dispute ${disputeId} is ${status}`, ledger: `${membership}, and nobody has said so` };
    }
    return undefined;
  }

  async #refundedMinor(of: RefundsOf): Promise<number> {
    const { object: page } = await this.#calls.refunds(of);
    return page.objects.reduce<number>((sum, object) => {
      const refund = refundSchema.safeParse(object);
      return refund.success && refund.data.status === 'succeeded' ? sum + refund.data.amount : sum;
    }, 0);
  }

  /** What Stripe says now goes the way of every observation; then it is judged again. */
  async #repaired(mismatch: Mismatch, paid: Paid): Promise<Mismatch> {
    const { intake } = this.#work;
    const { money, answer } = paid;
    const livemode = this.#livemode === undefined ? {} : { livemode: this.#livemode };
    const way = { source: 'poll' as const, account: this.#account, ...livemode, ...answer };
    const type = money === undefined ? 'checkout.session' : money.payment_intent === null ? 'charge' : 'payment_intent';
    await intake.takeById(type, paid.id, way);
    if (money?.payment_intent) {
      const intent = money.payment_intent;
      for (const page of [await this.#calls.refunds({ payment_intent: intent }), await this.#calls.disputes(intent)])
        for (const object of page.object.objects) await intake.take(object, { ...way, asOf: page.asOf });
    }
    return { ...mismatch, repaired: (await this.#judge(paid)) === undefined };
  }
}
