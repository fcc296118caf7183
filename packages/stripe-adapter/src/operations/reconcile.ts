// The proof that nothing was missed, both ways and on every account: each movement of money and each free session in scope
// against the ledger, and each active membership against Stripe. It only reads; a repair goes through the one write path.

import type { EventStore } from '@paidonce/ledger';
import { defined } from '@paidonce/ledger/adapter';
import type { StripeCalls } from '../stripe/stripe-calls.ts';
import { isNotAllowed } from '../stripe/stripe-failure.ts';
import { intentSchema, sessionSchema } from '../stripe/stripe-objects.ts';
import { activeMemberships, type GrantedPayment } from './active-memberships.ts';
import { accountsInScope, type BatchContext } from './batch-context.ts';
import { comparePayment, type Mismatch } from './compare-payment.ts';
import type { SubscriptionMismatch } from './compare-subscription.ts';
import { livingTwice } from './living-twice.ts';
import { subscriptionsInLog } from './log-subscriptions.ts';
import { type ProviderPayment, paidAtStripe } from './provider-payments.ts';
import { SubscriptionComparison, type SubscriptionComparisonOptions } from './reconcile-subscriptions.ts';
import { refreshPayment } from './refresh-payment.ts';

export interface Reconciled {
  readonly since: string;
  /** The key's own first, then those connected to it that have orders here. */
  readonly accounts: readonly string[];
  /** Ids of what nothing is proved of: accounts that our key may not read, and objects in scope that cannot be read. */
  readonly unproved: readonly string[];
  /** Payments at Stripe that are in scope. */
  readonly payments: number;
  /** Active memberships of the ledger. */
  readonly memberships: number;
  /** Memberships granted for money outside Stripe: a person answers for them. */
  readonly manual: number;
  /** Payments of other apps. */
  readonly notOurs: number;
  /** Subscriptions at Stripe that are in scope. */
  readonly subscriptions: number;
  /** Requests sent to Stripe. */
  readonly calls: number;
  readonly mismatches: readonly Mismatch[];
  /** Empty where the ledger keeps no subscriptions. */
  readonly subscriptionMismatches: readonly SubscriptionMismatch[];
}

export interface ReconcileOptions {
  /** Payments since then, and memberships whose payment is not older. */
  readonly since: Date;
  /** True: what Stripe reports goes into the ledger as an observation. Default false. */
  readonly repair?: boolean;
  readonly onProgress?: (what: string, count: number) => void;
}

/** @throws LedgerError `provider_unavailable` or a code of the store: nothing is proved then. */
export async function reconcile(work: BatchContext, store: EventStore, options: ReconcileOptions): Promise<Reconciled> {
  const scope = await accountsInScope(work);
  const granted = await activeMemberships(store, scope.livemode, options);
  const atStripe = granted.filter(({ payment }) => payment.provider === 'stripe');
  // A person may have stated a payment on an account other than its order's.
  const accounts = [...new Set([...scope.accounts, ...atStripe.map(({ payment }) => payment.account)])];
  const unproved: string[] = [];
  const sum = { payments: 0, notOurs: 0, subscriptions: 0 };
  const mismatches: Mismatch[] = [];
  const inLog = await subscriptionsInLog(store, options.onProgress);
  const found: SubscriptionComparison[] = [];
  for (const account of accounts) {
    const comparison = new AccountComparison(account, await work.accounts.calls(account), work, { ...options, inLog });
    try {
      await comparison.compare(atStripe.filter(({ payment }) => payment.account === account));
    } catch (error) {
      if (account === accounts[0] || !isNotAllowed(error)) throw error;
      unproved.push(account);
      continue;
    }
    unproved.push(...comparison.unreadable, ...(comparison.subscriptions?.unreadable ?? []));
    mismatches.push(...comparison.mismatches);
    sum.payments += comparison.payments;
    sum.notOurs += comparison.notOurs;
    sum.subscriptions += comparison.subscriptions?.compared ?? 0;
    if (comparison.subscriptions) found.push(comparison.subscriptions);
  }
  const counts = { ...sum, memberships: granted.length, manual: granted.length - atStripe.length, calls: work.reads.count };
  const living = found.flatMap((each) => each.living);
  const subscriptionMismatches = [...found.flatMap((each) => each.mismatches), ...livingTwice(living, inLog)];
  return { since: options.since.toISOString(), accounts, unproved, ...counts, mismatches, subscriptionMismatches };
}

/** The comparison of one account, both ways. */
class AccountComparison {
  readonly mismatches: Mismatch[] = [];
  readonly unreadable: string[] = [];
  notOurs = 0;
  readonly #compared = new Set<string>();
  readonly #account: string;
  readonly #calls: StripeCalls;
  readonly #work: BatchContext;
  readonly #options: ReconcileOptions;
  /** Undefined: the ledger keeps none. */
  readonly subscriptions: SubscriptionComparison | undefined;

  constructor(
    account: string,
    calls: StripeCalls,
    work: BatchContext,
    options: ReconcileOptions & Pick<SubscriptionComparisonOptions, 'inLog'>,
  ) {
    this.#account = account;
    this.#calls = calls;
    this.#work = work;
    this.#options = options;
    const { repair = false, ...rest } = options;
    this.subscriptions = work.subscriptions && new SubscriptionComparison(account, work, { repair, ...rest });
  }

  get payments(): number {
    return this.#compared.size;
  }

  async compare(granted: readonly GrantedPayment[]): Promise<void> {
    const { repair = false, onProgress } = this.#options;
    await this.subscriptions?.readInvoices();
    for await (const paid of paidAtStripe({
      account: this.#account,
      calls: this.#calls,
      work: this.#work,
      since: this.#options.since,
      onUnread: (objectId) => this.unreadable.push(objectId),
      ...defined({ ofInvoices: this.subscriptions?.payments }),
      onMoneyBack: async (paymentId) => this.subscriptions?.doubtPayment(paymentId),
    })) {
      if (paid === 'not_ours') this.notOurs += 1;
      else if (!this.#compared.has(paid.id)) {
        this.#compared.add(paid.id);
        if (paid.ofSubscription !== undefined && (paid.money?.disputed || (paid.money?.amount_refunded ?? 0) > 0))
          this.subscriptions?.doubt(paid.ofSubscription);
        const mismatch = await comparePayment(paid, this.#calls, this.#work);
        if (mismatch) this.mismatches.push(repair ? await this.#repaired(mismatch, paid) : mismatch);
      }
      onProgress?.('payments', this.#compared.size + this.notOurs);
    }
    await this.subscriptions?.compare();
    for (const { orderId, payment } of granted) {
      if (this.#compared.has(payment.id) || (await this.#isPaid(payment.id))) continue;
      const found = { paymentId: payment.id, account: this.#account, orderId };
      this.mismatches.push({
        kind: 'granted_without_payment',
        ...found,
        stripe: 'it is not paid',
        ledger: `order ${orderId} is an active membership`,
      });
    }
  }

  /** Reads the payment by the path of every observation, then compares again. */
  async #repaired(mismatch: Mismatch, paid: ProviderPayment): Promise<Mismatch> {
    // A refund states no mode of its own.
    const provenance = { source: 'poll' as const, account: this.#account, livemode: paid.livemode, ...paid.answer };
    await refreshPayment(paid.sessionId ?? paid.id, provenance, this.#work);
    return { ...mismatch, repaired: (await comparePayment(paid, this.#calls, this.#work)) === undefined };
  }

  /** Checks a payment that no list has shown: it may have been paid before the first row. */
  async #isPaid(paymentId: string): Promise<boolean> {
    if (paymentId.startsWith('cs_')) {
      const session = sessionSchema.safeParse((await this.#calls.session(paymentId))?.object);
      return session.success && session.data.mode === 'payment' && session.data.payment_status !== 'unpaid';
    }
    const intent = intentSchema.safeParse((await this.#calls.intent(paymentId))?.object);
    return intent.success && intent.data.status === 'succeeded';
  }
}
