// Ends what a withdrawn order could still be paid on: its open sessions are expired, and its bare payment intents canceled.
// What Stripe answers is taken in at once, so that the ledger knows when all are ended. The poll does again what failed.

import {
  LedgerError,
  type Logger,
  type ManualAction,
  type OrderView,
  type PaymentLedger,
  type PaymentReference,
  type Seen,
} from '@paidonce/ledger';
import { attemptOf, defined } from '@paidonce/ledger/adapter';
import type { Accounts } from '../stripe/accounts.ts';
import type { StripeCalls } from '../stripe/stripe-calls.ts';
import type { Answer } from '../stripe/stripe-request.ts';
import { endCheckout } from './end-checkout.ts';
import type { Intake } from './intake.ts';

export interface WithdrawnCheckoutsParts {
  readonly ledger: PaymentLedger;
  readonly accounts: Accounts;
  readonly intake: Intake;
  readonly scope: string;
  readonly log: Logger;
}

export class WithdrawnCheckouts {
  readonly #parts: WithdrawnCheckoutsParts;

  constructor(parts: WithdrawnCheckoutsParts) {
    this.#parts = parts;
  }

  /** As `withdrawOrder` of `stripePayments`. */
  async withdraw(orderId: string, by: ManualAction, seen: Seen): ReturnType<PaymentLedger['withdrawOrder']> {
    const { ledger } = this.#parts;
    const withdrawal = await ledger.withdrawOrder(orderId, by, seen);
    const order = await ledger.order(orderId);
    if (order && withdrawal.outcome !== 'stale') await this.end(order);
    return withdrawal;
  }

  /** Ends the open checkouts of a withdrawn order, best effort: what fails is left to the poll. @throws LedgerError of the store. */
  async end({ orderId, checkouts }: OrderView): Promise<void> {
    const history = await this.#parts.ledger.history(orderId);
    for (const { payment } of checkouts) {
      // An attempt that was reported is final, or the customer's money is on its way: neither can be ended here.
      const attempt = attemptOf(history, payment.id);
      if (isPayable(payment) && (attempt === undefined || attempt === 'attempt_failed')) await this.#end(orderId, payment);
    }
  }

  /** Ends those of all withdrawn orders in these accounts and modes: the key reads no others. @throws as `end`. */
  async endAll(readable: readonly Pick<OrderView, 'account' | 'livemode'>[]): Promise<void> {
    const isOurs = (order: OrderView): boolean =>
      readable.some(({ account, livemode }) => account === order.account && livemode === order.livemode);
    const { ledger } = this.#parts;
    for (let after: string | undefined; ; ) {
      const page = await ledger.forAdapters.withdrawnOrders(defined({ after }));
      for (const order of page.items) if (isOurs(order)) await this.end(order);
      if (page.next === undefined) return;
      after = page.next;
    }
  }

  async #end(orderId: string, { id, account }: PaymentReference): Promise<void> {
    const { accounts, intake, ledger, scope, log } = this.#parts;
    try {
      const calls = await accounts.calls(account);
      // What is not open can no longer be ended: what became of it then decides.
      const answer = (await endCheckout(calls, id, { scope, runtime: ledger.runtime })) ?? (await read(calls, id));
      if (answer === undefined) return;
      const { object, asOf, apiVersion } = answer;
      await intake.take(object, { account, asOf, ...defined({ apiVersion }), source: 'poll' });
    } catch (error) {
      if (!(error instanceof LedgerError && (error.code === 'provider_unavailable' || error.code === 'invalid_input'))) throw error;
      log.warn({ err: error, orderId, id }, 'a checkout of a withdrawn order could not be ended; the poll tries it again');
    }
  }
}

/** A Payment Link is attached too, and is the shop's to end. */
function isPayable({ provider, id }: PaymentReference): boolean {
  return provider === 'stripe' && /^(?:cs|pi)_/.test(id);
}

function read(calls: StripeCalls, id: string): Promise<Answer | undefined> {
  return id.startsWith('pi_') ? calls.intent(id) : calls.session(id);
}
