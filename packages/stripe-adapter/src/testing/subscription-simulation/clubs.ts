// Whose subscriptions there are: what the shop's members have begun, and what Stripe has of it.
import type { SandboxCore } from '@paidonce/sandbox/model';
import type Stripe from 'stripe';

export type Plan = 'silver' | 'gold';

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
  readonly prices: Readonly<Record<Plan, string>>;
  /** The plan of a price. */
  readonly planOf: (price: string) => string | undefined;
  readonly #core: () => SandboxCore;
  /** By the shop's id of a subscription: who it is for, and the plan that it was started on. */
  readonly started: Map<string, { readonly memberId: string; readonly plan: Plan }> = new Map();

  constructor(members: number, prices: Readonly<Record<Plan, string>>, core: () => SandboxCore) {
    this.members = Array.from({ length: members }, (_, index) => ({ memberId: `m${index + 1}`, sessions: new Set<string>() }));
    this.prices = prices;
    this.planOf = (price) => Object.entries(prices).find(([, each]) => each === price)?.[0];
    this.#core = core;
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
    return this.all.find(({ id }) => id === found)?.metadata['paidonce_subscription'];
  }
}

export async function makePrices(stripe: Stripe): Promise<Readonly<Record<Plan, string>>> {
  const { id: product } = await stripe.products.create({ name: 'Club' });
  const price = async (unit_amount: number) =>
    (await stripe.prices.create({ product, currency: 'usd', unit_amount, recurring: { interval: 'month' } })).id;
  return { silver: await price(3_000), gold: await price(5_000) };
}
