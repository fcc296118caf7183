// A year of a club, on a virtual clock: the real ledger and the real schedule and shares of the poll, over members, lists and looks
// that are modelled. Events get lost, nothing runs for thirty hours, and one of three replicas is ten days ahead. No call is made.
// For benchmarks; it is not published.
import { createPaymentLedger, type PaymentLedger } from '@paidonce/ledger';
import type { DayOfReads, SubscriptionStatement } from '@paidonce/ledger/adapter';
import { openMemoryEventStore } from '@paidonce/ledger/memory';
import { appliesTo, defaultIntervalMs, intervalMsOf } from '../../poll/schedule.ts';
import { type Share, sharesOf } from '../../poll/shares.ts';
import { type AccountTarget, accountTargets } from '../../stripe/account-targets.ts';
import { readsFor } from '../../stripe/read-allowance.ts';
import { endOf, type Happening, iso, lifeOf, type Member, membersOf, periodMs, price, referenceOf } from './members.ts';

export interface SubscriptionYearOptions {
  readonly members: number;
  readonly days: number;
}

export interface SubscriptionYear {
  readonly renewals: number;
  /** Calls of all days, by tier. */
  readonly reads: Readonly<Record<BillingTier, number>>;
  /** Members who had paid when their membership was ended. */
  readonly wrongEnds: number;
  /** Hours for which members who had paid were out at a shop that checks `validUntil`. */
  readonly hoursLockedOut: number;
  /** How many ended, and how long after they had ended at Stripe, on average. */
  readonly ends: number;
  readonly hoursLate: number;
}

const tiers = ['events-billing', 'invoices', 'subscriptions', 'due'] as const;
type BillingTier = (typeof tiers)[number];

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const passEveryMs = 3 * defaultIntervalMs;
const account = 'acct_club';
const startMs = Date.UTC(2027, 0, 1);
/** One event of so many is never made. */
const lostEvery = 33;
const outage = { fromMs: startMs + 100 * dayMs, toMs: startMs + 100 * dayMs + 30 * hourMs };
const replicas = 3;
const wrongClockMs = 10 * dayMs;
const eventsPerRenewal = 4;
const pageSize = 100;
const invoiceOverlapMs = 3 * dayMs;
const eventOverlapMs = 600_000;

export async function simulateSubscriptionYear(options: SubscriptionYearOptions): Promise<SubscriptionYear> {
  return new Year(options).run();
}

class Year {
  readonly #options: SubscriptionYearOptions;
  readonly #members: readonly Member[];
  readonly #lives: readonly (readonly Happening[])[];
  readonly #happenings: readonly Happening[];
  readonly #ledger: PaymentLedger;
  #nowMs = startMs;
  readonly #upToMs: Record<BillingTier, number> = { 'events-billing': startMs, invoices: startMs, subscriptions: startMs, due: startMs };
  readonly #spent = new Map<string, number>();
  readonly #reads: Record<BillingTier, number> = { 'events-billing': 0, invoices: 0, subscriptions: 0, due: 0 };
  /** What the shop has of each: the time of `validUntil`, and whether it may come in. */
  readonly #shop = new Map<Member, { validUntilMs: number; isIn: boolean }>();
  /** What the poll has told: again, it would add nothing. */
  readonly #told = new Set<SubscriptionStatement>();
  #wrongEnds = 0;
  #lockedOutMs = 0;
  #ends = 0;
  #lateMs = 0;
  #renewals = 0;

  constructor(options: SubscriptionYearOptions) {
    this.#options = options;
    const endMs = startMs + options.days * dayMs;
    this.#members = membersOf(options.members, startMs);
    this.#lives = this.#members.map((member) => lifeOf(member, endMs));
    this.#happenings = this.#lives.flat().toSorted((a, b) => a.atMs - b.atMs);
    this.#ledger = createPaymentLedger({
      eventStore: openMemoryEventStore(),
      readModels: ':memory:',
      subscriptions: { policy: { plans: { club: [price] } } },
      runtime: { now: () => new Date(this.#nowMs) },
    });
  }

  async run(): Promise<SubscriptionYear> {
    await using _ledger = this.#ledger;
    const endMs = startMs + this.#options.days * dayMs;
    let next = 0;
    for (let pass = 0; this.#nowMs < endMs; pass++, this.#nowMs += passEveryMs) {
      for (; (this.#happenings[next]?.atMs ?? endMs) <= this.#nowMs; next++) await this.#webhook(this.#happenings[next] as Happening, next);
      if (!this.#isOut()) await this.#pass(pass);
      this.#countLockedOut();
    }
    const { renewals, reads, wrongEnds, ends } = {
      renewals: this.#renewals,
      reads: this.#reads,
      wrongEnds: this.#wrongEnds,
      ends: this.#ends,
    };
    return {
      renewals,
      reads,
      wrongEnds,
      ends,
      hoursLockedOut: this.#lockedOutMs / hourMs,
      hoursLate: ends === 0 ? 0 : this.#lateMs / hourMs / ends,
    };
  }

  #isOut(atMs = this.#nowMs): boolean {
    return atMs >= outage.fromMs && atMs < outage.toMs;
  }

  /** Whoever joins is served at once; of what comes later an event may never be made, or find nobody. */
  async #webhook(happening: Happening, place: number): Promise<void> {
    const { member, period } = happening;
    if (happening.atMs === member.joinedMs && period === undefined) return;
    if (period === 0) return this.#join(member);
    if (period !== undefined) this.#renewals += 1;
    if (!wasMade(place) || this.#isOut(happening.atMs)) return;
    await this.#observe(member, [happening.statement], 'webhook');
  }

  async #join(member: Member): Promise<void> {
    const { subscriptionId, number } = member;
    await this.#ledger.placeSubscription({ subscriptionId, memberId: `m-${number}`, plan: 'club', account, livemode: true });
    await this.#observe(
      member,
      (this.#lives[number] ?? []).slice(0, 2).map(({ statement }) => statement),
      'webhook',
      iso(member.joinedMs),
    );
  }

  /** A replica is ahead, and knows Stripe's time all the same: the process has heard it, as its `ProviderClock` says. */
  async #pass(pass: number): Promise<void> {
    const wall = new Date(this.#nowMs + (pass % replicas === 0 ? wrongClockMs : 0));
    const heard = pass < replicas ? wall : new Date(this.#nowMs);
    await this.#ledger.settle({ timeoutMs: 0 });
    const [orders] = await accountTargets(this.#ledger, heard);
    if (orders === undefined) return;
    const days: readonly DayOfReads[] = [...this.#spent].slice(-31).map(([day, reads]) => ({ day, reads }));
    const [share] = sharesOf([{ orders, spent: days }], readsFor([orders]), heard) as [Share];
    for (const tier of tiers) {
      const wait = intervalMsOf(tier, { intervalMs: defaultIntervalMs, orders, share, now: heard });
      if (!appliesTo(tier, orders) || heard.getTime() - this.#upToMs[tier] < wait) continue;
      await this.#round(tier, orders);
    }
  }

  async #round(tier: BillingTier, orders: AccountTarget): Promise<void> {
    if (tier === 'events-billing') await this.#events();
    if (tier === 'invoices') await this.#invoices();
    if (tier === 'subscriptions') await this.#turn();
    if (tier === 'due') await this.#due(orders);
    this.#upToMs[tier] = this.#nowMs;
  }

  #read(tier: BillingTier, calls: number): void {
    this.#reads[tier] += calls;
    const day = iso(this.#nowMs).slice(0, 10);
    this.#spent.set(day, (this.#spent.get(day) ?? 0) + calls);
  }

  async #events(): Promise<void> {
    const found = this.#between(this.#upToMs['events-billing'] - eventOverlapMs).filter(({ place }) => wasMade(place));
    this.#read('events-billing', pages(found.length * eventsPerRenewal));
    for (const { happening } of found) await this.#tell(happening);
  }

  /** By when they were made: what is paid late is not in it. */
  async #invoices(): Promise<void> {
    const fromMs = this.#upToMs.invoices - invoiceOverlapMs;
    const found = this.#between(fromMs).filter(
      ({ happening: { member, period } }) => period !== undefined && member.joinedMs + period * periodMs >= fromMs,
    );
    this.#read('invoices', pages(found.length));
    for (const { happening } of found) await this.#tell(happening);
  }

  async #tell({ member, statement }: Happening): Promise<void> {
    if (this.#told.has(statement)) return;
    this.#told.add(statement);
    await this.#observe(member, [statement], 'poll');
  }

  async #turn(): Promise<void> {
    const joined = this.#members.filter(({ joinedMs }) => joinedMs <= this.#nowMs);
    this.#read('subscriptions', pages(joined.length));
    for (const member of joined) {
      const newest = this.#newestStateOf(member);
      if (!this.#told.has(newest)) await this.#observe(member, [this.#stateOf(member)], 'poll');
      this.#told.add(newest);
    }
  }

  async #due(orders: AccountTarget): Promise<void> {
    if (this.#upToMs.invoices <= Date.parse(orders.subscriptions?.oldestDueAt ?? '')) await this.#round('invoices', orders);
    await this.#ledger.settle({ timeoutMs: 0 });
    const { items } = await this.#ledger.forAdapters.dueSubscriptions(iso(this.#nowMs), { limit: 1_000 });
    for (const { subscriptionId } of items) {
      const member = this.#members[Number(subscriptionId.slice('club-'.length))] as Member;
      const paid = this.#lifeUntilNow(member).filter(({ period }) => period !== undefined);
      const covers = paidThroughMs(paid) > this.#nowMs;
      this.#read('due', covers ? 1 : 2);
      const statements = [this.#stateOf(member), ...paid.slice(-1).map(({ statement }) => statement)];
      await this.#observe(member, statements, 'poll', iso(this.#nowMs));
    }
  }

  #between(fromMs: number): readonly { readonly happening: Happening; readonly place: number }[] {
    const found: { happening: Happening; place: number }[] = [];
    for (
      let place = lowerBound(this.#happenings, fromMs);
      (this.#happenings[place]?.atMs ?? Number.POSITIVE_INFINITY) <= this.#nowMs;
      place++
    ) {
      const happening = this.#happenings[place] as Happening;
      found.push({ happening, place });
    }
    return found;
  }

  #lifeUntilNow(member: Member): readonly Happening[] {
    return (this.#lives[member.number] ?? []).filter(({ atMs }) => atMs <= this.#nowMs);
  }

  #stateOf(member: Member): SubscriptionStatement {
    return { ...this.#newestStateOf(member), asOf: iso(this.#nowMs) };
  }

  #newestStateOf(member: Member): SubscriptionStatement {
    return (this.#lifeUntilNow(member).findLast(({ period }) => period === undefined) as Happening).statement;
  }

  async #observe(member: Member, statements: readonly SubscriptionStatement[], source: 'webhook' | 'poll', look?: string): Promise<void> {
    const { subscriptionId } = member;
    const subscription = { provider: 'stripe', account, livemode: true, id: referenceOf(member) };
    const said = { subscription, subscriptionId, statements, source, ...(look === undefined ? {} : { look }) };
    const { outcome } = await this.#ledger.observeSubscription(said);
    if (outcome === 'duplicate' || outcome === 'recorded') return;
    const view = await this.#ledger.subscription(subscriptionId);
    const isIn = view?.status === 'active';
    const validUntilMs = Date.parse(view?.validUntil ?? iso(0));
    if (outcome === 'ended') this.#judgeEnd(member);
    this.#shop.set(member, { validUntilMs, isIn });
  }

  #judgeEnd(member: Member): void {
    this.#ends += 1;
    this.#lateMs += Math.max(0, this.#nowMs - endOf(member));
    if (this.#isOwed(member)) this.#wrongEnds += 1;
  }

  /** By what Stripe has: paid for now. */
  #isOwed(member: Member): boolean {
    return paidThroughMs(this.#lifeUntilNow(member)) > this.#nowMs;
  }

  #countLockedOut(): void {
    for (const [member, { isIn, validUntilMs }] of this.#shop) {
      if ((!isIn || validUntilMs < this.#nowMs) && this.#isOwed(member)) this.#lockedOutMs += passEveryMs;
    }
  }
}

function paidThroughMs(life: readonly Happening[]): number {
  return Math.max(0, ...life.flatMap(({ member, period }) => (period === undefined ? [] : [member.joinedMs + (period + 1) * periodMs])));
}

/** Spread evenly, and the same in each run. */
function wasMade(place: number): boolean {
  return (place * 7) % lostEvery !== 0;
}

function pages(objects: number): number {
  return Math.max(1, Math.ceil(objects / pageSize));
}

function lowerBound(happenings: readonly Happening[], fromMs: number): number {
  let [low, high] = [0, happenings.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((happenings[middle]?.atMs ?? 0) < fromMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
