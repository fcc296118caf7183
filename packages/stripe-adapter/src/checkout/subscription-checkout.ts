// Starts a subscription. A member has one living subscription of a kind, and never two checkouts that could both be paid. The order
// of these steps makes that so:
//   1. Place it, and take the slot of the member and the kind, unless a living one holds it. Where its own first payment is not
//      done, go on with the page on which that was tried, and stop.
//   2. End the sessions of all earlier holders. Where one of them is complete, give the slot back to it, and stop.
//   3. Ask each session of this subscription: go on with the open one, or make one and attach it, and end the others.
//   4. Ask whether it still holds the slot. Where another one has it by now, end the own session, and stop.
// A crash at any point leaves a holder that the next one takes over.

import { LedgerError, type PaymentLedger, type PaymentReference, type Runtime, type SubscriptionView } from '@paidonce/ledger';
import type { Lifecycle, SubscriptionPolicy } from '@paidonce/ledger/adapter';
import { endCheckout } from '../intake/end-checkout.ts';
import type { ProviderClock } from '../intake/provider-clock.ts';
import { subscriptionMetadata } from '../mapping/claim.ts';
import { isEnded } from '../mapping/lifecycle.ts';
import type { Accounts } from '../stripe/accounts.ts';
import type { StripeCalls } from '../stripe/stripe-calls.ts';
import { isMissing } from '../stripe/stripe-failure.ts';
import type { StripePrice } from '../stripe/subscription-objects.ts';
import type { ExpiredSessions } from './expired-sessions.ts';
import { formerCustomer } from './former-customer.ts';
import { makeOnce } from './fresh-keys.ts';
import { openUntil } from './made.ts';
import type { RefreshSubscription } from './refresh-subscription.ts';
import type { StartedSubscription } from './started.ts';
import { readSubscriptionStart, refuseOrderId } from './subscription-input.ts';
import { namesCustomer, startedTerms, subscriptionKeyFor, subscriptionSessionParameters } from './subscription-parameters.ts';
import { SubscriptionPrices } from './subscription-prices.ts';
import type { CheckedSubscription, StartSubscription } from './subscription-terms.ts';

export interface SubscriptionCheckoutParts {
  readonly ledger: PaymentLedger;
  readonly policy: SubscriptionPolicy;
  readonly accounts: Accounts;
  readonly refreshSubscription: RefreshSubscription;
  /** Those that `refreshSubscription` makes no call for. */
  readonly expired: ExpiredSessions;
  /** Stripe's: ours may be wrong, and a session that is open would then be passed over. */
  readonly clock: Pick<ProviderClock, 'now'>;
  readonly runtime: Runtime;
  readonly scope: string;
}

interface Session {
  readonly id: string;
  readonly url: string;
}

export class SubscriptionCheckout {
  readonly #parts: SubscriptionCheckoutParts;
  readonly #prices: SubscriptionPrices;

  constructor(parts: SubscriptionCheckoutParts) {
    this.#parts = parts;
    this.#prices = new SubscriptionPrices(parts.runtime);
  }

  /**
   * @throws LedgerError `invalid_input`: bad input, it was placed on other terms, or it has ended. `already_subscribed`.
   *   `provider_unavailable`. A code of the store.
   */
  async start(input: StartSubscription): Promise<StartedSubscription> {
    const { ledger, policy, accounts } = this.#parts;
    const { subscriptions: slots } = ledger.forAdapters;
    const checked = readSubscriptionStart(input, policy);
    const { subscriptionId } = checked;
    if (await ledger.order(subscriptionId)) refuseOrderId(subscriptionId);
    const account = checked.connectedAccount ?? (await accounts.own());
    const calls = await accounts.calls(account);
    const price = await this.#prices.usable(checked, account, calls.billing, policy);
    // 1
    const begun = await this.#pageOfBegun(await this.#place(checked, price, account), checked);
    if (begun) return { sessionId: begun.id, url: begun.url, subscriptionId };
    const taken = await slots.takeSlot(subscriptionId);
    if (taken.outcome === 'held') throw alreadySubscribed(checked, taken.by);
    // 2
    for (const earlier of taken.earlier) {
      if (!(await this.#livesAfterEnding(earlier))) continue;
      const { outcome } = await slots.giveSlotBack(subscriptionId, earlier);
      if (outcome === 'given') throw alreadySubscribed(checked, earlier);
    }
    // 3
    const former = namesCustomer(checked)
      ? undefined
      : await formerCustomer(ledger, taken.former, { account, ...price, ...checked.session });
    const session = await this.#onlySession(checked, async () => {
      try {
        return await this.#make(checked, price, account, calls, former);
      } catch (error) {
        if (former === undefined || !isMissing(error, 'customer')) throw error;
        return this.#make(checked, price, account, calls); // He was deleted at Stripe.
      }
    });
    // 4
    const holder = await slots.slotHolder(subscriptionId);
    if (holder !== subscriptionId) {
      await endCheckout(calls, session.id, this.#parts);
      throw tookOver(checked, holder);
    }
    return { sessionId: session.id, url: session.url, subscriptionId };
  }

  async #place(start: CheckedSubscription, price: StripePrice, account: string): Promise<SubscriptionView> {
    const { ledger } = this.#parts;
    const { subscriptionId, memberId, plan, kind, session } = start;
    const { livemode } = price;
    const currency = session?.currency ?? price.currency;
    const placed = await ledger.placeSubscription({ subscriptionId, memberId, plan, kind, currency, account, livemode });
    if (placed.outcome === 'differs') {
      const terms = placed.terms.map(({ term, placed: was, given }) => `${term} was ${was} and is ${given}`).join(', ');
      throw new LedgerError(
        'invalid_input',
        `Subscription ${subscriptionId} was placed on other terms: ${terms}. Use a new subscriptionId, or the terms and the key that it was placed on`,
      );
    }
    return this.#view(subscriptionId);
  }

  async #view(subscriptionId: string): Promise<SubscriptionView> {
    const view = await this.#parts.ledger.subscription(subscriptionId);
    if (view) return view;
    throw new LedgerError('subscription_unknown', `Subscription ${subscriptionId} is not placed`);
  }

  /**
   * The page on which its first payment was tried, where that is open, on what the customer wants now. Where it had several, nobody
   * knows on which one that was. Undefined: it has not begun. Until its release of 2025-03-31, in which a shop may ask still, Stripe
   * begins a subscription with the first try to pay, and leaves the page open for another card. None is made beside it: who paid
   * there would begin a second subscription.
   *
   * @throws LedgerError `already_subscribed`. `invalid_input`: it has ended.
   */
  async #pageOfBegun({ subscriptionId, reference, checkouts }: SubscriptionView, start: CheckedSubscription): Promise<Session | undefined> {
    if (reference === undefined) return undefined;
    const [first, ...others] = checkouts;
    if (first && others.length === 0 && (await this.#statusOf(reference)) === 'incomplete') {
      const page = { id: first.payment.id, ...(await this.#parts.refreshSubscription(first.payment)) };
      if (page.state === 'open' && page.terms === startedTerms(start)) return page;
    }
    if (await this.#lives(reference)) throw alreadySubscribed(start, subscriptionId);
    throw new LedgerError('invalid_input', `Subscription ${subscriptionId} has ended. Use a new subscriptionId for the next one`);
  }

  /** Where its end was not told, it lives. */
  async #lives(reference: PaymentReference): Promise<boolean> {
    const status = await this.#statusOf(reference);
    return status === undefined || !isEnded({ status });
  }

  async #statusOf(reference: PaymentReference): Promise<Lifecycle['status'] | undefined> {
    return (await this.#parts.ledger.forAdapters.subscriptions.known(reference))?.lifecycle?.status;
  }

  /**
   * Whether an earlier holder has begun in the meantime; else nobody can begin it any more. A session whose time is over is only asked,
   * since it may have been paid while every event of it was lost.
   */
  async #livesAfterEnding(subscriptionId: string): Promise<boolean> {
    const { refreshSubscription } = this.#parts;
    for (const { payment, expiresAt } of (await this.#view(subscriptionId)).checkouts) {
      const isComplete = this.#isOver(expiresAt)
        ? (await refreshSubscription(payment)).state === 'complete'
        : await this.#isCompleteAfterEnding(payment);
      if (isComplete && (await this.#lives(payment))) return true;
    }
    return false;
  }

  /** Ends the session. True: its customer was faster; what it led to is recorded then. */
  async #isCompleteAfterEnding(session: PaymentReference): Promise<boolean> {
    const { accounts, refreshSubscription, expired } = this.#parts;
    if (expired.has(session.id)) return false;
    const ended = await endCheckout(await accounts.calls(session.account), session.id, this.#parts);
    expired.note(ended?.object);
    if (ended) return false;
    const { state } = await refreshSubscription(session);
    if (state !== 'open') return state === 'complete';
    throw new LedgerError('provider_unavailable', `Stripe does not end session ${session.id}, which is open. Try again`);
  }

  /** With a day of grace, so that no session is passed over that a customer is on. */
  #isOver(expiresAt: string | undefined): boolean {
    const { now } = this.#parts.clock;
    return expiresAt !== undefined && now !== undefined && Date.parse(expiresAt) <= now.getTime();
  }

  /**
   * The one session of the subscription that can still be paid: the first that is open on what the customer wants now, else the one that
   * is made. Each other one is asked once, also one that somebody attaches meanwhile, and ended. Two who start in the same moment go on
   * with the session that was attached first: so neither ends that of the other.
   *
   * @throws LedgerError `already_subscribed`: one is complete.
   */
  async #onlySession(start: CheckedSubscription, make: () => Promise<Session | undefined>): Promise<Session> {
    const asked = new Set<string>();
    let only: Session | undefined;
    for (;;) {
      const { checkouts } = await this.#view(start.subscriptionId);
      const placeOf = (session: string): number => checkouts.findIndex(({ payment: { id } }) => id === session);
      const unasked = checkouts.filter(({ payment: { id } }) => id !== only?.id && !asked.has(id));
      if (unasked.length === 0 && only !== undefined) return only;
      if (unasked.length === 0) only = await make();
      for (const { payment, expiresAt } of unasked) {
        asked.add(payment.id);
        const found = await this.#parts.refreshSubscription(payment);
        const isWanted = found.state === 'open' && !this.#isOver(expiresAt) && found.terms === startedTerms(start);
        if (isWanted && (only === undefined || placeOf(payment.id) < placeOf(only.id))) {
          if (only !== undefined) {
            asked.add(only.id);
            await endCheckout(await this.#parts.accounts.calls(payment.account), only.id, this.#parts);
          }
          only = { id: payment.id, url: found.url };
        } else if (found.state === 'complete' || (found.state === 'open' && (await this.#isCompleteAfterEnding(payment)))) {
          if (only !== undefined) await endCheckout(await this.#parts.accounts.calls(payment.account), only.id, this.#parts);
          throw alreadySubscribed(start, start.subscriptionId);
        }
      }
    }
  }

  /**
   * Undefined: Stripe repeated what it answered to this key before, and what was open then may be complete or expired by now. Attached,
   * it is asked.
   */
  async #make(
    start: CheckedSubscription,
    price: StripePrice,
    account: string,
    calls: StripeCalls,
    former?: string,
  ): Promise<Session | undefined> {
    const { ledger, runtime, scope } = this.#parts;
    const { subscriptionId } = start;
    const { checkouts } = await this.#view(subscriptionId);
    const marks = subscriptionMetadata(scope, subscriptionId, await ledger.forAdapters.ensureLedgerId());
    const parameters = subscriptionSessionParameters(start, price, marks, former);
    const key = subscriptionKeyFor(start, parameters, checkouts.length, scope);
    const { object: made, isReplayed } = await makeOnce(key, runtime, (tried) => calls.createSession(parameters, tried));
    const { id, url, livemode } = made;
    const reference = { provider: 'stripe', account, livemode, id };
    const attached = await ledger.attachSubscription(subscriptionId, reference, { expiresAt: openUntil(made).expiresAt });
    if (attached.outcome === 'belongs_to') {
      throw new LedgerError(
        'invalid_input',
        `${id} was made for subscription ${subscriptionId}, but ${attached.subscriptionId} has it. Use one scope for each shop`,
      );
    }
    if (isReplayed) return undefined;
    if (url !== null) return { id, url };
    throw new LedgerError('invalid_input', `Stripe made session ${id} of subscription ${subscriptionId} without a page`);
  }
}

function alreadySubscribed({ memberId, kind = 'membership' }: Pick<StartSubscription, 'memberId' | 'kind'>, holder: string): LedgerError {
  return new LedgerError(
    'already_subscribed',
    `Member ${memberId} has the subscription ${holder} (kind ${kind}). Send him to its portal: portalUrl('${holder}', …). If its first payment was declined, start ${holder} again, on its own terms: that answers its page while it is open`,
  );
}

/** The other one may not be paid yet, and has no portal then. */
function tookOver({ memberId, kind }: CheckedSubscription, holder: string | undefined): LedgerError {
  return new LedgerError(
    'already_subscribed',
    `The checkout of subscription ${holder} of member ${memberId} took over while this one was made (kind ${kind}). Let him finish that one`,
  );
}
