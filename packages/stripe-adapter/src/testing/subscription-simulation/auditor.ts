// Reads the raw log after each append: nothing is granted twice, and nobody is ended who has paid at Stripe by then. At the end it
// compares the shop's rows with the law of Stripe's final state, and with the money that Stripe has received.
import type { SubscriptionChange } from '@paidonce/ledger';
import type { SubscriptionPolicy } from '@paidonce/ledger/adapter';
import { audit, theLaw, type World } from '@paidonce/ledger/simulation';
import type Stripe from 'stripe';
import { type AtStripe, readAtStripe, toldOf } from './at-stripe.ts';
import { booksOf } from './books.ts';
import type { Clubs } from './clubs.ts';
import { type Decision, Decisions } from './decisions.ts';

interface Loss {
  readonly subscriptionId: string;
  readonly type: string;
  /** When it was decided, by Stripe's clock, in days. */
  readonly day: number;
  /** What it was decided by, in days: the newest look; where money went back, the newest news. Undefined: there was none. */
  readonly asOfDay: number | undefined;
}

const dayMs = 86_400_000;
/** No process takes longer from reading a subscription to recording it. */
const readForMs = 3_600_000;
/** Stripe tells its time in whole seconds: what was paid in that of a read may be paid after it. */
const aSecond = 1_000 / dayMs;
const dayOf = (time: string): number => Date.parse(time) / dayMs;
const subscriptionOf = (stream: string): string => stream.slice('subscription-'.length);

export interface AuditorParts {
  readonly world: World;
  readonly clubs: Clubs;
  readonly policy: SubscriptionPolicy;
  readonly stripe: Stripe;
  /** Called with each decision, and the time at which its membership ends. */
  readonly onDecided: (subscriptionId: string, validUntil: string) => void;
}

export class Auditor {
  readonly #parts: AuditorParts;
  readonly #world: World;
  readonly #clubs: Clubs;
  readonly #granted = new Set<string>();
  /** By stream: the invoices that granted or extended. */
  readonly #used = new Map<string, Set<string>>();
  readonly #decisions = new Decisions();
  readonly #losses: Loss[] = [];
  #read = 0;

  constructor(parts: AuditorParts) {
    this.#parts = parts;
    this.#world = parts.world;
    this.#clubs = parts.clubs;
  }

  /** Called after each append. */
  readAppended(): void {
    const appended = this.#world.log.rows.slice(this.#read).filter(({ stream }) => stream.startsWith('subscription-'));
    this.#read = this.#world.log.rows.length;
    let seen = '';
    for (const { stream, type, data } of appended) {
      const decision = this.#decisions.read(stream, type, data);
      if (type === 'SubscriptionObserved') seen = this.#decisions.timeOf(data, seen);
      if (decision === undefined) continue;
      const { invoice, validUntil } = decision;
      if (type === 'SubscriptionGranted' || type === 'SubscriptionExtended') this.#used1(stream, type, invoice);
      if (type === 'SubscriptionEnded' || type === 'SubscriptionRevoked' || type === 'SubscriptionSuspended')
        this.#lost(stream, type, decision);
      else if (type !== 'SubscriptionChanged' && validUntil <= seen)
        this.#world.report(
          'nobody is let in for what was over when it was told',
          `${stream}: ${type} until ${validUntil}, told as of ${seen}`,
        );
      this.#parts.onDecided(subscriptionOf(stream), validUntil);
    }
  }

  #used1(stream: string, type: string, invoice = ''): void {
    if (type === 'SubscriptionGranted' && this.#granted.has(stream)) this.#world.report('S4 one grant', `${stream} is granted again`);
    if (type === 'SubscriptionGranted') this.#granted.add(stream);
    const used = this.#used.get(stream) ?? new Set<string>();
    if (used.has(invoice)) this.#world.report('S4 an invoice extends once', `${invoice} extends ${stream} again`);
    this.#used.set(stream, used.add(invoice));
    const owner = this.#clubs.ownerOfInvoice(invoice);
    if (`subscription-${owner}` !== stream) this.#world.report('an invoice is of its subscription', `${invoice} of ${owner} in ${stream}`);
  }

  #lost(stream: string, type: string, { cause }: Decision): void {
    // S11: money that went back is news, and needs no look; a payment made after that news may not be told yet.
    const isNews = cause === 'refunded' || cause === 'disputed';
    const asOf = isNews ? this.#decisions.seenOf(stream) : this.#decisions.lookedOf(stream);
    const day = dayOf(this.#world.providerTime());
    // A time that claims to be later than Stripe's own is no excuse.
    const asOfDay = asOf === undefined ? undefined : Math.min(dayOf(asOf), day);
    this.#losses.push({ subscriptionId: subscriptionOf(stream), type, day, asOfDay });
  }

  /** When the membership ends, as the log says. Undefined: nothing was decided. */
  endOf(subscriptionId: string): string | undefined {
    return this.#decisions.newestOf(`subscription-${subscriptionId}`)?.validUntil;
  }

  /** Whoever lost access had not paid for it. Called before anything else happens at Stripe. */
  async checkLosses(): Promise<void> {
    for (const { subscriptionId, type, day, asOfDay } of this.#losses.splice(0)) {
      const id = this.#clubs.begun(subscriptionId);
      if (id === undefined) continue;
      const at = await this.readAt(id);
      const hadPaid = asOfDay === undefined || audit(this.#booksOf(asItWas(at, asOfDay)), asOfDay, this.#generosity()).mustBeIn;
      if (hadPaid && audit(this.#booksOf(at), day, this.#generosity()).mustBeIn)
        this.#world.report('nobody who has paid is ended', `${subscriptionId} (${id}): ${type}, though Stripe has the money`);
    }
  }

  readAt(id: string): Promise<AtStripe> {
    return readAtStripe(this.#parts.stripe, id);
  }

  #booksOf(at: AtStripe) {
    const { planOf, wentOnAtMs } = this.#clubs;
    const { canceledNow, collectionPaused } = this.#parts.policy;
    const { id, status, pause_collection: pause } = at.subscription;
    const isPaused = status === 'paused' || (collectionPaused === 'suspend' && pause !== null);
    // It may have been read just before it went on.
    const wasPaused = this.#world.scheduler.nowMs - (wentOnAtMs.get(id) ?? Number.NEGATIVE_INFINITY) < readForMs;
    return booksOf(at, { planOf, endsAtOnce: canceledNow === 'end', isPaused: isPaused || wasPaused });
  }

  #generosity() {
    const { renewalGraceHours, dunningGraceDays, trial, free } = this.#parts.policy;
    const gifts = [...(trial === 'grant' ? (['trial'] as const) : []), ...(free === 'grant' ? (['free'] as const) : [])];
    return { graceDays: { late: dunningGraceDays, silent: renewalGraceHours / 24 }, gifts };
  }

  /**
   * What the log has decided after a look during which nothing happened at Stripe. Where money went back, or a paid invoice is not
   * told yet, a look alone does not show it.
   *
   * @param since when the look began.
   * @returns false: it could not be compared.
   */
  afterLook(subscriptionId: string, at: AtStripe, since: string): boolean {
    const stream = `subscription-${subscriptionId}`;
    if (at.refunds.length + at.disputes.length + at.creditNotes.length > 0) return false;
    if (at.invoices.some(({ id, status }) => status === 'paid' && !this.#decisions.knowsPaid(stream, id))) return false;
    const decided = this.#decisions.newestOf(stream);
    const expected = [since, this.#world.providerTime()].map((time) => this.#shouldBe(at, subscriptionId, time, decided !== undefined));
    const actual = shownAs(decided);
    if (!expected.includes(actual))
      this.#world.report(
        'after a look the log has what the law makes of Stripe’s state',
        `${subscriptionId} is ${actual}; it should be ${expected.join(' or ')}`,
      );
    return true;
  }

  async atTheEnd(subscriptionId: string, row: SubscriptionChange | undefined): Promise<void> {
    const id = this.#clubs.begun(subscriptionId);
    if (id === undefined) {
      if (row) this.#world.report('nothing is granted that has not begun', `${subscriptionId}: ${JSON.stringify(row)}`);
      return;
    }
    const at = await this.readAt(id);
    this.#byTheLaw(at, subscriptionId, row);
    this.#byTheMoney(at, subscriptionId, row);
  }

  #shouldBe(at: AtStripe, subscriptionId: string, time: string, isGranted: boolean): string {
    const plan = this.#clubs.placedPlan(subscriptionId);
    const judged = theLaw({ told: toldOf(at, time), policy: this.#parts.policy, plan, currency: 'usd' });
    // What was never granted is not suspended.
    if (judged.access === 'over' || (!isGranted && judged.access !== 'full')) return 'over';
    return textOf(judged.access === 'full' ? 'active' : 'suspended', judged);
  }

  #byTheLaw(at: AtStripe, subscriptionId: string, row: SubscriptionChange | undefined): void {
    const expected = this.#shouldBe(at, subscriptionId, this.#world.providerTime(), row !== undefined);
    const actual = shownAs(row);
    if (expected === actual) return;
    this.#world.report(
      'the shop has what the law makes of Stripe’s final state',
      `${subscriptionId} (${at.subscription.id}) is ${actual}; it should be ${expected}`,
    );
  }

  #byTheMoney(at: AtStripe, subscriptionId: string, row: SubscriptionChange | undefined): void {
    const day = dayOf(this.#world.providerTime());
    const bounds = audit(this.#booksOf(at), day, this.#generosity());
    const name = `${subscriptionId} (${at.subscription.id})`;
    if (bounds.mustBeIn && row?.status !== 'active')
      this.#world.report('who has paid is in at the end', `${name} is ${row?.status}: ${JSON.stringify(bounds)}`);
    if (row?.status === 'active' && dayOf(row.validUntil) > bounds.mayBeInUntil + 1e-6)
      this.#world.report('nobody is in beyond what was paid and the graces', `${name} until ${row.validUntil}: ${JSON.stringify(bounds)}`);
  }

  /** S13, of what this shop started. */
  oneLiving(subscriptions: readonly Pick<Stripe.Subscription, 'id' | 'created' | 'ended_at'>[], memberId: string): void {
    const lives = subscriptions.map(({ id, created, ended_at: end }) => ({ id, from: created, to: end ?? Number.POSITIVE_INFINITY }));
    for (const a of lives) {
      const other = lives.find((b) => b.id !== a.id && b.from < a.to && a.from < b.to);
      if (other) this.#world.report('S13 one living subscription', `${memberId} has ${a.id} and ${other.id} at once`);
    }
  }
}

/** What was paid since was open then, and its credits were credits of unpaid time. */
function asItWas({ invoices, ...at }: AtStripe, day: number): AtStripe {
  const wasPaid = ({ status_transitions: { paid_at: paidAt }, created }: Stripe.Invoice): boolean =>
    (paidAt ?? created) / 86_400 < day - aSecond / 2;
  return {
    ...at,
    invoices: invoices.map((invoice) => (invoice.status === 'paid' && !wasPaid(invoice) ? { ...invoice, status: 'open' } : invoice)),
  };
}

interface Shown {
  readonly plan?: string;
  readonly quantity?: number;
  readonly validUntil?: string;
}

function shownAs(decided: Pick<Decision, 'status' | 'plan' | 'quantity' | 'validUntil'> | undefined): string {
  return decided === undefined || decided.status === 'revoked' ? 'over' : textOf(decided.status, decided);
}

function textOf(status: 'active' | 'suspended', { plan, quantity, validUntil }: Shown): string {
  return `${status} ${plan} ${quantity}${status === 'active' ? ` until ${validUntil}` : ''}`;
}
