// Starts a payment of an order: a Checkout session, or a bare payment intent. When the caller has its URL or secret, the
// order and the reference are durable: no payment on it can be another app's. A crash before that leaves an object to which
// nobody was sent.

import { LedgerError, type Logger, type OrderView, type PaymentLedger, type PlaceOrder, type Runtime } from '@paidonce/ledger';
import { attemptOf, isFinalAttempt, termsInWords } from '@paidonce/ledger/adapter';
import { endCheckout } from '../intake/end-checkout.ts';
import type { WithdrawnCheckouts } from '../intake/withdrawn-checkouts.ts';
import { metadataFor } from '../mapping/claim.ts';
import type { Accounts } from '../stripe/accounts.ts';
import type { StripeCalls } from '../stripe/stripe-calls.ts';
import { readStart } from './checkout-input.ts';
import { intentParameters, keyFor, sessionParameters } from './checkout-parameters.ts';
import type { CheckedStart, OrderTerms, StartCheckout, StartEmbeddedCheckout, StartPaymentIntent } from './checkout-terms.ts';
import { makeOnce } from './fresh-keys.ts';
import { type Made, madeIntent, madeSession } from './made.ts';
import type { RefreshCheckout } from './refresh-checkout.ts';
import { type Started, startedOf } from './started.ts';

export interface CheckoutParts {
  readonly ledger: PaymentLedger;
  readonly accounts: Accounts;
  readonly refreshCheckout: RefreshCheckout;
  readonly withdrawn: WithdrawnCheckouts;
  readonly runtime: Runtime;
  readonly scope: string;
  readonly log: Logger;
}

export class Checkout {
  readonly #parts: CheckoutParts;

  constructor(parts: CheckoutParts) {
    this.#parts = parts;
  }

  /**
   * Places the order, and returns its open session or intent, or a new one.
   *
   * @throws LedgerError `invalid_input`: bad input, or the order was placed on other terms. `already_paid`.
   *   `payment_under_way`. `order_withdrawn`. `duplicate_order`. `amount_differs`: what Stripe made costs something else.
   *   `provider_unavailable`. A code of the store.
   */
  async start(input: StartCheckout | StartEmbeddedCheckout | StartPaymentIntent): Promise<Started> {
    const { ledger, accounts } = this.#parts;
    const checked = readStart(input);
    const account = checked.connectedAccount ?? (await accounts.own());
    const terms = { ...checked.order, account };
    const known = await ledger.order(terms.orderId);
    if (known) {
      await this.#place({ ...terms, livemode: known.livemode });
      refusePaid(await this.#lookedAt(known));
      const open = await this.#openCheckout(known, checked);
      if (open) return open;
    }
    if (checked.ifDuplicate === 'refuse') await this.#refuseDuplicate(terms);
    const calls = await accounts.calls(account);
    const made = await this.#make(calls, checked, known?.checkouts.length ?? 0);
    let started: Started;
    try {
      started = made.accepted(await made.lines(calls));
      await this.#place({ ...terms, livemode: made.livemode });
    } catch (error) {
      if (error instanceof LedgerError && (error.code === 'invalid_input' || error.code === 'amount_differs'))
        await this.#abandon(calls, made.id);
      throw error;
    }
    await this.#attach(terms.orderId, made, account);
    const current = await ledger.order(terms.orderId);
    if (current?.withdrawn) await this.#parts.withdrawn.end(current); // Withdrawn meanwhile, by somebody who did not see this one.
    if (current) refuseWithdrawn(current);
    // Stripe repeated what it answered to this key before: what was open then may be paid or expired by now. As one that is
    // attached it is read once, like every other.
    if (made.isReplayed) return this.start(input);
    return (current && (await this.#faster(current, known, made.id, checked, calls))) ?? started;
  }

  /** A debit that bounces is not told by every event that a shop takes: where one is under way, the payment is asked. */
  async #lookedAt(order: OrderView): Promise<OrderView> {
    if (order.payment !== 'processing') return order;
    const { ledger, refreshCheckout } = this.#parts;
    for (const { payment } of await this.#unfinished(order)) await refreshCheckout(payment);
    return (await ledger.order(order.orderId)) ?? order;
  }

  /** The checkouts that Stripe can be asked for, and of which nothing final is known. */
  async #unfinished({ orderId, checkouts }: OrderView): Promise<OrderView['checkouts']> {
    const history = await this.#parts.ledger.history(orderId);
    return checkouts.filter(({ payment: { id } }) => /^(?:cs|pi)_/.test(id) && !isFinalAttempt(attemptOf(history, id)));
  }

  /**
   * What somebody else started in the same moment on other parameters, and attached before ours: two that are open could both be paid,
   * so ours is ended, and both go on with that. Undefined: nobody did, or ours is to stay.
   */
  async #faster(
    order: OrderView,
    known: OrderView | undefined,
    ours: string,
    checked: CheckedStart,
    calls: StripeCalls,
  ): Promise<Started | undefined> {
    const ids = order.checkouts.map(({ payment }) => payment.id);
    const faster = order.checkouts.slice(known?.checkouts.length ?? 0, ids.indexOf(ours));
    if (faster.length === 0) return undefined;
    try {
      const open = await this.#openCheckout({ ...order, checkouts: faster }, checked);
      if (open) await this.#abandon(calls, ours);
      return open;
    } catch (error) {
      await this.#abandon(calls, ours);
      throw error;
    }
  }

  /** The first that is attached and still accepts a payment where this customer pays; the others are ended. Undefined: none does. */
  async #openCheckout(order: OrderView, { ui }: CheckedStart): Promise<Started | undefined> {
    const { ledger, accounts, refreshCheckout, runtime } = this.#parts;
    const now = runtime.now().getTime();
    let open: Started | undefined;
    for (const { payment, expiresAt } of await this.#unfinished(order)) {
      // An intent of Stripe's does not expire: its date only ends our own looking.
      if (!payment.id.startsWith('pi_') && expiresAt !== undefined && Date.parse(expiresAt) <= now) continue;
      const found = await refreshCheckout(payment);
      if (found.state === 'open') {
        if (found.ui === ui && open === undefined) {
          open = startedOf(payment.id, found);
          continue;
        }
        // He pays elsewhere now, or two starts made one each. Two that are open could both be paid.
        if (await endCheckout(await accounts.calls(payment.account), payment.id, this.#parts)) continue;
        await refreshCheckout(payment);
      }
      const current = await ledger.order(order.orderId); // It may have been paid, and no source had reported it.
      if (current) refusePaid(current);
    }
    return open;
  }

  /** Uses one idempotency key, so that a lost answer makes no second one. */
  async #make(calls: StripeCalls, checked: CheckedStart, attached: number): Promise<Made> {
    const { ledger, runtime, scope } = this.#parts;
    const marks = metadataFor(scope, checked.order.orderId, await ledger.forAdapters.ensureLedgerId());
    const isIntent = checked.ui === 'intent';
    const [session, intent] = isIntent
      ? [undefined, intentParameters(checked, marks)]
      : [sessionParameters(checked, marks, calls.shopsVersion), undefined];
    const key = keyFor(checked, session ?? intent ?? {}, attached, scope);
    const make = async (tried: string): Promise<Made> => {
      if (intent) return madeIntent(await calls.createIntent(intent, tried), checked, runtime);
      return madeSession(await calls.createSession(session ?? {}, tried), checked);
    };
    return makeOnce(key, runtime, make);
  }

  async #place(order: PlaceOrder): Promise<void> {
    const placed = await this.#parts.ledger.placeOrder(order);
    if (placed.outcome !== 'differs') return;
    const isOfAnotherKey = placed.terms.some(({ term }) => term === 'account' || term === 'livemode');
    throw new LedgerError(
      'invalid_input',
      `Order ${order.orderId} was placed on other terms: ${termsInWords(placed.terms)}. ${
        isOfAnotherKey
          ? 'Use a key of the account and mode that it was placed on, or a new orderId'
          : 'Use a new orderId, or the terms it was placed on'
      }`,
    );
  }

  async #attach(orderId: string, { id, livemode, until }: Made, account: string): Promise<void> {
    const attached = await this.#parts.ledger.attachCheckout(orderId, { provider: 'stripe', account, livemode, id }, until);
    if (attached.outcome !== 'belongs_to') return;
    throw new LedgerError('invalid_input', `${id} was made for order ${orderId}, but another order has it. Use one scope for each shop`);
  }

  /** From a read model, which may lag by a moment; what slips through is told by the alert `same_plan_twice`. */
  async #refuseDuplicate({ orderId, memberId, plan }: OrderTerms): Promise<void> {
    const { ledger } = this.#parts;
    const other = await ledger.forAdapters.samePlanOrder(memberId, plan);
    if (other === undefined || other === orderId) return;
    const membership = (await ledger.order(other))?.membership;
    if (membership !== 'active' && membership !== 'suspended') return;
    throw new LedgerError(
      'duplicate_order',
      `Order ${other} gave member ${memberId} the plan ${plan} a short while ago. Show the member that order; if both are meant, start ${orderId} without ifDuplicate`,
    );
  }

  /** Best effort: nobody was sent to it. */
  async #abandon(calls: StripeCalls, id: string): Promise<void> {
    await endCheckout(calls, id, this.#parts).catch((error: unknown) => {
      this.#parts.log.warn({ err: error, checkoutId: id }, 'what was made for an order, and nobody was sent to, could not be ended');
    });
  }
}

/** Refuses a second payment beside an active membership, or beside a payment under way: it could only be refunded. */
function refusePaid(order: OrderView): void {
  const { orderId, membership, payment } = order;
  if (membership === 'active')
    throw new LedgerError('already_paid', `Order ${orderId} is paid already. Use a new orderId for another purchase`);
  refuseWithdrawn(order);
  if (payment === 'processing' || payment === 'authorized')
    throw new LedgerError(
      'payment_under_way',
      `A payment of order ${orderId} is under way (${payment}), and a debit takes days. Send the customer to its status; once it fails, a new checkout can start`,
    );
}

function refuseWithdrawn({ orderId, withdrawn }: OrderView): void {
  if (withdrawn) throw new LedgerError('order_withdrawn', `Order ${orderId} was withdrawn. Use a new orderId for another purchase`);
}
