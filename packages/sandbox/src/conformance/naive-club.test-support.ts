// Handlers that many shops have, each with a rule of its own for who is in. All verify signatures and read Stripe's objects as
// they come.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import Stripe from 'stripe';
import type { BootClub, SubscriptionPlan, SubscriptionWish } from './shop-under-test.ts';

export type NaiveRule =
  /** The status of the subscription is copied from each event; `active` and `trialing` are in. */
  | 'active-means-in'
  /** Each event of a paid invoice adds a month. */
  | 'extend-on-each-invoice-event'
  /** The latest end of any line of an invoice that was paid. */
  | 'until-the-latest-paid-end'
  /** A cancellation, a pause, a declined card, a refund or a credit note ends the member's row at once, and for good. */
  | 'a-bad-word-ends-it'
  /** Money from a customer that it knows opens the door; a timer closes it a month later. Its job lists what webhooks missed. */
  | 'a-payment-is-a-month'
  /** The checkout opens the door. Updates of the subscription are heard, its deletion is not. */
  | 'in-until-told';

/** What the shop has in its database. */
interface Row {
  status: string;
  untilMs: number;
  over: boolean;
  customer: string | undefined;
  welcomed: number;
  plan: string;
  quantity: number;
  /** When the process closes the door. In its memory alone. */
  timerMs: number | undefined;
}

interface Rule {
  isIn(row: Row, nowMs: number): boolean;
  hear(row: Row, event: Stripe.Event, nowMs: number): void;
  /** By what it knows whose an event is. Default: our metadata, which Stripe copies to each invoice. */
  readonly knows?: 'customer';
  /** Default: one for each subscription. */
  readonly rows?: 'one for each member';
  /** It asks Stripe for missed events, and its process is stopped now and then. */
  readonly hasJob?: true;
}

const dayMs = 86_400_000;
const monthMs = 31 * dayMs;
const graceMs = 3 * dayMs;

const badTypes = new Set(['charge.refunded', 'credit_note.created', 'invoice.payment_failed', 'customer.subscription.deleted']);

const latestEnd = ({ lines }: Stripe.Invoice): number => Math.max(...lines.data.map(({ period }) => period.end * 1_000));

const rules: Readonly<Record<NaiveRule, Rule>> = {
  'active-means-in': {
    isIn: ({ status }) => status === 'active' || status === 'trialing',
    hear: (row, { type, data }) => {
      if (type.startsWith('customer.subscription.')) row.status = (data.object as Stripe.Subscription).status;
    },
  },
  'extend-on-each-invoice-event': {
    isIn: ({ untilMs }, nowMs) => untilMs > nowMs,
    hear: (row, { type }, nowMs) => {
      if (type === 'invoice.paid') row.untilMs = Math.max(row.untilMs, nowMs) + monthMs;
    },
  },
  'until-the-latest-paid-end': {
    isIn: ({ untilMs }, nowMs) => untilMs > nowMs,
    hear: (row, event) => {
      if (event.type === 'invoice.paid') row.untilMs = Math.max(row.untilMs, latestEnd(event.data.object));
    },
  },
  'a-bad-word-ends-it': {
    knows: 'customer',
    rows: 'one for each member',
    isIn: ({ over, untilMs }, nowMs) => !over && untilMs + graceMs > nowMs,
    hear: (row, event) => {
      if (event.type === 'invoice.paid') row.untilMs = Math.max(row.untilMs, latestEnd(event.data.object));
      if (isBad(event)) row.over = true;
    },
  },
  'a-payment-is-a-month': {
    knows: 'customer',
    hasJob: true,
    isIn: ({ status, timerMs }, nowMs) => status === 'open' && (timerMs === undefined || timerMs > nowMs),
    hear: (row, event, nowMs) => {
      if (event.type !== 'invoice.payment_succeeded' || event.data.object.amount_paid === 0) return;
      row.status = 'open';
      row.timerMs = nowMs + monthMs + graceMs;
    },
  },
  'in-until-told': {
    knows: 'customer',
    isIn: ({ status }) => ['open', 'active', 'trialing', 'past_due'].includes(status),
    hear: (row, { type, data }) => {
      if (type === 'checkout.session.completed') row.status = 'open';
      if (type === 'customer.subscription.updated') row.status = data.object.status;
    },
  },
};

function isBad(event: Stripe.Event): boolean {
  if (event.type !== 'customer.subscription.updated') return badTypes.has(event.type);
  const { cancel_at_period_end: cancels, pause_collection: pause } = event.data.object;
  return cancels || pause !== null;
}

export function naiveClub(name: NaiveRule): BootClub {
  return async ({ secretKey, webhookSecret, clientConfig, clock, prices }) => {
    const stripe = new Stripe(secretKey, { ...clientConfig });
    const rule = rules[name];
    const nowMs = (): number => clock.now().getTime();
    const club = new Club(rule, nowMs, prices);
    const server = createServer(async (request, response) => {
      const body = await text(request);
      try {
        club.handle(stripe.webhooks.constructEvent(body, String(request.headers['stripe-signature']), webhookSecret));
        response.writeHead(200).end();
      } catch {
        response.writeHead(400).end();
      }
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const webhookUrl = `http://127.0.0.1:${port}/webhook`;

    return {
      webhookUrl,
      ...(rule.hasJob && {
        poll: async () => {
          for (const event of (await stripe.events.list({ limit: 100 })).data.toReversed()) club.handleOnce(event);
        },
        restart: async () => {
          for (const row of club.rows.values()) row.timerMs = undefined;
          return { webhookUrl };
        },
      }),
      subscriptions: {
        tells: ['plan', 'quantity'],
        start: async (wish) => {
          const membership = club.place(wish);
          const { plan, quantity = 1, trialDays } = wish;
          const { id: sessionId } = await stripe.checkout.sessions.create({
            mode: 'subscription',
            line_items: [{ price: prices[plan], quantity }],
            subscription_data: { metadata: { membership }, ...(trialDays === undefined ? {} : { trial_period_days: trialDays }) },
            success_url: 'http://127.0.0.1:1/thanks',
          });
          return { sessionId, membership };
        },
        stateOf: async (started) => {
          const row = club.rows.get((started as { readonly membership?: string }).membership ?? '');
          if (!row) throw new Error('There is no such membership.');
          return { access: rule.isIn(row, nowMs()), welcomed: row.welcomed, plan: row.plan as SubscriptionPlan, quantity: row.quantity };
        },
      },
      settled: async () => undefined,
      close: async () => server.close(),
    };
  };
}

class Club {
  readonly rows = new Map<string, Row>();
  readonly #rule: Rule;
  readonly #nowMs: () => number;
  readonly #planOf: (price: string) => string;
  readonly #handled = new Set<string>();

  constructor(rule: Rule, nowMs: () => number, prices: Readonly<Record<string, string>>) {
    this.#rule = rule;
    this.#nowMs = nowMs;
    this.#planOf = (price) => Object.entries(prices).find(([, id]) => id === price)?.[0] ?? '';
  }

  /** Answers the id of the row. */
  place({ memberId, plan, quantity = 1 }: SubscriptionWish): string {
    const membership = this.#rule.rows ? memberId : `membership-${this.rows.size + 1}`;
    const fresh = { status: 'none', untilMs: 0, over: false, customer: undefined, welcomed: 0, plan, quantity, timerMs: undefined };
    this.rows.set(membership, this.rows.get(membership) ?? fresh);
    return membership;
  }

  handleOnce(event: Stripe.Event): void {
    if (!this.#handled.has(event.id)) this.handle(event);
  }

  handle(event: Stripe.Event): void {
    this.#handled.add(event.id);
    const row = this.#rowOf(event);
    if (!row) return;
    const before = this.#rule.isIn(row, this.#nowMs());
    if (event.type.startsWith('customer.subscription.')) {
      const { customer, items } = event.data.object as Stripe.Subscription;
      const [item] = items.data;
      Object.assign(row, { customer, ...(item && { plan: this.#planOf(item.price.id), quantity: item.quantity }) });
    }
    this.#rule.hear(row, event, this.#nowMs());
    if (!before && this.#rule.isIn(row, this.#nowMs()) && row.welcomed === 0) row.welcomed = 1;
  }

  #rowOf({ type, data }: Stripe.Event): Row | undefined {
    const { customer, metadata, parent } = data.object as Pick<Stripe.Invoice, 'customer' | 'metadata' | 'parent'>;
    // A customer is known from the subscription's own events on.
    if (this.#rule.knows === 'customer' && !type.startsWith('customer.subscription.')) {
      return [...this.rows.values()].find((row) => row.customer !== undefined && row.customer === customer);
    }
    const { membership = '' } = (type.startsWith('invoice.') ? parent?.subscription_details?.metadata : metadata) ?? {};
    return this.rows.get(membership);
  }
}
