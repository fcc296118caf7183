// Whose subscriptions there are: what the shop's members have begun, and what Stripe has of it.
import type { SandboxCore } from '@paidonce/sandbox/model';
import type Stripe from 'stripe';

export type Plan = 'silver' | 'gold';

/** What the club has at Stripe. */
export interface Catalog {
  /** The first price of a plan recurs soonest. */
  readonly prices: Readonly<Record<Plan, readonly string[]>>;
  readonly coupons: { readonly half: string; readonly firstFree: string };
  /** A price that is charged once, and is of no plan. */
  readonly setupFee: string;
}

export interface Member {
  readonly memberId: string;
  /** The pages that he was shown. */
  readonly sessions: Set<string>;
}

export type Subscribed = Omit<Stripe.Subscription, 'items'> & {
  readonly items: readonly Stripe.SubscriptionItem[];
  /** Seconds since 1970. */
  readonly periodEnd: number;
};

export class Clubs {
  readonly members: readonly Member[];
  readonly catalog: Catalog;
  /** The plan of a price. */
  readonly planOf: (price: string) => string | undefined;
  /** When a subscription went on after a pause, by its id at Stripe. Virtual milliseconds. */
  readonly wentOnAtMs: Map<string, number> = new Map();
  readonly #core: () => SandboxCore;
  /** By the shop's id of a subscription: who it is for, and the plan that it was started on. */
  readonly started: Map<string, { readonly memberId: string; readonly plan: Plan }> = new Map();

  constructor(members: number, catalog: Catalog, core: () => SandboxCore) {
    this.members = Array.from({ length: members }, (_, index) => ({ memberId: `m${index + 1}`, sessions: new Set<string>() }));
    this.catalog = catalog;
    this.planOf = (price) => Object.entries(catalog.prices).find(([, prices]) => prices.includes(price))?.[0];
    this.#core = core;
  }

  /** By Stripe's clock. */
  get nowMs(): number {
    return this.#core().model.clock.nowSeconds() * 1_000;
  }

  placedPlan(subscriptionId: string): Plan {
    return this.started.get(subscriptionId)?.plan ?? 'silver';
  }

  get all(): readonly Subscribed[] {
    const { state } = this.#core().model;
    return [...state.subscriptions.oldestFirst()].map(({ subscription, items }) => ({
      ...subscription,
      items,
      periodEnd: items[0]?.current_period_end ?? 0,
    }));
  }

  /** The id at Stripe. Undefined: nobody has paid its page. */
  begun(subscriptionId: string): string | undefined {
    return this.all.find(({ metadata }) => metadata['paidonce_subscription'] === subscriptionId)?.id;
  }

  /** The shop's id of a subscription. */
  nameOf(id: string): string | undefined {
    return this.#core().model.state.subscriptions.get(id)?.subscription.metadata['paidonce_subscription'];
  }

  of({ memberId }: Pick<Member, 'memberId'>): readonly Subscribed[] {
    return this.all.filter(({ metadata }) => this.started.get(metadata['paidonce_subscription'] ?? '')?.memberId === memberId);
  }

  invoicesOf(id: string): readonly { readonly id: string; readonly status: Stripe.Invoice['status'] }[] {
    const { state } = this.#core().model;
    return [...state.invoices.oldestFirst()]
      .map(({ invoice }) => invoice)
      .filter(({ parent }) => parent?.subscription_details?.subscription === id)
      .map(({ id: invoice, status }) => ({ id: invoice, status }));
  }

  ownerOfInvoice(invoice: string): string | undefined {
    const found = this.#core().model.state.invoices.get(invoice)?.invoice.parent?.subscription_details?.subscription;
    return this.nameOf(String(found));
  }
}

export async function makeCatalog(stripe: Stripe, interval: 'week' | 'month'): Promise<Catalog> {
  const { id: product } = await stripe.products.create({ name: 'Club' });
  const price = async (unit_amount: number, every: 'week' | 'month' | 'year') =>
    (await stripe.prices.create({ product, currency: 'usd', unit_amount, recurring: { interval: every } })).id;
  const fee = await stripe.prices.create({ product, currency: 'usd', unit_amount: 900 });
  const half = await stripe.coupons.create({ percent_off: 50, duration: 'forever' });
  const firstFree = await stripe.coupons.create({ percent_off: 100, duration: 'once' });
  return {
    prices: { silver: [await price(3_000, interval), await price(30_000, 'year')], gold: [await price(5_000, interval)] },
    coupons: { half: half.id, firstFree: firstFree.id },
    setupFee: fee.id,
  };
}
