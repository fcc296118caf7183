// Three handlers that many shops have, each with a rule of its own for who is in. All verify signatures, know their members by
// metadata, and read Stripe's objects as they come.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import Stripe from 'stripe';
import type { BootClub, SubscriptionPlan } from './shop-under-test.ts';

export type NaiveRule =
  /** The status of the subscription is copied from each event; `active` and `trialing` are in. */
  | 'active-means-in'
  /** Each event of a paid invoice adds a month. */
  | 'extend-on-each-invoice-event'
  /** The latest end of any line of an invoice that was paid. */
  | 'until-the-latest-paid-end';

interface Row {
  status: string;
  untilMs: number;
  welcomed: number;
  plan: string;
  quantity: number;
}

const monthMs = 31 * 86_400_000;

export function naiveClub(rule: NaiveRule): BootClub {
  return async ({ secretKey, webhookSecret, clientConfig, clock, prices }) => {
    const stripe = new Stripe(secretKey, { ...clientConfig });
    const rows = new Map<string, Row>();
    const planOf = (price: unknown): string => Object.entries(prices).find(([, id]) => id === price)?.[0] ?? '';
    const hasAccess = ({ status, untilMs }: Row): boolean =>
      rule === 'active-means-in' ? status === 'active' || status === 'trialing' : untilMs > clock.now().getTime();

    const onSubscription = ({ metadata, status, items }: Stripe.Subscription): void => {
      const row = rows.get(metadata['membership'] ?? '');
      const [item] = items.data;
      if (!row || !item) return;
      Object.assign(row, { status, plan: planOf(item.price.id), quantity: item.quantity });
    };
    const onPaidInvoice = ({ parent, lines }: Stripe.Invoice): void => {
      const row = rows.get(parent?.subscription_details?.metadata?.['membership'] ?? '');
      if (!row) return;
      if (rule === 'extend-on-each-invoice-event') row.untilMs = Math.max(row.untilMs, clock.now().getTime()) + monthMs;
      else row.untilMs = Math.max(row.untilMs, ...lines.data.map(({ period }) => period.end * 1_000));
    };
    const handle = (event: Stripe.Event): void => {
      const before = new Map([...rows].map(([id, row]) => [id, hasAccess(row)]));
      if (event.type.startsWith('customer.subscription.')) onSubscription(event.data.object as Stripe.Subscription);
      if (event.type === 'invoice.paid') onPaidInvoice(event.data.object);
      for (const [id, row] of rows) {
        if (hasAccess(row) && !before.get(id) && row.welcomed === 0) row.welcomed = 1;
      }
    };

    const server = createServer(async (request, response) => {
      const body = await text(request);
      try {
        handle(stripe.webhooks.constructEvent(body, String(request.headers['stripe-signature']), webhookSecret));
        response.writeHead(200).end();
      } catch {
        response.writeHead(400).end();
      }
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;

    return {
      webhookUrl: `http://127.0.0.1:${port}/webhook`,
      subscriptions: {
        tells: ['plan', 'quantity'],
        start: async ({ plan, quantity = 1, trialDays }) => {
          const membership = `membership-${rows.size + 1}`;
          rows.set(membership, { status: 'none', untilMs: 0, welcomed: 0, plan, quantity });
          const { id: sessionId } = await stripe.checkout.sessions.create({
            mode: 'subscription',
            line_items: [{ price: prices[plan], quantity }],
            subscription_data: { metadata: { membership }, ...(trialDays === undefined ? {} : { trial_period_days: trialDays }) },
            success_url: 'http://127.0.0.1:1/thanks',
          });
          return { sessionId, membership };
        },
        stateOf: async (started) => {
          const row = rows.get((started as { readonly membership?: string }).membership ?? '');
          if (!row) throw new Error('There is no such membership.');
          return { access: hasAccess(row), welcomed: row.welcomed, plan: row.plan as SubscriptionPlan, quantity: row.quantity };
        },
      },
      settled: async () => undefined,
      close: async () => server.close(),
    };
  };
}
