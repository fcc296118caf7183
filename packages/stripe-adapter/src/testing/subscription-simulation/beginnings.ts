// How members begin: often in two windows at once, of which they pay every page that they were shown.
import { LedgerError } from '@paidonce/ledger';
import type { Random, SimulatedProcess, World } from '@paidonce/ledger/simulation';
import type { Fate } from '@paidonce/sandbox/model';
import type { Payments } from '../simulation/payments.ts';
import type { SimulatedStripe } from '../simulation/simulated-stripe.ts';
import type { Clubs, Member, Plan } from './clubs.ts';
import type { Coverage } from './coverage.ts';
import { tolerantly } from './deeds.ts';
import { drawOffer, type Offer } from './offers.ts';
import type { SubscriptionSimulationOptions } from './options.ts';

export interface BeginningsParts {
  readonly world: World;
  readonly options: SubscriptionSimulationOptions;
  readonly coverage: Coverage;
  readonly stripe: SimulatedStripe;
  readonly payments: Payments;
  readonly clubs: Clubs;
  readonly random: Random;
  /** Draws what becomes of the webhooks. */
  readonly fate: () => Fate;
  readonly someProcess: () => SimulatedProcess | undefined;
}

interface Start {
  readonly subscriptionId: string;
  readonly plan: Plan;
  readonly offer: Offer;
}

const minuteMs = 60_000;
const startTries = 6;
/** Each window that is opened beside another one is slept over too: while no start can end well, they would multiply without end. */
const mostBeside = 20;

export class Beginnings {
  readonly #parts: BeginningsParts;
  readonly #world: World;
  readonly #random: Random;
  /** How many windows each member has opened beside another one. */
  readonly #beside = new Map<string, number>();

  constructor(parts: BeginningsParts) {
    this.#parts = parts;
    this.#world = parts.world;
    this.#random = parts.random;
  }

  begin(member: Member): void {
    const { options, clubs, coverage } = this.#parts;
    const windows = this.#random.chance(options.secondCheckout) ? 2 : 1;
    const living = clubs.of(member).some(({ ended_at: end }) => end === null);
    coverage.met(windows === 2 ? 'begins in two windows' : living ? 'begins beside a living one' : 'begins');
    for (let window = 0; window < windows; window++) this.#openWindow(member, this.#random.below(3_000));
  }

  /** In another window, while a process sleeps over what he does in the first one. */
  beginBeside(memberId: string): void {
    const member = this.#parts.clubs.members.find((each) => each.memberId === memberId);
    if (member === undefined || !this.#random.chance(0.5)) return;
    const opened = this.#beside.get(memberId) ?? 0;
    if (opened === mostBeside) return;
    this.#beside.set(memberId, opened + 1);
    this.#parts.coverage.met('begins while a process sleeps at the slot');
    this.#openWindow(member, 0);
  }

  #openWindow(member: Member, afterMs: number): void {
    const { started } = this.#parts.clubs;
    const plan = this.#random.pick(['silver', 'gold'] as const);
    const start = { subscriptionId: `s${started.size + 1}`, plan, offer: drawOffer(this.#random, this.#parts, plan) };
    started.set(start.subscriptionId, { memberId: member.memberId, plan });
    this.#world.later(afterMs, `${member.memberId} starts ${start.subscriptionId}`, () => this.#start(member, start, startTries));
  }

  async #start(member: Member, start: Start, tries: number): Promise<void> {
    const { payments, coverage, someProcess } = this.#parts;
    const { subscriptionId, plan, offer } = start;
    const order = { subscriptionId, memberId: member.memberId, plan, successUrl: 'https://shop.example/done', ...offer };
    const answer = await someProcess()?.call('start', (_, by) =>
      payments.of(by).startSubscription(order).catch(unless('already_subscribed', 'invalid_input')),
    );
    if (answer === undefined || answer === 'no answer' || 'refused' in answer) {
      coverage.met('start without an answer');
      if (tries > 1)
        this.#world.later(this.#random.below(60 * minuteMs), `${member.memberId} tries again`, () => this.#start(member, start, tries - 1));
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
    const fate = this.#parts.fate();
    for (const session of [...member.sessions].toReversed()) {
      const isPaid = tolerantly(() => stripe.controls.pay(session, { fate }));
      coverage.met(isPaid ? 'page paid' : 'page is closed');
    }
    for (const { id } of clubs.of(member)) if (this.#random.chance(0.8)) stripe.controls.setFate(id, this.#parts.fate());
  }
}

export function unless(...codes: readonly string[]): (error: unknown) => undefined {
  return (error) => {
    if (error instanceof LedgerError && codes.includes(error.code)) return undefined;
    throw error;
  };
}
