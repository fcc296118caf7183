// What customers, banks, support and other apps do, drawn from the seed: checkouts are started and paid by every method
// that the sandbox knows, payments are refunded and disputed, success pages ask, other apps share the account.
import type { Answer, Random, SimulatedProcess, World } from '@paidonce/ledger/simulation';
import type { CardName, Fate, FateName } from '@paidonce/sandbox/model';
import type Stripe from 'stripe';
import type { StartedCheckout } from '../../checkout/started.ts';
import type { Auditor } from './auditor.ts';
import type { Coverage } from './coverage.ts';
import { OpenEnds } from './open-ends.ts';
import type { StripeSimulationOptions } from './options.ts';
import type { OtherLedger } from './other-ledger.ts';
import type { Payments } from './payments.ts';
import type { Registry, ShopOrder } from './registry.ts';
import { Reversals } from './reversals.ts';
import { account, connectedAccount, type SimulatedStripe, sleep } from './simulated-stripe.ts';

export interface PeopleParts {
  readonly world: World;
  readonly options: StripeSimulationOptions;
  readonly coverage: Coverage;
  readonly stripe: SimulatedStripe;
  /** The client of the dashboard, and of other apps on the same account. */
  readonly atHand: Stripe;
  readonly processes: readonly SimulatedProcess[];
  readonly payments: Payments;
  readonly registry: Registry;
  readonly auditor: Auditor;
  readonly other: OtherLedger;
  readonly down: Map<string, number>;
}

const scope = 'paidonce';
const minuteMs = 60_000;
const startTries = 8;

const parts: readonly string[] = [
  '/v1/refunds',
  '/v1/disputes',
  '/v1/payment_intents',
  '/v1/checkout/sessions',
  '/v1/events',
  '/v1/balance_transactions',
  '/v1/',
];

// biome-ignore format: a table
const cards: Readonly<Record<CardName, number>> = {
  success: 6, declined: 1, insufficient_funds: 0.5, three_d_secure: 1, disputed: 1, inquiry: 0.5, dispute_lost: 0.5, refund_fails: 1,
  refund_pending: 1, processing: 1, processing_fails: 1, returned: 1, voucher: 1, charge_fails: 0,
};

export class People {
  readonly #parts: PeopleParts;
  readonly #world: World;
  readonly #random: Random;
  readonly #reversals: Reversals;

  constructor(parts: PeopleParts) {
    this.#parts = parts;
    this.#world = parts.world;
    this.#random = parts.world.random.fork();
    this.#reversals = new Reversals({
      ...parts,
      random: this.#random,
      fate: () => this.#fate(),
      outage: (part) => this.#outage(part),
    });
  }

  /** Plans all that will happen; the scheduler decides when. */
  async plan(): Promise<void> {
    const { options, registry } = this.#parts;
    for (const order of await this.#drawOrders()) {
      registry.orders.push(order);
      const isConnected = order.account === connectedAccount;
      if (isConnected) this.#parts.coverage.met('order of a connected account');
      const by = this.#random.weighted({ checkout: 7, link: isConnected ? 0 : 1, intent: isConnected ? 0 : 1.5 });
      this.#later(10, `${order.orderId} is bought`, () => {
        if (by === 'link') return this.#paymentLink(order);
        return by === 'intent' ? this.#paymentIntent(order) : this.#buy(order);
      });
      if (by === 'checkout' && this.#random.chance(options.secondCheckout)) {
        this.#later(40, `${order.orderId} is bought in another tab`, () => this.#buy(order, true));
      }
    }
    for (let n = 0; n < options.othersOrders; n++) this.#later(60, 'another ledger sells', () => this.#otherLedger());
    for (let n = 0; n < options.notOurs; n++) this.#later(60, 'another app buys', () => this.#otherApp());
    for (let sweep = 0; sweep < options.cronSweeps; sweep++) this.#later(300, 'cron sweeps', () => this.sweep());
    for (let outage = 0; outage < options.outages; outage++) this.#later(200, 'a part of Stripe is down', () => this.#outage());
    if (options.reliance === 'all') this.#later(200, 'Stripe finds out what it missed', () => this.#reportMissed());
  }

  /** Runs one pass of the poll in a random process. True: it ended well. */
  async sweep(): Promise<boolean> {
    const { coverage, options, payments } = this.#parts;
    const process = this.#someProcess();
    if (!process || options.tiers.length === 0) return false;
    const answer = await process.call('sweep', (_, by) => payments.of(by).sweep({ tiers: options.tiers }));
    if (answer === 'no answer') coverage.met('sweep whose process died');
    else if ('refused' in answer) coverage.met('sweep failed');
    else coverage.met(answer.value.rescued > 0 ? 'sweep: rescued' : 'sweep: nothing to do');
    return hasValue(answer);
  }

  async #drawOrders(): Promise<readonly ShopOrder[]> {
    const { options } = this.#parts;
    const half = await this.#parts.atHand.coupons.create({ percent_off: 20, duration: 'once' });
    const whole = await this.#parts.atHand.coupons.create({ percent_off: 100, duration: 'once' });
    const openEnds = await OpenEnds.open(options.seed, this.#parts.atHand, this.#parts.coverage);
    return Array.from({ length: options.world.orders }, (_, index) => {
      const kind = this.#random.weighted({ plain: 4, discount: 2, free: 1, taxed: 1, manual: 1.5, recoverable: 1 });
      // biome-ignore format: a table
      const session = {
        plain: {},
        discount: { discounts: [{ coupon: half.id }] },
        free: { discounts: [{ coupon: whole.id }] },
        taxed: { automatic_tax: { enabled: true }, shipping_options: [{ shipping_rate_data: { display_name: 'Post', type: 'fixed_amount', fixed_amount: { amount: 70, currency: 'eur' } } }] },
        manual: { payment_intent_data: { capture_method: 'manual' } },
        recoverable: { after_expiration: { recovery: { enabled: true } } },
      }[kind];
      if (kind === 'discount') this.#parts.coverage.met('discount');
      if (kind === 'taxed') this.#parts.coverage.met('tax and shipping');
      const of = kind === 'plain' && options.connect && this.#random.chance(0.7) ? connectedAccount : account;
      // The price with several currencies is on our own account.
      const { more, ...open } = kind === 'plain' && of === account ? openEnds.draw() : { session };
      return {
        orderId: `o${index + 1}`,
        memberId: `m${index + 1}`,
        plan: 'year',
        amountMinor: 1_000,
        currency: 'eur',
        account: of,
        livemode: false,
        allow: { discount: this.#random.chance(0.9), tax: true, shipping: true, ...(more ? { more } : {}) },
        ...open,
      };
    });
  }

  async #buy(order: ShopOrder, isSecond = false): Promise<void> {
    const { registry, auditor, stripe } = this.#parts;
    const started = await this.#start(order);
    if (!started) return;
    const { sessionId } = started;
    registry.madeFor(order.orderId, sessionId);
    auditor.started(order.orderId, sessionId);
    if (registry.session(sessionId)?.status !== 'open') return;
    stripe.controls.setFate(sessionId, this.#fate());
    for (let visits = this.#random.below(4); visits > 0; visits--)
      this.#later(30, `success page of ${order.orderId}`, () => this.#openSuccessPage(sessionId));
    if (order.session['after_expiration'] && this.#random.chance(0.7)) {
      this.#later(30, `${order.orderId} lets it expire`, () => this.#expireAndRecover(order, sessionId));
    } else this.#later(30, `${order.orderId} is paid`, () => this.#pay(order, sessionId, isSecond));
  }

  /** Starts a checkout; the caller tries again until it is answered. */
  async #start({
    session,
    allow,
    orderId,
    memberId,
    plan,
    amountMinor,
    currency,
    account: of,
    ui,
  }: ShopOrder): Promise<Pick<StartedCheckout, 'sessionId'> | undefined> {
    const { coverage, payments, registry } = this.#parts;
    const terms = { orderId, memberId, plan, amountMinor, currency, allow, session };
    const on = of === account ? {} : { connectedAccount: of };
    const page = 'https://shop.example/done';
    for (let attempt = 0; attempt < startTries; attempt++) {
      const answer = await this.#someProcess()?.call<Pick<StartedCheckout, 'sessionId'>>(`checkout of ${orderId}`, (_, by) =>
        ui
          ? payments.of(by).startCheckout({ ...terms, ...on, ui, returnUrl: page })
          : payments.of(by).startCheckout({ ...terms, ...on, successUrl: page }),
      );
      if (answer !== undefined && answer !== 'no answer') {
        if ('value' in answer) {
          if (registry.sessionsOf(orderId).some(({ id }) => id === answer.value.sessionId))
            coverage.met('checkout: the same session again');
          return answer.value;
        }
        if (answer.refused === 'already_paid' || answer.refused === 'payment_under_way') {
          coverage.met(answer.refused === 'already_paid' ? 'checkout: already paid' : 'checkout: a payment is under way');
          return undefined;
        }
      }
      await this.#pause(this.#random.between(1_000, 5 * minuteMs));
    }
    return undefined;
  }

  async #pay(order: ShopOrder, sessionId: string, isSecond: boolean): Promise<void> {
    const { stripe, coverage, registry } = this.#parts;
    await this.#sweepJustBefore();
    if (registry.session(sessionId)?.status !== 'open') return;
    const others = registry.payments(order.orderId).length;
    const isManual = order.session['payment_intent_data'] !== undefined;
    const card = isManual ? 'success' : this.#random.weighted(cards);
    const { outcome } = stripe.controls.pay(sessionId, { ...order.choices, card });
    if (isSecond && others > 0) coverage.met('second checkout paid too');
    if (outcome === 'declined') {
      coverage.met('declined first');
      this.#later(10, `${order.orderId} tries another card`, () => {
        if (registry.session(sessionId)?.status === 'open') stripe.controls.pay(sessionId, { card: 'success' }); // As he chose before.
      });
    } else if (outcome === 'requires_action') {
      coverage.met('3-D Secure');
      this.#later(10, `bank of ${order.orderId}`, () => {
        const intent = String(registry.session(sessionId)?.payment_intent);
        if (stripe.core.accounts.holding(intent).state.challenges.get(intent))
          stripe.controls.authenticate(intent, this.#random.chance(0.8) ? 'succeeded' : 'failed');
      });
    } else if (isManual && registry.session(sessionId)?.payment_intent) {
      this.#later(60, `${order.orderId} is captured`, () => this.#capture(sessionId));
    } else coverage.met(this.#placeOf(card, registry.session(sessionId)));
    this.#undoLater(order, sessionId);
  }

  #placeOf(card: CardName, session: Stripe.Checkout.Session | undefined): Parameters<Coverage['met']>[0] {
    if (session?.amount_total === 0) return 'paid for nothing';
    switch (card) {
      case 'processing':
        return 'debit succeeded';
      case 'processing_fails':
        return 'debit failed';
      case 'returned':
        return 'debit returned';
      case 'voucher':
        return 'voucher paid';
      case 'inquiry':
        return 'inquiry';
      case 'disputed':
        return 'dispute opened';
      case 'dispute_lost':
        return 'dispute lost';
      default:
        return 'paid by card';
    }
  }

  async #capture(sessionId: string): Promise<void> {
    const { atHand, registry, coverage } = this.#parts;
    const intent = String(registry.session(sessionId)?.payment_intent);
    const isPart = this.#random.chance(0.3);
    coverage.met(isPart ? 'authorized, then captured in part' : 'authorized, then captured');
    await atHand.paymentIntents.capture(intent, isPart ? { amount_to_capture: 600 } : {});
  }

  #expireAndRecover(order: ShopOrder, sessionId: string): void {
    const { stripe, registry, coverage } = this.#parts;
    if (registry.session(sessionId)?.status !== 'open') return;
    stripe.controls.expire(sessionId);
    const { id } = stripe.controls.recover(sessionId);
    registry.madeFor(order.orderId, id);
    stripe.controls.setFate(id, this.#fate());
    coverage.met('recovered session');
    this.#later(60, `${order.orderId} is paid after all`, () => this.#pay(order, id, false));
  }

  /** Sells by a Payment Link: one link, one order. What the buyer types names nothing. */
  async #paymentLink(order: ShopOrder): Promise<void> {
    const { atHand, stripe, registry, coverage, options } = this.#parts;
    const { session: _, ui: __, choices: ___, orderId, ...terms } = order;
    // A shop that knows no better marks only the link, or nothing: then only the attached link shows whose a payment is. A
    // refund that is reported before its session is then not ours, and only the money tier reports it again.
    const knowsBest = options.reliance !== 'proof' && options.reliance !== 'all';
    const marks = this.#random.weighted({ both: 4, link: knowsBest ? 0 : 2, none: knowsBest ? 0 : 3 });
    const metadata = await this.#marksFor(orderId);
    if (metadata === undefined) return;
    if (marks === 'none') coverage.met('Payment Link without metadata');
    const price = await atHand.prices.create({ currency: 'eur', unit_amount: order.amountMinor, product_data: { name: 'Year' } });
    const link = await atHand.paymentLinks.create({
      line_items: [{ price: price.id, quantity: 1 }],
      ...(marks === 'none' ? {} : { metadata }),
      ...(marks === 'both' ? { payment_intent_data: { metadata } } : {}),
    });
    const isAttached = await this.#untilDone(`link of ${orderId}`, async (ledger) => {
      await ledger.placeOrder({ ...terms, orderId, allow: terms.allow });
      await ledger.attachCheckout(orderId, { provider: 'stripe', account, livemode: false, id: link.id });
    });
    if (!isAttached) return;
    const visited = stripe.controls.openPaymentLink(link.id, { clientReferenceId: this.#random.pick(registry.orders).orderId });
    registry.madeFor(orderId, visited.id);
    coverage.met('Payment Link with a typed reference');
    stripe.controls.setFate(visited.id, this.#fate());
    this.#later(20, `${orderId} is paid by its link`, () => this.#pay({ ...order, session: {}, choices: {} }, visited.id, false));
  }

  /** The shop makes a payment intent itself. Its metadata names the order, or only the scope: then the later link names the order. */
  async #paymentIntent(order: ShopOrder): Promise<void> {
    const { atHand, registry, coverage } = this.#parts;
    const { session: _, ui: __, choices: ___, orderId, ...terms } = order;
    // The poll reads back to an hour before the first order: nobody pays long before there is one.
    if (!(await this.#untilDone(`place ${orderId}`, (ledger) => ledger.placeOrder({ ...terms, orderId })))) return;
    const isUnnamed = this.#random.chance(0.5);
    const marks = isUnnamed ? { paidonce: scope } : await this.#marksFor(orderId);
    if (marks === undefined) return;
    const metadata = { ...marks, sandbox_fate: this.#fate() };
    // A hotel holds more than it will take: what it does not capture is released.
    const holdsMore = this.#random.chance(0.3);
    const held = holdsMore ? { amount: 3 * order.amountMinor, capture_method: 'manual' as const } : { amount: order.amountMinor };
    const { id } = await atHand.paymentIntents.create({ ...held, currency: 'eur', metadata });
    registry.madeIntentFor(orderId, id);
    coverage.met(isUnnamed ? 'payment intent that names no order' : 'payment intent without a session');
    const reference = { provider: 'stripe', account, livemode: false, id };
    const attach = async () => {
      while (!(await this.#untilDone(`intent of ${orderId}`, (ledger) => ledger.attachCheckout(orderId, reference))));
    };
    if (!isUnnamed) await attach();
    else this.#later(180, `intent of ${orderId} is attached late`, attach);
    this.#later(20, `intent of ${orderId} is paid`, async () => {
      await this.#sweepJustBefore();
      await atHand.paymentIntents.confirm(id, { payment_method: 'pm_card_visa', return_url: 'https://shop.example/' });
      if (!holdsMore) return this.#undoLater(order, id);
      this.#later(60, `a third of ${orderId} is captured`, async () => {
        coverage.met('held more than was captured');
        await atHand.paymentIntents.capture(id, { amount_to_capture: order.amountMinor });
        this.#undoLater(order, id);
      });
    });
  }

  /** One part of the API fails for a while, and the rest goes on; often a pass of the poll runs meanwhile. */
  async #outage(part: string = this.#random.pick(parts)): Promise<void> {
    const { down, coverage } = this.#parts;
    down.set(part, this.#random.pick([500, 500, 503, 429]));
    coverage.met('a part of the API was down');
    const minutes = this.#random.between(1, 30);
    this.#world.later(minutes * minuteMs, 'it is up again', () => void down.delete(part));
    if (this.#parts.options.cronSweeps === 0) return;
    // What failed is further back than lists overlap: only a round that did not end well reads it again.
    if (minutes > 12)
      this.#world.later((minutes - 1) * minuteMs, 'cron sweeps while it is still down', async () => void (await this.sweep()));
    if (this.#random.chance(0.9)) await this.sweep();
  }

  /** Another app on the same account pays; its objects may even name an order of ours. */
  async #otherApp(): Promise<void> {
    const { atHand, stripe, registry, coverage } = this.#parts;
    const named = this.#random.pick(registry.orders).orderId;
    const metadata = this.#random.pick<Record<string, string>>([
      {},
      { paidonce: 'another-shop', paidonce_order: named },
      { paidonce_order: named },
    ]);
    const { id } = await atHand.checkout.sessions.create({
      mode: 'payment',
      line_items: [{ quantity: 1, price_data: { currency: 'eur', unit_amount: 1_000, product_data: { name: 'Strange' } } }],
      success_url: 'https://other-app.example/',
      client_reference_id: named,
      metadata,
      payment_intent_data: { metadata },
    });
    stripe.controls.pay(id, { fate: this.#fate() });
    coverage.met('payment of another app');
    if (this.#random.chance(0.5)) this.#later(60, 'another app is refunded', () => void stripe.controls.refund(id, { fate: this.#fate() }));
  }

  /** A second ledger on the account sells an order that has a number of ours. */
  async #otherLedger(): Promise<void> {
    const { other, stripe, registry, coverage } = this.#parts;
    const order = this.#random.pick(registry.orders);
    const sessionId = await other.start(order);
    if (sessionId === undefined || this.#random.chance(0.2)) return; // Nobody pays: then it must not be granted there.
    stripe.controls.pay(sessionId, { fate: this.#fate() });
    coverage.met('payment of another ledger');
    if (!this.#random.chance(0.4)) return;
    this.#later(60, 'another ledger refunds', () => {
      stripe.controls.refund(sessionId, { fate: this.#fate() });
      coverage.met('refund of another ledger');
    });
  }

  /** What happens right after a pass is what a cursor that runs ahead would miss. */
  async #sweepJustBefore(): Promise<void> {
    if (this.#parts.options.cronSweeps > 0 && this.#random.chance(0.4)) await this.sweep();
  }

  /** Refunds or disputes the payment some time later, in whole or in part, or only seems to. */
  #undoLater({ orderId }: ShopOrder, sessionId: string): void {
    if (!this.#random.chance(this.#parts.options.undone)) return;
    this.#later(180, `money of ${orderId} goes back`, async () => {
      await this.#sweepJustBefore();
      await this.#reversals.undo(orderId, sessionId);
    });
  }

  async #openSuccessPage(sessionId: string): Promise<void> {
    const { coverage, payments } = this.#parts;
    const answer = await this.#someProcess()?.call('status query', (_, by) => payments.of(by).status(sessionId));
    if (answer === undefined || answer === 'no answer' || 'refused' in answer || answer.value === undefined) return;
    const { state, stale } = answer.value;
    if (stale) coverage.met('status: stale');
    else if (state === 'active' || state === 'granting') coverage.met('status: active');
    else if (state === 'pending') coverage.met('status: pending');
  }

  #reportMissed(): void {
    const { stripe, coverage } = this.#parts;
    if (stripe.core.reportMissedEvents() > 0) coverage.met('Stripe says that it missed events');
  }

  /** The metadata that a shop gives what it makes itself. Undefined: no process answered. */
  async #marksFor(orderId: string): Promise<Record<string, string> | undefined> {
    let marks: Record<string, string> | undefined;
    await this.#untilDone(`marks of ${orderId}`, async (_, by) => {
      marks = await this.#parts.payments.of(by).metadataFor(orderId);
    });
    return marks;
  }

  async #untilDone(label: string, work: Parameters<SimulatedProcess['call']>[1]): Promise<boolean> {
    for (let attempt = 0; attempt < startTries; attempt++) {
      const answer = await this.#someProcess()?.call(label, work);
      if (answer !== undefined && hasValue(answer)) return true;
      await this.#pause(this.#random.between(1_000, 5 * minuteMs));
    }
    return false;
  }

  #someProcess(): SimulatedProcess | undefined {
    const running = this.#parts.processes.filter(({ runs }) => runs);
    return running.length === 0 ? undefined : this.#random.pick(running);
  }

  #later(mostMinutes: number, label: string, work: () => unknown): void {
    this.#world.later(this.#random.between(0, mostMinutes * minuteMs), label, async () => void (await work()));
  }

  #pause(ms: number): Promise<void> {
    return sleep(this.#world, this.#world.network, ms);
  }

  #fate(): Fate {
    const name: FateName = this.#random.weighted(this.#parts.options.fates);
    return name === 'late' ? `late:${this.#random.between(1, 7_200)}` : name;
  }
}

export function hasValue<T>(answer: Answer<T>): answer is { readonly value: T } {
  return answer !== 'no answer' && 'value' in answer;
}
