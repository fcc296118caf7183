// Starts a Checkout session for an order. When the caller has the URL, the order and its reference are durable: no
// payment on it can be another app's. A crash before that leaves a session to which nobody was sent.

import { createHash } from 'node:crypto';
import { LedgerError, type Logger, type OrderView, type PaymentLedger, type PlaceOrder, type Runtime } from '@paidonce/ledger';
import { attemptOf, defined, isFinalAttempt } from '@paidonce/ledger/adapter';
import type Stripe from 'stripe';
import { expireKey } from '../intake/sibling-sessions.ts';
import type { WithdrawnCheckouts } from '../intake/withdrawn-checkouts.ts';
import { metadataFor } from '../mapping/claim.ts';
import type { Accounts } from '../stripe/accounts.ts';
import type { StripeCalls } from '../stripe/stripe-calls.ts';
import { isReplayedFailure, withRetries } from '../stripe/stripe-failure.ts';
import { type CheckedStart, type OrderTerms, readStart, type StartCheckout } from './checkout-input.ts';
import type { RefreshSession } from './refresh-session.ts';
import { withSessionId } from './success-url.ts';

/** An open Checkout session. */
export interface StartedCheckout {
  /** `cs_…`, for `status`. */
  readonly sessionId: string;
  /** Send the customer here. */
  readonly url: string;
}

export interface CheckoutParts {
  readonly ledger: PaymentLedger;
  readonly accounts: Accounts;
  readonly refreshSession: RefreshSession;
  readonly withdrawn: WithdrawnCheckouts;
  readonly runtime: Runtime;
  readonly scope: string;
  readonly log: Logger;
}

type Session = Stripe.Checkout.Session;

const retries = 2;
/** More idempotency keys to try if Stripe replays a failure of its own. */
const freshKeys = 3;
/** The order stays open this long after its session ends: the poll may be down that long, and still finds the payment. */
const pollGraceMs = 24 * 3_600_000;
/** How long a recovery link of Stripe lives; it makes a session that nobody attached. */
const recoveryMs = 30 * 24 * 3_600_000;

export class Checkout {
  readonly #parts: CheckoutParts;

  constructor(parts: CheckoutParts) {
    this.#parts = parts;
  }

  /**
   * Places the order, and returns its open session or a new one.
   *
   * @throws LedgerError `invalid_input`: bad input, or the order was placed on other terms. `already_paid`.
   *   `payment_under_way`. `order_withdrawn`. `duplicate_order`. `amount_differs`: Stripe's session costs something else. `provider_unavailable`. A code of the
   *   store.
   */
  async start(input: StartCheckout): Promise<StartedCheckout> {
    const { ledger, accounts, scope } = this.#parts;
    const checked = readStart(input);
    const parameters = parametersFor(checked, scope);
    const account = checked.connectedAccount ?? (await accounts.own());
    const calls = await accounts.calls(account);
    const terms = { ...checked.order, account };
    const known = await ledger.order(terms.orderId);
    if (known) {
      await this.#place({ ...terms, livemode: known.livemode });
      refusePaid(known);
      const open = await this.#openSession(known);
      if (open) return open;
    }
    if (checked.ifDuplicate === 'refuse') await this.#refuseDuplicate(terms);
    const session = await this.#create(calls, parameters, keyFor(terms, parameters, known?.checkouts.length ?? 0, scope));
    try {
      checkSession(session, terms);
      await this.#place({ ...terms, livemode: session.livemode });
    } catch (error) {
      if (error instanceof LedgerError && (error.code === 'invalid_input' || error.code === 'amount_differs'))
        await this.#expire(calls, session.id);
      throw error;
    }
    const started = await this.#attach(terms.orderId, session, terms.account);
    const current = await ledger.order(terms.orderId);
    if (current?.withdrawn) await this.#parts.withdrawn.end(current); // Withdrawn meanwhile, by somebody who did not see this session.
    if (current) refuseWithdrawn(current);
    return started;
  }

  /** The newest of the attached sessions that still accepts a payment. Undefined: none does. */
  async #openSession({ orderId, checkouts }: OrderView): Promise<StartedCheckout | undefined> {
    const { ledger, refreshSession, runtime } = this.#parts;
    const now = runtime.now().getTime();
    const history = await ledger.history(orderId);
    for (const { payment, expiresAt } of checkouts.toReversed()) {
      const isExpired = expiresAt !== undefined && Date.parse(expiresAt) <= now;
      if (isExpired || !payment.id.startsWith('cs_') || isFinalAttempt(attemptOf(history, payment.id))) continue;
      const refreshed = await refreshSession(payment);
      if (refreshed.state === 'open') return { sessionId: payment.id, url: refreshed.url };
      const current = await ledger.order(orderId); // It may have been paid, and no source had reported it.
      if (current) refusePaid(current);
    }
    return undefined;
  }

  /** Uses one idempotency key, so that a lost answer makes no second session. */
  async #create(calls: StripeCalls, parameters: Stripe.Checkout.SessionCreateParams, key: string): Promise<Session> {
    const { runtime } = this.#parts;
    for (let fresh = 0; ; fresh++) {
      try {
        const tried = fresh === 0 ? key : `${key}-${fresh}`;
        const { object } = await withRetries(retries, runtime, () => calls.createSession(parameters, tried));
        return object;
      } catch (error) {
        if (!isReplayedFailure(error) || fresh >= freshKeys) throw error;
      }
    }
  }

  async #place(order: PlaceOrder): Promise<void> {
    const { outcome } = await this.#parts.ledger.placeOrder(order);
    if (outcome !== 'differs') return;
    throw new LedgerError(
      'invalid_input',
      `Order ${order.orderId} was placed on other terms. Use a new orderId, or the terms it was placed on`,
    );
  }

  async #attach(orderId: string, { id, url, livemode, ...session }: Session, account: string): Promise<StartedCheckout> {
    const expiresMs = session.expires_at * 1_000 + pollGraceMs;
    const recoverable = session.after_expiration?.recovery?.enabled === true;
    const until = {
      expiresAt: new Date(expiresMs).toISOString(),
      ...(recoverable ? { recoverableUntil: new Date(expiresMs + recoveryMs).toISOString() } : {}),
    };
    const attached = await this.#parts.ledger.attachCheckout(orderId, { provider: 'stripe', account, livemode, id }, until);
    if (attached.outcome === 'belongs_to' || url === null) {
      throw new LedgerError(
        'invalid_input',
        `Session ${id} was made for order ${orderId}, but another order has it. Use one scope for each shop`,
      );
    }
    return { sessionId: id, url };
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
  async #expire(calls: StripeCalls, sessionId: string): Promise<void> {
    const { scope, log } = this.#parts;
    await calls.expireSession(sessionId, expireKey(scope, sessionId)).catch((error: unknown) => {
      log.warn({ err: error, sessionId }, 'a session to which nobody was sent could not be expired; it ends by itself');
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

function checkSession(
  { id, url, amount_subtotal: subtotal, currency: its }: Session,
  { orderId, amountMinor, currency }: OrderTerms,
): void {
  if (subtotal !== amountMinor || its !== currency) {
    const costs = `costs ${subtotal} ${its} before discounts, tax and shipping`;
    throw new LedgerError(
      'amount_differs',
      `Order ${orderId} is ${amountMinor} ${currency}, but session ${id} ${costs}. Check its line items`,
    );
  }
  if (url === null)
    throw new LedgerError('invalid_input', `Stripe made session ${id} of order ${orderId} without a page. Was it expired by hand?`);
}

function parametersFor({ order, successUrl, cancelUrl, session = {} }: CheckedStart, scope: string): Stripe.Checkout.SessionCreateParams {
  const { orderId, plan, amountMinor, currency } = order;
  const marks = metadataFor(scope, orderId);
  return {
    line_items: [{ quantity: 1, price_data: { currency, unit_amount: amountMinor, product_data: { name: plan } } }],
    ...session,
    mode: 'payment',
    success_url: withSessionId(successUrl),
    ...defined({ cancel_url: cancelUrl }),
    metadata: { ...session.metadata, ...marks },
    payment_intent_data: { ...session.payment_intent_data, metadata: { ...session.payment_intent_data?.metadata, ...marks } },
  };
}

/** The idempotency key, from the log and the terms alone, so that every process and every retry uses the same one. */
function keyFor({ orderId, amountMinor, currency }: OrderTerms, parameters: object, attached: number, scope: string): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([amountMinor, currency, parameters]))
    .digest('hex')
    .slice(0, 32);
  return `${scope}-${orderId}-checkout-${attached}-${hash}`;
}
