// Ends what a withdrawn order could still be paid on: its open sessions are expired, and its bare payment intents canceled.
// What Stripe answers is taken in at once, so that the ledger knows when all are ended. The poll does again what failed.

import { LedgerError, type Logger, type OrderView, type PaymentLedger, type PaymentReference } from '@paidonce/ledger';
import { attemptOf, defined } from '@paidonce/ledger/adapter';
import type { Accounts } from '../stripe/accounts.ts';
import type { Answer, StripeCalls } from '../stripe/stripe-calls.ts';
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

  /** Ends the open checkouts of a withdrawn order, best effort: what fails is left to the poll. @throws LedgerError of the store. */
  async end({ orderId, checkouts }: OrderView): Promise<void> {
    const history = await this.#parts.ledger.history(orderId);
    for (const { payment } of checkouts) {
      // An attempt that was reported is final, or the customer's money is on its way: neither can be ended here.
      const attempt = attemptOf(history, payment.id);
      if (payment.provider === 'stripe' && (attempt === undefined || attempt === 'attempt_failed')) await this.#end(orderId, payment);
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
    const { accounts, intake, log } = this.#parts;
    try {
      const calls = await accounts.calls(account);
      const answer = id.startsWith('cs_')
        ? await this.#expired(calls, id)
        : id.startsWith('pi_')
          ? await this.#canceled(calls, id)
          : undefined;
      if (answer === undefined) return;
      const { object, asOf, apiVersion } = answer;
      await intake.take(object, { account, asOf, ...defined({ apiVersion }), source: 'poll' });
    } catch (error) {
      if (!(error instanceof LedgerError && (error.code === 'provider_unavailable' || error.code === 'invalid_input'))) throw error;
      log.warn({ err: error, orderId, id }, 'a checkout of a withdrawn order could not be ended; the poll tries it again');
    }
  }

  /** Stripe refuses to expire a session that is not open: what became of it then decides. */
  async #expired(calls: StripeCalls, id: string): Promise<Answer | undefined> {
    return unlessRefused(calls.expireSession(id, this.#key('expire', id)), () => calls.session(id));
  }

  async #canceled(calls: StripeCalls, id: string): Promise<Answer | undefined> {
    return unlessRefused(calls.cancelIntent(id, this.#key('cancel', id)), () => calls.intent(id));
  }

  /** A new key for each try: Stripe would repeat its answer to the last one for a day, a failure too. To end twice is harmless. */
  #key(how: 'expire' | 'cancel', id: string): string {
    const { scope, ledger } = this.#parts;
    return `${scope}-${how}-${id}-${ledger.runtime.uuid()}`;
  }
}

async function unlessRefused(change: Promise<Answer>, read: () => Promise<Answer | undefined>): Promise<Answer | undefined> {
  try {
    return await change;
  } catch (error) {
    if (error instanceof LedgerError && error.code === 'invalid_input') return read();
    throw error;
  }
}
