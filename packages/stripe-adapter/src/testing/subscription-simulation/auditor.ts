// Reads the raw log after each append: nothing is granted twice, and nobody is ended who has paid at Stripe by then. At the end it
// compares the shop's rows with the law of Stripe's final state, and with the money that Stripe has received.
import type { SubscriptionChange } from '@paidonce/ledger';
import type { SubscriptionPolicy } from '@paidonce/ledger/adapter';
import { audit, type Told, theLaw, type World } from '@paidonce/ledger/simulation';
import type Stripe from 'stripe';
import { type AtStripe, booksOf, readAtStripe, toldOf } from './at-stripe.ts';
import type { Clubs } from './clubs.ts';

interface Loss {
  readonly subscriptionId: string;
  readonly type: string;
  /** Days, by Stripe's clock: of the newest look in the log, and of when it was decided. */
  readonly days: readonly number[];
}

const dayMs = 86_400_000;
const dayOf = (time: string): number => Date.parse(time) / dayMs;

export class Auditor {
  readonly #world: World;
  readonly #clubs: Clubs;
  readonly #policy: SubscriptionPolicy;
  readonly #stripe: Stripe;
  readonly #granted = new Set<string>();
  /** By stream: the invoices that granted or extended. */
  readonly #used = new Map<string, Set<string>>();
  readonly #looked = new Map<string, string>();
  readonly #losses: Loss[] = [];
  #read = 0;

  constructor(world: World, clubs: Clubs, policy: SubscriptionPolicy, stripe: Stripe) {
    this.#world = world;
    this.#clubs = clubs;
    this.#policy = policy;
    this.#stripe = stripe;
  }

  readAppended(): void {
    for (const { stream, type, data } of this.#world.log.rows.slice(this.#read)) {
      this.#read += 1;
      if (!stream.startsWith('subscription-')) continue;
      const { look = '', invoice } = JSON.parse(data) as { readonly look?: string; readonly invoice?: string };
      if (type === 'SubscriptionObserved' && look > (this.#looked.get(stream) ?? '')) this.#looked.set(stream, look);
      if (type === 'SubscriptionGranted' || type === 'SubscriptionExtended') this.#used1(stream, type, invoice);
      if (type === 'SubscriptionEnded' || type === 'SubscriptionRevoked' || type === 'SubscriptionSuspended') this.#lost(stream, type);
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

  #lost(stream: string, type: string): void {
    const looked = this.#looked.get(stream) ?? '';
    // A look that claims to be later than Stripe's own time is no excuse.
    const now = this.#world.providerTime();
    const days = [now, ...(looked === '' ? [] : [looked < now ? looked : now])].map(dayOf);
    this.#losses.push({ subscriptionId: stream.slice('subscription-'.length), type, days });
  }

  /** Whoever lost access had not paid for it. Called before anything else happens at Stripe. */
  async checkLosses(): Promise<void> {
    for (const { subscriptionId, type, days } of this.#losses.splice(0)) {
      const id = this.#clubs.begun(subscriptionId);
      if (id === undefined) continue;
      const books = booksOf(await readAtStripe(this.#stripe, id), this.#clubs.planOf);
      const hadPaid = days.every((day) => audit(books, day, this.#generosity()).mustBeIn);
      if (hadPaid) this.#world.report('nobody who has paid is ended', `${subscriptionId} (${id}): ${type}, though Stripe has the money`);
    }
  }

  #generosity() {
    const { renewalGraceHours, dunningGraceDays } = this.#policy;
    return { graceDays: { late: dunningGraceDays, silent: renewalGraceHours / 24 }, gifts: [] };
  }

  async atTheEnd(subscriptionId: string, row: SubscriptionChange | undefined): Promise<void> {
    const id = this.#clubs.begun(subscriptionId);
    if (id === undefined) {
      if (row) this.#world.report('nothing is granted that has not begun', `${subscriptionId}: ${JSON.stringify(row)}`);
      return;
    }
    const at = await readAtStripe(this.#stripe, id);
    this.#byTheLaw(at, subscriptionId, row);
    this.#byTheMoney(at, subscriptionId, row);
  }

  #byTheLaw(at: AtStripe, subscriptionId: string, row: SubscriptionChange | undefined): void {
    const told: readonly Told[] = toldOf(at, this.#world.providerTime());
    const plan = this.#clubs.placedPlan(subscriptionId);
    const judged = theLaw({ told, policy: this.#policy, plan, currency: 'usd' });
    const status = { full: 'active', suspended: 'suspended', over: 'over' }[judged.access];
    const atShop = row === undefined || row.status === 'revoked' ? 'over' : row.status;
    // What was never granted is not suspended.
    const isNone = row === undefined && judged.access !== 'full';
    const expected = status === 'over' || isNone ? 'over' : textOf(status, judged);
    const actual = atShop === 'over' ? 'over' : textOf(atShop, row ?? {});
    if (expected === actual) return;
    this.#world.report(
      'the shop has what the law makes of Stripe’s final state',
      `${subscriptionId} (${at.subscription.id}) is ${actual}; it should be ${expected}`,
    );
  }

  #byTheMoney(at: AtStripe, subscriptionId: string, row: SubscriptionChange | undefined): void {
    const day = dayOf(this.#world.providerTime());
    const bounds = audit(booksOf(at, this.#clubs.planOf), day, this.#generosity());
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

interface Shown {
  readonly plan?: string;
  readonly quantity?: number;
  readonly validUntil?: string;
}

function textOf(status: string, { plan, quantity, validUntil }: Shown): string {
  return `${status} ${plan} ${quantity}${status === 'active' ? ` until ${validUntil}` : ''}`;
}
