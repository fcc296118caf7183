// A ledger of subscriptions in memory, whose clock stands still unless a test moves it, and short words for what Stripe says.
import {
  createPaymentLedger,
  type PaidInvoice,
  type PaymentLedger,
  type SubscriptionChange,
  type SubscriptionFact,
} from '@paidonce/ledger';
import { openMemoryEventStore } from '@paidonce/ledger/memory';

const now = Date.parse('2026-11-29T02:14:07.000Z');
const day = 86_400_000;

/** Tells facts of the subscription, as of now; it is placed first. Then the lists have them. */
export type Told = (subscriptionId: string, ...facts: readonly SubscriptionFact[]) => Promise<void>;

export interface LiveSubscriptions {
  readonly ledger: PaymentLedger;
  readonly now: number;
  readonly tell: Told;
  readonly delivered: SubscriptionChange[];
  /** Whether the shop refuses to save. */
  refuse(isRefusing: boolean): void;
  /** Moves the clock. */
  wait(ms: number): void;
}

export function liveSubscriptions(): LiveSubscriptions {
  const delivered: SubscriptionChange[] = [];
  let isRefusing = false;
  let waitedMs = 0;
  const ledger = createPaymentLedger({
    eventStore: openMemoryEventStore(),
    background: false,
    readModels: ':memory:',
    runtime: { now: () => new Date(now + waitedMs), patience: 50 },
    subscriptions: {
      policy: { plans: { club: ['price_club'] } },
      deliver: async (change) => {
        if (isRefusing) throw new Error('the table is locked');
        delivered.push(change);
      },
    },
  });
  const tell: Told = async (subscriptionId, ...facts) => {
    const subscription = { provider: 'stripe', account: 'acct_1', livemode: false, id: `sub_${subscriptionId}` };
    await ledger.placeSubscription({ subscriptionId, memberId: `m-${subscriptionId}`, plan: 'club', account: 'acct_1', livemode: false });
    const statements = facts.map((fact) => ({
      fact,
      asOf: new Date(now).toISOString(),
      evidence: { objectId: subscription.id },
      ...(fact.kind === 'invoice' && fact.status === 'paid' ? { occurredAt: fact.lines[0]?.from ?? '' } : {}),
    }));
    await ledger.observeSubscription({ subscription, subscriptionId, source: 'webhook', statements });
    if (!isRefusing) await ledger.settle();
  };
  return {
    ledger,
    now,
    tell,
    delivered,
    refuse: (refusing) => {
      isRefusing = refusing;
    },
    wait: (ms) => {
      waitedMs += ms;
    },
  };
}

/** One of each kind: paid, due, in dunning, held, given back, paid after its end, and one that the shop does not have. */
export async function tellShop({ tell, refuse }: LiveSubscriptions): Promise<void> {
  const active = { kind: 'lifecycle', status: 'active', customer: 'cus_1', items: [{ price: 'price_club', quantity: 1 }] } as const;
  const paidWith = (invoice: string, payment: string) =>
    ({ kind: 'allocation', id: `inpay_${invoice}`, invoice, payment, status: 'paid', amountMinor: 2_000 }) as const;
  const payment = (id: string) => ({ provider: 'stripe', account: 'acct_1', livemode: false, id });
  const months = [130, 100, 70, 40, 10].map((ago, at) => paidMonth(`in_1QTclub7000000000${at}`, now - ago * day));
  await tell('club-7', ...months, active, paidWith('in_1QTclub70000000002', 'pi_72'), paidWith('in_1QTclub70000000004', 'pi_74'));
  await tell('club-7', { kind: 'refund', id: 're_72', status: 'succeeded', amountMinor: 2_000, payment: payment('pi_72') });
  await tell('due-1', paidMonth('in_due1', now - 35 * day), active);
  await tell('dunning-1', paidMonth('in_dunning1', now - 32 * day), active);
  await tell('dunning-1', { kind: 'invoice', id: 'in_dunning2', status: 'open' }, { ...active, status: 'past_due' });
  await tell(
    'held-1',
    paidMonth('in_held0', now - 32 * day),
    paidMonth('in_held1', now - 2 * day),
    active,
    paidWith('in_held1', 'pi_held'),
  );
  await tell('held-1', {
    kind: 'dispute',
    id: 'du_held',
    status: 'open',
    amountMinor: 2_000,
    returnedDebit: false,
    movements: 1,
    payment: payment('pi_held'),
  });
  await tell('ended-1', paidMonth('in_ended1', now - 60 * day), active);
  await tell('ended-1', { ...active, status: 'canceled', endedAt: new Date(now - 20 * day).toISOString() });
  await tell('ended-1', paidMonth('in_ended2', now - 5 * day));
  refuse(true);
  await tell('unsaved-1', paidMonth('in_unsaved1', now - day), active);
}

/** A paid month of the club, which was paid when it began. */
export function paidMonth(id: string, fromMs: number): PaidInvoice {
  const [from, to] = [new Date(fromMs).toISOString(), new Date(fromMs + 30 * day).toISOString()];
  return {
    kind: 'invoice',
    id,
    status: 'paid',
    reason: 'cycle',
    currency: 'usd',
    totalMinor: 2_000,
    discountMinor: 0,
    taxMinor: 0,
    balanceMinor: 0,
    outsideMinor: 0,
    writtenOffMinor: 0,
    lines: [{ id: `il_${id}`, price: 'price_club', product: 'prod_club', from, to, role: 'base', quantity: 1, netMinor: 2_000 }],
  };
}

/** Pages of `tellShop` that have something of subscriptions on them. */
export const subscriptionPages: readonly string[] = [
  'subscriptions/club-7',
  'subscriptions/due-1',
  'subscriptions/dunning-1',
  'subscriptions/held-1',
  'subscriptions/ended-1',
  'subscriptions/unsaved-1',
  'subscriptions/due',
  'subscriptions/dunning',
  'queues/reviews',
  'queues/undelivered',
  'members/m-club-7',
  'find?q=m-d',
];
