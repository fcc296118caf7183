// A second program on the account, with a ledger of its own, our scope and our order numbers. Nothing fails there, and no
// webhook reaches it. The laws of the first ledger forbid that a payment of the second one grants there; here it is checked that
// the second one grants for its own payments alone.
import { createPaymentLedger, type PaymentLedger } from '@paidonce/ledger';
import { openMemoryEventStore } from '@paidonce/ledger/memory';
import type { World } from '@paidonce/ledger/simulation';
import type Stripe from 'stripe';
import { stripePayments } from '../../index.ts';
import type { StripePayments } from '../../stripe-payments.ts';
import type { ShopOrder } from './registry.ts';
import { account, sleep } from './simulated-stripe.ts';

export class OtherLedger {
  readonly #world: World;
  readonly #ledger: PaymentLedger;
  readonly #payments: StripePayments;
  /** Its sessions. Key: the order. */
  readonly #sessions = new Map<string, string>();

  constructor(world: World, stripe: Stripe) {
    this.#world = world;
    const chance = world.random.fork();
    const { scheduler, network } = world;
    const runtime = {
      now: () => world.wallTime(0),
      monotonicNowMs: () => scheduler.nowMs,
      random: () => chance.fraction(),
      uuid: () => chance.uuid(),
      sleep: (ms: number, signal?: AbortSignal) => sleep(world, network, ms, signal),
    };
    this.#ledger = createPaymentLedger({ eventStore: openMemoryEventStore(), background: false, readModels: ':memory:', runtime });
    this.#payments = stripePayments({ ledger: this.#ledger, stripe, webhookSecrets: false, account, poll: false });
  }

  /** Starts a checkout of its own order, which has the number of ours. Undefined: it has sold that before. */
  async start({ orderId, memberId, plan, amountMinor, currency }: ShopOrder): Promise<string | undefined> {
    if (this.#sessions.has(orderId)) return undefined;
    this.#sessions.set(orderId, '');
    const terms = { orderId, memberId, plan, amountMinor, currency, successUrl: 'https://shop.example/done' };
    const { sessionId } = await this.#payments.startCheckout(terms);
    this.#sessions.set(orderId, sessionId);
    return sessionId;
  }

  /** @param isActive whether the payment on this session gives access, by Stripe's state. */
  async audit(isActive: (sessionId: string) => boolean): Promise<void> {
    await this.#payments.sweep();
    for (const [orderId, sessionId] of this.#sessions) {
      const order = await this.#ledger.order(orderId);
      const expected = isActive(sessionId);
      if ((order?.membership === 'active') !== expected || (order?.openReviews.length ?? 0) > 0) {
        const found = `${orderId} is ${order?.membership}, with ${order?.openReviews.length} reviews; its own session ${sessionId}`;
        this.#world.report('two ledgers on one account grant their own orders', `${found} makes it ${expected ? 'active' : 'not active'}`);
      }
    }
  }
}
