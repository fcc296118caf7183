// What members, their banks and the shop's staff do, drawn from the seed: they begin, often in two windows, pay, stop paying, pay
// late, change plan and seats, cancel, resume and pause, get money back or fight for it. Most of it happens about the times at which
// something is due, where a mistake would show.
import type { Random, SimulatedProcess, World } from '@paidonce/ledger/simulation';
import type { Fate, FateName } from '@paidonce/sandbox/model';
import type Stripe from 'stripe';
import type { Payments } from '../simulation/payments.ts';
import type { SimulatedStripe } from '../simulation/simulated-stripe.ts';
import type { Auditor } from './auditor.ts';
import { Beginnings, unless } from './beginnings.ts';
import type { Clubs, Member, Subscribed } from './clubs.ts';
import type { Coverage } from './coverage.ts';
import { type Deed, Deeds, moods } from './deeds.ts';
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

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Members live for so long. */
export const livesMs: number = 55 * dayMs;

export class Members {
  readonly #parts: MembersParts;
  readonly #world: World;
  readonly #random: Random;
  readonly #deeds: Deeds;
  readonly #beginnings: Beginnings;

  constructor(parts: MembersParts) {
    this.#parts = parts;
    this.#world = parts.world;
    this.#random = parts.world.random.fork();
    const drawn = { ...parts, random: this.#random, fate: () => this.#fate() };
    this.#deeds = new Deeds({ ...drawn, nowMs: () => this.#world.scheduler.nowMs });
    this.#beginnings = new Beginnings({ ...drawn, someProcess: () => this.#someProcess() });
  }

  /** Plans all that will happen; the scheduler decides when. */
  plan(): void {
    const { options, clubs } = this.#parts;
    for (const member of clubs.members) {
      this.#world.later(this.#random.below(2 * dayMs), `${member.memberId} begins`, () => this.#beginnings.begin(member));
      if (this.#random.chance(0.4))
        this.#world.later(this.#random.between(2 * dayMs, 6 * dayMs), `${member.memberId} tries his luck`, () =>
          this.#beginnings.begin(member),
        );
      for (let deed = this.#random.between(4, 9); deed > 0; deed--) {
        const what = this.#random.weighted(moods[options.mood] as Readonly<Record<Deed, number>>);
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

  /** In another window, while a process sleeps over what he does in the first one. */
  beginBeside(memberId: string): void {
    this.#beginnings.beginBeside(memberId);
  }

  #fate(): Fate {
    const name = this.#random.weighted<FateName>(this.#parts.options.fates);
    if (this.#random.chance(0.1)) return 'delivered';
    return name === 'late' ? `late:${this.#random.pick([10, 3_600, 90_000])}` : name;
  }

  /** At once, or about the next time at which something is due: the end of the period, its charge, the end of a grace. */
  #soon(member: Member, deed: Deed): void {
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

  #do(member: Member, deed: Deed): void {
    const { stripe, clubs, coverage } = this.#parts;
    if (deed === 'begins again') {
      this.#beginnings.begin(member);
      return;
    }
    const subscribed = clubs.of(member).at(-1);
    if (!subscribed) return;
    if (this.#random.chance(0.5)) stripe.controls.setFate(subscribed.id, this.#fate());
    if (!this.#deeds.do(subscribed, deed)) return;
    coverage.met(deed);
    if (deed === 'cancels now') this.#lookAbout(subscribed, hourMs);
    if (deed !== 'pauses' || this.#random.chance(0.3)) return;
    const forMs = this.#random.between(hourMs, 2 * dayMs);
    this.#world.later(forMs, `${member.memberId} goes on, soon`, () => this.#do(member, 'goes on'));
  }

  #someProcess(): SimulatedProcess | undefined {
    const running = this.#parts.processes.filter(({ incarnation }) => incarnation && !incarnation.party.paused);
    return running.length === 0 ? undefined : this.#random.pick(running);
  }
}
