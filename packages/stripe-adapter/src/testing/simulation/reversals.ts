// How money goes back, or only seems to: refunds, and disputes with all that a bank can say of them.
import type { Random, World } from '@paidonce/ledger/simulation';
import type { DisputeCaseType, DisputeStatus, Fate } from '@paidonce/sandbox/model';
import type { Coverage, Place } from './coverage.ts';
import type { StripeSimulationOptions } from './options.ts';
import type { Registry } from './registry.ts';
import type { SimulatedStripe } from './simulated-stripe.ts';

export interface ReversalParts {
  readonly world: World;
  readonly options: StripeSimulationOptions;
  readonly coverage: Coverage;
  readonly stripe: SimulatedStripe;
  readonly registry: Registry;
  readonly random: Random;
  readonly fate: () => Fate;
  readonly outage: (part: string) => Promise<void>;
}

const minuteMs = 60_000;

interface DisputeStory {
  readonly opens?: DisputeStatus;
  readonly caseType?: DisputeCaseType;
  readonly ends: readonly DisputeStatus[];
  /** Only a third of the payment is disputed. */
  readonly isPart?: true;
  /** The bank names another currency, so that the amount says nothing of how much it is. */
  readonly currency?: string;
  /** Only cards have it. */
  readonly isOfCards?: true;
  readonly place?: Place;
}

// biome-ignore format: a table
const disputeStories: readonly DisputeStory[] = [
  { ends: ['under_review', 'won'] },
  { ends: ['lost'] },
  { ends: ['lost', 'won'] },
  { ends: ['won'] },
  { ends: [] },
  { ends: ['won', 'lost'], place: 'dispute lost again' },
  { ends: ['lost'], isPart: true, place: 'dispute of a part' },
  { ends: ['lost'], isPart: true, currency: 'usd', place: 'dispute in another currency' },
  { ends: ['prevented'], isOfCards: true, place: 'dispute prevented by a resolution' },
  { opens: 'prevented', caseType: 'resolution', ends: [], isOfCards: true, place: 'dispute prevented by a resolution' },
  { opens: 'warning_needs_response', caseType: 'inquiry', ends: ['prevented'], isOfCards: true, place: 'dispute prevented by a block' },
  { opens: 'prevented', caseType: 'block', ends: [], isOfCards: true, place: 'dispute prevented by a block' },
];

export class Reversals {
  readonly #parts: ReversalParts;

  constructor(parts: ReversalParts) {
    this.#parts = parts;
  }

  /** Refunds or disputes the payment of the session, or of the bare payment intent. */
  async undo(orderId: string, sessionId: string): Promise<void> {
    const { options, registry, random, outage } = this.#parts;
    const intentId = sessionId.startsWith('cs_') ? registry.session(sessionId)?.payment_intent : sessionId;
    const payment = registry.payments(orderId).find(({ reference }) => intentId === reference.id);
    if (!payment?.paid || payment.disputes.length > 0 || payment.refunds.length > 0) return;
    const does = random.weighted({ full: 5, part: 2, dispute: 5 });
    if (does === 'dispute') {
      this.#dispute(payment.reference.id, payment.paid.totalMinor);
      if (options.outages > 0 && random.chance(0.7)) await outage('/v1/disputes');
      return;
    }
    await this.#refund(orderId, payment.reference.id, payment.paid.totalMinor, does === 'part');
  }

  async #refund(orderId: string, paymentId: string, totalMinor: number, isPart: boolean): Promise<void> {
    const { options, coverage, stripe, random, fate, outage, registry } = this.#parts;
    const amountMinor = isPart ? Math.floor(totalMinor / 3) : totalMinor;
    const starts = random.chance(0.25) ? { status: 'pending' as const } : {};
    const { id, status } = stripe.controls.refund(paymentId, { amountMinor, fate: fate(), ...starts });
    const statusNow = () => stripe.core.accounts.holding(id).state.refunds.get(id)?.status;
    coverage.met(isPart ? 'refund in part' : 'refund in full');
    if (options.outages > 0 && random.chance(0.7)) await outage('/v1/refunds');
    if (status === 'pending') {
      coverage.met('refund that was pending');
      this.#later(60, `refund of ${orderId} ends`, () => {
        if (statusNow() === 'pending' && random.chance(0.7))
          stripe.controls.endRefund(id, random.pick(['succeeded', 'failed', 'canceled']));
      });
    } else if (random.chance(0.2)) {
      this.#later(120, `refund of ${orderId} comes back`, () => {
        if (statusNow() !== 'succeeded') return;
        coverage.met('refund that failed late');
        stripe.controls.failRefund(id);
      });
    } else if (registry.isByCard(paymentId) && random.chance(0.25)) {
      this.#later(120, `the bank of ${orderId} resolves the case beside the refund`, () => {
        coverage.met('resolution after a refund');
        stripe.controls.dispute(paymentId, { status: 'prevented', caseType: 'resolution', fate: fate() });
      });
    }
  }

  #dispute(paymentId: string, totalMinor: number): void {
    const { stripe, coverage, registry, random, world, fate } = this.#parts;
    const stories = disputeStories.filter(({ isOfCards }) => isOfCards !== true || registry.isByCard(paymentId));
    const { opens = 'needs_response', caseType, ends, isPart, currency, place } = random.pick(stories);
    coverage.met('dispute opened');
    if (place) coverage.met(place);
    const { id } = stripe.controls.dispute(paymentId, {
      status: opens,
      fate: fate(),
      ...(caseType ? { caseType } : {}),
      ...(isPart ? { amountMinor: Math.floor(totalMinor / 3) } : {}),
      ...(currency === undefined ? {} : { currency }),
    });
    let afterMinutes = 0;
    for (const status of ends) {
      afterMinutes += 60;
      world.later(afterMinutes * minuteMs, `dispute is ${status}`, () => {
        if (status === 'won') coverage.met('dispute won');
        if (status === 'lost') coverage.met('dispute lost');
        stripe.controls.updateDispute(id, status, fate());
      });
    }
  }

  #later(mostMinutes: number, label: string, work: () => void): void {
    const { world, random } = this.#parts;
    world.later(random.between(0, mostMinutes * minuteMs), label, async () => work());
  }
}
