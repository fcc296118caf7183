// One order, or one object, asked of Stripe again: sessions, payments, refunds and disputes, through the one write path.
// It is for whoever looks at a single case, and for objects that were kept because nobody could read them.
import { LedgerError, type OrderView, type PaymentReference, readOrderEvent } from '@paidonce/ledger';
import type { Way } from './intake.ts';
import type { ReadableType } from './stripe-calls.ts';
import { type StripeWork, scopeOf } from './stripe-work.ts';

export interface Rechecked {
  readonly looked: readonly { readonly objectId: string; readonly outcome: string }[];
  /** As it is now; absent: no order is known for the object. */
  readonly order?: OrderView;
}

const types: readonly (readonly [prefix: RegExp, type: ReadableType])[] = [
  [/^cs_/, 'checkout.session'],
  [/^pi_/, 'payment_intent'],
  [/^(?:re|pyr)_/, 'refund'],
  [/^(?:dp|du)_/, 'dispute'],
  [/^(?:ch|py)_/, 'charge'],
];

/**
 * @param name an order, or an object of Stripe by its id.
 * @throws LedgerError `order_unknown`: neither. `provider_unavailable`, and those of the ledger.
 */
export async function recheck(name: string, work: StripeWork): Promise<Rechecked> {
  const { ledger, intake } = work;
  const order = await ledger.order(name);
  const looked: { objectId: string; outcome: string }[] = [];
  if (order === undefined) {
    const type = types.find(([prefix]) => prefix.test(name))?.[1];
    if (type === undefined)
      throw new LedgerError('order_unknown', `There is no order ${name}, and it is no id of Stripe's. Which one is meant?`);
    const { accounts: all, livemode } = await scopeOf(work); // A refund does not tell its mode.
    const owner = await ledger.orderOf(name);
    let outcome = 'not_ours';
    for (const account of new Set([...(owner ? [owner.account] : []), ...all])) {
      const seen = { account, ...(livemode === undefined ? {} : { livemode }) };
      outcome = (await intake.takeById(type, name, wayOf(seen, ledger.runtime.now()))).outcome;
      if (outcome !== 'not_ours') break; // Ids are unique: on the other accounts Stripe has none such.
    }
    looked.push({ objectId: name, outcome });
    const found = await ledger.orderOf(name);
    return { looked, ...(found ? { order: found } : {}) };
  }
  for (const payment of await paymentsOf(order, work)) looked.push(...(await lookAt(payment, work)));
  return { looked, order: (await ledger.order(name)) ?? order };
}

/** Its checkouts, and the payments that anybody told of. */
async function paymentsOf({ orderId, checkouts }: OrderView, { ledger }: StripeWork): Promise<readonly PaymentReference[]> {
  const found = new Map(checkouts.map(({ payment }) => [payment.id, payment]));
  for (const stored of await ledger.history(orderId)) {
    const event = readOrderEvent(stored);
    if (event.type === 'PaymentObserved') found.set(event.data.payment.id, event.data.payment);
  }
  return [...found.values()].filter(({ provider }) => provider === 'stripe');
}

async function lookAt(payment: PaymentReference, { accounts, intake, ledger }: StripeWork): Promise<Rechecked['looked']> {
  const { id: objectId, account } = payment;
  const type = types.find(([prefix]) => prefix.test(objectId))?.[1];
  if (type === undefined) return [{ objectId, outcome: 'ignored' }];
  const way = wayOf(payment, ledger.runtime.now());
  const looked = [{ objectId, outcome: (await intake.takeById(type, objectId, way)).outcome }];
  if (type !== 'payment_intent') return looked;
  const calls = await accounts.calls(account);
  for (const page of [await calls.refunds({ payment_intent: objectId }), await calls.disputes(objectId)]) {
    const read = { ...way, asOf: page.asOf };
    for (const object of page.object.objects) {
      const { id = '' } = object as { readonly id?: string };
      looked.push({ objectId: id, outcome: (await intake.take(object, read)).outcome });
    }
  }
  return looked;
}

function wayOf({ account, livemode }: { readonly account: string; readonly livemode?: boolean }, now: Date): Way {
  return { source: 'poll', account, asOf: now.toISOString(), ...(livemode === undefined ? {} : { livemode }) };
}
