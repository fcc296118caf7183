// What members, their banks and the shop's staff do, drawn from the seed: they begin, often in two windows, pay, stop paying, pay
// late, change plan and seats, cancel, resume and pause, get money back or fight for it. Most of it happens about the times at which
// something is due, where a mistake would show.
import { LedgerError } from '@paidonce/ledger';
import type { Random, SimulatedProcess, World } from '@paidonce/ledger/simulation';
import type { Fate, FateName } from '@paidonce/sandbox/model';
import { BillingControls } from '@paidonce/sandbox/model';
import Stripe from 'stripe';
import type { Payments } from '../simulation/payments.ts';
import type { SimulatedStripe } from '../simulation/simulated-stripe.ts';
import type { Clubs, Member, Plan, Subscribed } from './clubs.ts';
import type { Coverage } from './coverage.ts';
import type { SubscriptionSimulationOptions } from './options.ts';

export interface MembersParts {
  readonly world: World;
  readonly options: SubscriptionSimulationOptions;
  readonly coverage: Coverage;
  readonly stripe: SimulatedStripe;
  readonly atHand: Stripe;
  readonly processes: readonly SimulatedProcess[];
  readonly payments: Payments;
  readonly clubs: Clubs;
  readonly down: Map<string, number>;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/** Members live for so long. */
export const livesMs: number = 75 * dayMs;
const startTries = 6;

/** How likely each deed is. */
const deeds = {
  declines: 3,
  'pays with a good card': 3,
  'changes plan': 3,
  'changes seats': 2,
  'cancels for later': 2,
  'cancels now': 1,
  resumes: 2,
  pauses: 1,
  'goes on': 1,
  'is refunded': 1.5,
  'is refunded in part': 1,
  disputes: 1.5,
  'dispute is decided': 1.5,
  'gets a credit note': 1,
  'begins again': 2,
} as const;
type Deed = keyof typeof deeds;

export class Members {
  readonly #parts: MembersParts;
  readonly #world: World;
  readonly #random: Random;
  readonly #billing: BillingControls;

  constructor(parts: MembersParts) {
    this.#parts = parts;
    this.#world = parts.world;
    this.#random = parts.world.random.fork();
    this.#billing = new BillingControls(parts.stripe.core);
  }

  /** Plans all that will happen; the scheduler decides when. */
  plan(): void {
    const { options, clubs } = this.#parts;
    for (const member of clubs.members) {
      this.#world.later(this.#random.below(2 * dayMs), `${member.memberId} begins`, () => this.#begin(member));
      for (let deed = this.#random.between(3, 8); deed > 0; deed--) {
        const what = this.#random.weighted(deeds);
        this.#world.later(3 * dayMs + this.#random.below(livesMs - 6 * dayMs), `${member.memberId} ${what}`, () => this.#soon(member, what));
      }
    }
    for (let outage = 0; outage < options.outages; outage++)
      this.#world.later(this.#random.below(livesMs), 'Stripe is down', () => this.#outage());
    this.#nextSweep();
  }

  /** A cron job of the shop. */
  #nextSweep(): void {
    const { scheduler, network } = this.#world;
    scheduler.timer(network, hourMs + this.#random.below(this.#parts.options.sweepHours * hourMs), 'cron sweeps', () => {
      if (this.#world.faultless) return;
      void this.sweep()
        .then(() => this.#settle())
        .then(() => this.#nextSweep());
    });
  }

  async #settle(): Promise<void> {
    for (const process of this.#parts.processes) await process.call('settle', (ledger) => ledger.settle());
  }

  /** True: it ended well. */
  async sweep(): Promise<boolean> {
    const { payments, coverage } = this.#parts;
    const answer = await this.#someProcess()?.call('sweep', (_, by) => payments.of(by).sweep());
    const isOver = typeof answer === 'object' && 'value' in answer;
    coverage.met(isOver ? 'sweep' : answer === 'no answer' ? 'sweep whose process died' : 'sweep that failed');
    return isOver;
  }

  /** A look at one subscription, by hand. */
  async look(subscriptionId: string): Promise<boolean> {
    const { payments } = this.#parts;
    const answer = await this.#someProcess()?.call('recheck', (_, by) =>
      payments.of(by).recheck(subscriptionId, { by: { actor: 'staff', reason: 'simulated' } }).then(() => true, unless('order_unknown', 'invalid_input')),
    );
    return typeof answer === 'object' && 'value' in answer;
  }

  /** Called when a process has read a subscription, and does not have the answer yet. */
  wasRead(path: string): void {
    const id = /^\/v1\/subscriptions\/(sub_\w+)/.exec(path)?.[1];
    if (id === undefined || !this.#world.fault(this.#parts.options.paysBetweenReads)) return;
    const open = this.#parts.clubs.invoicesOf(id).find(({ status }) => status === 'open');
    if (!open) return;
    this.#tolerantly(() => this.#billing.payInvoice(open.id));
    this.#parts.coverage.met('paid between two reads');
  }

  async #outage(): Promise<void> {
    const { down, coverage } = this.#parts;
    down.set('/v1/', 503);
    coverage.met('Stripe was down');
    this.#world.scheduler.timer(this.#world.network, this.#random.between(hourMs, 7 * dayMs), 'Stripe is up', () => down.clear());
  }

  async #begin(member: Member): Promise<void> {
    const windows = this.#random.chance(this.#parts.options.secondCheckout) ? 2 : 1;
    const living = this.#parts.clubs.of(member).some(({ ended_at: end }) => end === null);
    this.#parts.coverage.met(windows === 2 ? 'begins in two windows' : living ? 'begins beside a living one' : 'begins');
    for (let window = 0; window < windows; window++) {
      const plan = this.#random.pick(['silver', 'gold'] as const);
      const subscriptionId = `s${this.#parts.clubs.started.size + 1}`;
      this.#parts.clubs.started.set(subscriptionId, { memberId: member.memberId, plan });
      this.#world.later(this.#random.below(3_000), `${member.memberId} starts ${subscriptionId}`, () => this.#start(member, subscriptionId, plan));
    }
  }

  async #start(member: Member, subscriptionId: string, plan: Plan, tries = startTries): Promise<void> {
    const { payments, coverage } = this.#parts;
    const successUrl = 'https://shop.example/done';
    const order = { subscriptionId, memberId: member.memberId, plan, successUrl, quantity: this.#random.between(1, 3) };
    const answer = await this.#someProcess()?.call('start', (_, by) =>
      payments.of(by).startSubscription(order).catch(unless('already_subscribed', 'invalid_input')),
    );
    if (answer === undefined || answer === 'no answer' || 'refused' in answer) {
      coverage.met('start without an answer');
      if (tries > 1)
        this.#world.later(this.#random.below(hourMs), `${member.memberId} tries again`, () => this.#start(member, subscriptionId, plan, tries - 1));
      return;
    }
    if (answer.value === undefined) return coverage.met('start refused');
    member.sessions.add(answer.value.sessionId);
    coverage.met('page shown');
    for (let visit = 0; visit < 2; visit++) this.#world.later(this.#random.below(20 * minuteMs), 'a page is paid', () => this.#pay(member));
  }

  /** He pays any page that he was ever shown. */
  #pay(member: Member): void {
    const { stripe, clubs, coverage } = this.#parts;
    const fate = this.#fate();
    for (const session of [...member.sessions].toReversed()) {
      const isPaid = this.#tolerantly(() => stripe.controls.pay(session, { fate }));
      coverage.met(isPaid ? 'page paid' : 'page is closed');
    }
    for (const { id } of clubs.of(member)) if (this.#random.chance(0.8)) stripe.controls.setFate(id, this.#fate());
  }

  #fate(): Fate {
    const name = this.#random.weighted<FateName>(this.#parts.options.fates);
    if (this.#random.chance(0.1)) return 'delivered';
    return name === 'late' ? `late:${this.#random.pick([10, 3_600, 90_000])}` : name;
  }

  /** At once, or about the next time at which something is due: the end of the period, its charge, the end of a grace. */
  #soon(member: Member, deed: Deed): void {
    const subscribed = this.#parts.clubs.of(member).at(-1);
    if (!subscribed || this.#random.chance(0.4)) return this.#do(member, deed);
    const dueMs = subscribed.periodEnd * 1_000 + this.#random.pick([0, hourMs, 72 * hourMs, 16 * dayMs]) + this.#random.between(-90_000, 90_000);
    const waitMs = dueMs - this.#world.wallTime(0).getTime();
    if (waitMs < 0 || this.#world.scheduler.nowMs + waitMs > livesMs) return this.#do(member, deed);
    this.#world.later(waitMs, `${member.memberId} ${deed}, in time`, () => this.#do(member, deed));
    if (this.#random.chance(0.5)) this.#lookAbout(subscribed, waitMs);
  }

  #lookAbout({ metadata }: Subscribed, waitMs: number): void {
    const subscriptionId = metadata['paidonce_subscription'] ?? '';
    this.#world.later(Math.max(0, waitMs + this.#random.between(-20_000, 20_000)), `a look at ${subscriptionId}`, async () => {
      await this.look(subscriptionId);
    });
  }

  #do(member: Member, deed: Deed): void {
    const { stripe, clubs, coverage } = this.#parts;
    if (deed === 'begins again') return void this.#begin(member);
    const subscribed = clubs.of(member).at(-1);
    if (!subscribed) return;
    if (this.#random.chance(0.5)) stripe.controls.setFate(subscribed.id, this.#fate());
    if (this.#tolerantly(() => this.#act(subscribed, deed))) coverage.met(deed);
  }

  #act(subscribed: Subscribed, deed: Deed): void {
    const { id, customer, items } = subscribed;
    const { clubs } = this.#parts;
    const item = items[0];
    const change = (form: string): void => void this.#billing.changeSubscription(id, form);
    const at = `items[0][id]=${item?.id}&proration_behavior=${this.#random.pick(['always_invoice', 'create_prorations'])}`;
    // What is charged in a period that was never charged is told as a proration, and whether Stripe credits it is not known.
    if (deed.startsWith('changes') && clubs.invoicesOf(id).at(-1)?.status === 'void') return;
    switch (deed) {
      case 'declines':
        return void this.#billing.changeCard(String(customer), 'charge_fails');
      case 'pays with a good card':
        this.#billing.changeCard(String(customer), 'success');
        for (const invoice of clubs.invoicesOf(id)) if (invoice.status === 'open') this.#billing.payInvoice(invoice.id);
        return;
      case 'changes plan':
        return change(`${at}&items[0][price]=${item?.price.id === clubs.prices.gold ? clubs.prices.silver : clubs.prices.gold}`);
      case 'changes seats':
        return change(`${at}&items[0][quantity]=${this.#random.between(1, 5)}`);
      case 'cancels for later':
        return change('cancel_at_period_end=true');
      case 'resumes':
        return change('cancel_at_period_end=false');
      case 'pauses':
        return change('pause_collection[behavior]=void');
      case 'goes on':
        return change('pause_collection=');
      default:
        return this.#giveBack(subscribed, deed);
    }
  }

  #giveBack({ id }: Subscribed, deed: Deed): void {
    const { clubs, stripe, atHand } = this.#parts;
    const paid = clubs.invoicesOf(id).filter(({ status }) => status === 'paid');
    const invoice = this.#random.chance(0.7) ? paid.at(-1) : paid[0];
    const fate = this.#fate();
    if (deed === 'cancels now') {
      void atHand.subscriptions.cancel(id, { prorate: this.#random.chance(0.5), invoice_now: this.#random.chance(0.5) }).catch(tolerated);
    }
    if (!invoice) return;
    if (deed === 'is refunded') stripe.controls.refund(invoice.id, { fate });
    if (deed === 'is refunded in part') stripe.controls.refund(invoice.id, { fate, amountMinor: 100 });
    if (deed === 'disputes') stripe.controls.dispute(invoice.id, { fate });
    if (deed === 'dispute is decided') {
      const open = [...stripe.core.model.state.disputes.oldestFirst()].find(({ status }) => status === 'needs_response');
      if (open) stripe.controls.updateDispute(open.id, this.#random.pick(['won', 'lost']), fate);
    }
    if (deed === 'gets a credit note') {
      const { total } = stripe.core.model.state.invoices.get(invoice.id)?.invoice ?? { total: 0 };
      void atHand.creditNotes.create({ invoice: invoice.id, amount: total, credit_amount: total }).catch(tolerated);
    }
  }

  /** What Stripe refuses does not happen. */
  #tolerantly(deed: () => unknown): boolean {
    try {
      deed();
      return true;
    } catch (error) {
      if (typeof (error as { readonly status?: unknown }).status === 'number') return false;
      throw error;
    }
  }

  #someProcess(): SimulatedProcess | undefined {
    const running = this.#parts.processes.filter(({ runs }) => runs);
    return running.length === 0 ? undefined : this.#random.pick(running);
  }
}

function tolerated(error: unknown): void {
  if (!(error instanceof Stripe.errors.StripeError)) throw error;
}

function unless(...codes: readonly string[]): (error: unknown) => undefined {
  return (error) => {
    if (error instanceof LedgerError && codes.includes(error.code)) return undefined;
    throw error;
  };
}
