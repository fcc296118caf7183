// What members, their banks and the shop's staff do, drawn from the seed: they begin, often in two windows, pay, stop paying, pay
// late, change plan and seats, cancel, resume and pause, get money back or fight for it. Most of it happens about the times at which
// something is due, where a mistake would show.
import { LedgerError } from '@paidonce/ledger';
import type { Random, SimulatedProcess, World } from '@paidonce/ledger/simulation';
import type { Fate, FateName } from '@paidonce/sandbox/model';
import type Stripe from 'stripe';
import type { Payments } from '../simulation/payments.ts';
import type { SimulatedStripe } from '../simulation/simulated-stripe.ts';
import type { Auditor } from './auditor.ts';
import type { Clubs, Member, Plan, Subscribed } from './clubs.ts';
import type { Coverage } from './coverage.ts';
import { Deeds, deeds, tolerantly } from './deeds.ts';
import { drawOffer, type Offer } from './offers.ts';
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
  readonly auditor: Auditor;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/** Members live for so long. */
export const livesMs: number = 55 * dayMs;
const startTries = 6;

const likely = { ...deeds, 'begins again': 2 } as const;

export class Members {
  readonly #parts: MembersParts;
  readonly #world: World;
  readonly #random: Random;
  readonly #deeds: Deeds;

  constructor(parts: MembersParts) {
    this.#parts = parts;
    this.#world = parts.world;
    this.#random = parts.world.random.fork();
    this.#deeds = new Deeds({ ...parts, random: this.#random, fate: () => this.#fate(), nowMs: () => this.#world.scheduler.nowMs });
  }

  /** Plans all that will happen; the scheduler decides when. */
  plan(): void {
    const { options, clubs } = this.#parts;
    for (const member of clubs.members) {
      this.#world.later(this.#random.below(2 * dayMs), `${member.memberId} begins`, () => this.#begin(member));
      for (let deed = this.#random.between(4, 9); deed > 0; deed--) {
        const what = this.#random.weighted(likely);
        this.#world.later(3 * dayMs + this.#random.below(livesMs - 6 * dayMs), `${member.memberId} ${what}`, () =>
          this.#soon(member, what),
        );
      }
    }
    for (let look = 0; look < 4 * clubs.members.length; look++) {
      this.#world.later(this.#random.below(livesMs), 'staff look at a subscription', async () => {
        const ids = [...clubs.started.keys()];
        if (ids.length > 0) await this.look(this.#random.pick(ids));
      });
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
    const { payments, auditor, coverage, clubs } = this.#parts;
    const id = clubs.begun(subscriptionId);
    const since = this.#world.providerTime();
    const before = id && JSON.stringify(await auditor.readAt(id));
    const answer = await this.#someProcess()?.call('recheck', (_, by) =>
      payments
        .of(by)
        .recheck(subscriptionId, { by: { actor: 'staff', reason: 'simulated' } })
        .then(() => true, unless('order_unknown', 'invalid_input')),
    );
    const isLookedAt = typeof answer === 'object' && 'value' in answer;
    if (id === undefined || !isLookedAt || answer.value !== true) return isLookedAt;
    const at = await auditor.readAt(id);
    const isCompared = JSON.stringify(at) === before && auditor.afterLook(subscriptionId, at, since);
    coverage.met(isCompared ? 'look compared with the law' : 'look that leaves something open');
    return true;
  }

  /** Somebody looks just before a membership ends. */
  lookAtTheEnd(subscriptionId: string, validUntil: string): void {
    const { options, coverage } = this.#parts;
    const waitMs = Date.parse(validUntil) - this.#parts.clubs.nowMs - this.#random.between(500, 6_000);
    if (waitMs < 0 || this.#world.scheduler.nowMs + waitMs > livesMs || !this.#random.chance(options.looksAtTheEnd)) return;
    this.#world.later(waitMs, `a look at the end of ${subscriptionId}`, async () => {
      coverage.met('look at the end');
      await this.look(subscriptionId);
    });
  }

  /** True: he owed something, and it is paid. */
  payOpen(id: string): boolean {
    return this.#deeds.payOpen(id);
  }

  #outage(): void {
    const { down, coverage } = this.#parts;
    down.set('/v1/', 503);
    coverage.met('Stripe was down');
    this.#world.scheduler.timer(this.#world.network, this.#random.between(hourMs, 7 * dayMs), 'Stripe is up', () => down.clear());
  }

  #begin(member: Member): void {
    const windows = this.#random.chance(this.#parts.options.secondCheckout) ? 2 : 1;
    const living = this.#parts.clubs.of(member).some(({ ended_at: end }) => end === null);
    this.#parts.coverage.met(windows === 2 ? 'begins in two windows' : living ? 'begins beside a living one' : 'begins');
    for (let window = 0; window < windows; window++) {
      const plan = this.#random.pick(['silver', 'gold'] as const);
      const offer = drawOffer(this.#random, this.#parts, plan);
      const subscriptionId = `s${this.#parts.clubs.started.size + 1}`;
      this.#parts.clubs.started.set(subscriptionId, { memberId: member.memberId, plan });
      this.#world.later(this.#random.below(3_000), `${member.memberId} starts ${subscriptionId}`, () =>
        this.#start(member, subscriptionId, plan, offer),
      );
    }
  }

  async #start(member: Member, subscriptionId: string, plan: Plan, offer: Offer, tries = startTries): Promise<void> {
    const { payments, coverage } = this.#parts;
    const successUrl = 'https://shop.example/done';
    const order = { subscriptionId, memberId: member.memberId, plan, successUrl, ...offer };
    const answer = await this.#someProcess()?.call('start', (_, by) =>
      payments.of(by).startSubscription(order).catch(unless('already_subscribed', 'invalid_input')),
    );
    if (answer === undefined || answer === 'no answer' || 'refused' in answer) {
      coverage.met('start without an answer');
      if (tries > 1)
        this.#world.later(this.#random.below(hourMs), `${member.memberId} tries again`, () =>
          this.#start(member, subscriptionId, plan, offer, tries - 1),
        );
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
      const isPaid = tolerantly(() => stripe.controls.pay(session, { fate }));
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
  #soon(member: Member, deed: keyof typeof likely): void {
    const subscribed = this.#parts.clubs.of(member).at(-1);
    const now = (): void => this.#do(member, deed);
    if (!subscribed || this.#random.chance(0.4)) {
      now();
      return;
    }
    const dueMs =
      subscribed.periodEnd * 1_000 + this.#random.pick([0, hourMs, 72 * hourMs, 16 * dayMs]) + this.#random.between(-90_000, 90_000);
    const waitMs = dueMs - this.#world.wallTime(0).getTime();
    if (waitMs < 0 || this.#world.scheduler.nowMs + waitMs > livesMs) {
      now();
      return;
    }
    this.#world.later(waitMs, `${member.memberId} ${deed}, in time`, now);
    if (this.#random.chance(0.5)) this.#lookAbout(subscribed, waitMs);
  }

  #lookAbout({ metadata }: Subscribed, waitMs: number): void {
    const subscriptionId = metadata['paidonce_subscription'] ?? '';
    this.#world.later(Math.max(0, waitMs + this.#random.between(-20_000, 20_000)), `a look at ${subscriptionId}`, async () => {
      await this.look(subscriptionId);
    });
  }

  #do(member: Member, deed: keyof typeof likely): void {
    const { stripe, clubs, coverage } = this.#parts;
    if (deed === 'begins again') {
      this.#begin(member);
      return;
    }
    const subscribed = clubs.of(member).at(-1);
    if (!subscribed) return;
    if (this.#random.chance(0.5)) stripe.controls.setFate(subscribed.id, this.#fate());
    if (this.#deeds.do(subscribed, deed)) coverage.met(deed);
  }

  #someProcess(): SimulatedProcess | undefined {
    const running = this.#parts.processes.filter(({ runs }) => runs);
    return running.length === 0 ? undefined : this.#random.pick(running);
  }
}

function unless(...codes: readonly string[]): (error: unknown) => undefined {
  return (error) => {
    if (error instanceof LedgerError && codes.includes(error.code)) return undefined;
    throw error;
  };
}
