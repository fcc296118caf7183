// The pages of subscriptions on a real ledger: what a typed stand-in of the ledger cannot show.
import { createPaymentLedger, type PaymentLedger, type SubscriptionFact } from '@paidonce/ledger';
import { openMemoryEventStore } from '@paidonce/ledger/memory';
import type { StripePayments } from '@paidonce/stripe-adapter';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Permission } from '../console-call.ts';
import { paymentConsole } from '../fetch.ts';
import { liveSubscriptions, paidMonth, type Told } from './subscriptions.test-support.ts';

const day = 86_400_000;

function opened({ may }: { readonly may?: readonly Permission[] } = {}) {
  const world = liveSubscriptions();
  onTestFinished(() => world.ledger[Symbol.asyncDispose]());
  const rechecked: unknown[] = [];
  const recheck: StripePayments['recheck'] = async (name, options) => {
    rechecked.push([name, options?.of]);
    const subscription = await world.ledger.subscription(name);
    return { objects: [], ...(subscription ? { subscription } : {}) };
  };
  const payments = { ledger: world.ledger, recheck } as StripePayments;
  const handler = paymentConsole({ payments, authenticate: () => ({ actor: 'sup-3', ...(may ? { may } : {}) }) });
  const ask = async (path: string, lang = 'en'): Promise<Response> =>
    handler(
      new Request(`http://shop.example/admin/payments/${path}`, { headers: { accept: 'text/html', cookie: `paidonce_lang=${lang}` } }),
    );
  const read = async (path: string, lang?: string): Promise<string> => (await ask(path, lang)).text();
  const send = (path: string, fields: Record<string, string>): Promise<Response> =>
    handler(
      new Request(`http://shop.example/admin/payments/${path}`, {
        method: 'POST',
        body: new URLSearchParams(fields),
        headers: { accept: 'text/html', 'sec-fetch-site': 'same-origin' },
      }),
    );
  return { ...world, ask, read, send, rechecked };
}
/** A member who paid after the end: the review `paid_after_end` is open. */
async function paidAfterTheEnd({ tell, now }: { readonly tell: Told; readonly now: number }): Promise<void> {
  await tell('club-9', paidMonth('in_9a', now - 60 * day), { kind: 'lifecycle', status: 'active', customer: 'cus_9', items: [] });
  const endedAt = new Date(now - 20 * day).toISOString();
  await tell('club-9', { kind: 'lifecycle', status: 'canceled', endedAt, customer: 'cus_9', items: [] } as SubscriptionFact);
  await tell('club-9', paidMonth('in_9b', now - 5 * day));
}
const revisionOf = async (ledger: PaymentLedger, id: string): Promise<string> => String((await ledger.subscription(id))?.revision ?? -1);

test('a subscription that is paid for: its page says until when, what comes next, and each period', async () => {
  const { tell, read, ask, now } = opened();
  await tell('club-7', paidMonth('in_7a', now - 40 * day), { kind: 'lifecycle', status: 'active', customer: 'cus_7', items: [] });
  await tell('club-7', paidMonth('in_7b', now - 10 * day));
  const text = await read('subscriptions/club-7');
  expect(text).toContain('Subscription club-7');
  expect(text).toContain('The renewal is expected on');
  expect(text).toContain('2 paid, 0 held, 0 given back');
  expect(text).toContain('in_7b');
  expect(await read('subscriptions/club-7', 'zh-TW')).toContain('接下來');
  for (const id of ['club-7', 'sub_club-7', 'in_7b'])
    expect((await ask(`find?q=${id}`)).headers.get('location')).toMatch(/subscriptions\/club-7$/);
  expect(await read('members/m-club-7')).toContain('has access through subscription');
  expect((await ask('subscriptions/club-0')).status).toBe(404);
});

test('a renewal that failed stands in the list of dunning, with the date until which the member gets in', async () => {
  const { tell, read, now } = opened();
  await tell('club-8', paidMonth('in_8a', now - 32 * day), { kind: 'lifecycle', status: 'active', customer: 'cus_8', items: [] });
  await tell(
    'club-8',
    { kind: 'invoice', id: 'in_8b', status: 'open' },
    { kind: 'lifecycle', status: 'past_due', customer: 'cus_8', items: [] },
  );
  expect(await read('subscriptions/dunning')).toContain('club-8');
  expect(await read('subscriptions/club-8')).toContain('Stripe tries to collect the renewal');
  expect(await read('subscriptions/due')).toContain('Nothing waits.');
});

test('what is due says that the poll asks first', async () => {
  const { tell, read, now } = opened();
  await tell('club-6', paidMonth('in_6a', now - 35 * day), { kind: 'lifecycle', status: 'active', customer: 'cus_6', items: [] });
  expect(await read('subscriptions/due')).toContain('club-6');
  expect(await read('subscriptions/club-6')).toContain('Due for a look since');
  expect(await read('')).toContain('subscriptions/due');
});

describe('a payment after the end', () => {
  test('is in the queue of reviews; accepted, the member gets in, and it is in the timeline with the reason', async () => {
    const world = opened();
    await paidAfterTheEnd(world);
    const { ledger, read, send } = world;
    expect(await read('queues/reviews')).toContain('Paid after the end');
    const page = await read('subscriptions/club-9');
    expect(page).toContain('m-club-9 gets access now');
    expect(page).toContain('m-club-9 has no access, as now.');
    const reviewId = (await ledger.subscription('club-9'))?.openReviews[0]?.reviewId ?? '';
    const fields = { seenRevision: await revisionOf(ledger, 'club-9'), resolution: 'grant', reason: 'ticket 12' };
    const answer = await send(`subscriptions/club-9/reviews/${reviewId}`, fields);
    expect(answer.status).toBe(303);
    expect(await ledger.subscription('club-9')).toMatchObject({ status: 'active', openReviews: [] });
    expect(await read('subscriptions/club-9')).toContain('ticket 12');
    // The second one who has the page open changes nothing, and sees what the first did.
    const late = await send(`subscriptions/club-9/reviews/${reviewId}`, { ...fields, resolution: 'revoke', reason: 'mine' });
    expect(late.status).toBe(409);
    const told = await late.text();
    expect(told).toContain('Nothing was done: the subscription has changed');
    expect(told).toContain('ticket 12');
    expect(told).toContain('mine');
  });
  test('without a reason the form comes back with what was chosen, and nothing is done', async () => {
    const world = opened();
    await paidAfterTheEnd(world);
    const reviewId = (await world.ledger.subscription('club-9'))?.openReviews[0]?.reviewId ?? '';
    const seenRevision = await revisionOf(world.ledger, 'club-9');
    const answer = await world.send(`subscriptions/club-9/reviews/${reviewId}`, { seenRevision, resolution: 'grant', reason: '' });
    expect(answer.status).toBe(422);
    expect(await answer.text()).toContain('This is needed.');
    expect((await world.ledger.subscription('club-9'))?.openReviews).toHaveLength(1);
  });
  test('who may only read sees no form, and a forged one is refused', async () => {
    const world = opened({ may: ['read'] });
    await paidAfterTheEnd(world);
    const page = await world.read('subscriptions/club-9');
    expect(page).not.toContain('name="reason"');
    expect(page).not.toContain('Look again at Stripe');
    for (const path of ['reviews/r1', 'redeliver', 'recheck'])
      expect((await world.send(`subscriptions/club-9/${path}`, { seenRevision: '1', resolution: 'grant', reason: 'x' })).status).toBe(403);
  });
});

test('a review of the subscription as a whole, as where a member has two, can be closed, and nothing else', async () => {
  const { tell, ledger, now, read, send } = opened();
  await tell('club-20', paidMonth('in_20', now - 9 * day), { kind: 'lifecycle', status: 'active', customer: 'cus_20', items: [] });
  const subscription = { provider: 'stripe', account: 'acct_1', livemode: false, id: 'sub_second' };
  const fact = paidMonth('in_21', now - 8 * day);
  const statement = { fact, asOf: new Date(now).toISOString(), evidence: { objectId: 'in_21' }, occurredAt: fact.lines[0]?.from ?? '' };
  await ledger.observeSubscription({ subscription, subscriptionId: 'club-20', source: 'webhook', statements: [statement] });
  await ledger.settle();
  expect((await ledger.subscription('sub_second'))?.openReviews).toMatchObject([{ reviewId: 'r1', kind: 'double_subscription' }]);

  const page = await read('subscriptions/sub_second');
  expect(page).toContain('value="dismiss"');
  expect(page).not.toContain('value="revoke"');
  const path = 'subscriptions/sub_second/reviews/r1';
  const fields = { seenRevision: await revisionOf(ledger, 'sub_second'), resolution: 'dismiss', reason: 'ticket 21' };
  // The same form sent twice has done it; who sends another one of that page has not.
  for (const answer of [await send(path, fields), await send(path, fields)])
    expect(answer.headers.get('location')).toMatch(/sub_second\?did=[^&]+$/);
  expect((await ledger.subscription('sub_second'))?.openReviews).toEqual([]);
  expect((await send(path, { ...fields, reason: 'ticket 22' })).headers.get('location')).toContain('again=1');
});

test('to look again at Stripe is to look at the subscription, also where an order has its id', async () => {
  const { tell, now, send, rechecked } = opened();
  await tell('club-7', paidMonth('in_7a', now - 10 * day));
  expect((await send('subscriptions/club-7/recheck', {})).status).toBe(303);
  expect(rechecked).toEqual([['club-7', 'subscription']]);
});

test('a decision that the shop does not have is in the queue, and delivered again from its page', async () => {
  const world = opened();
  const { tell, read, send, ledger, now, delivered } = world;
  world.refuse(true);
  await tell('club-5', paidMonth('in_5a', now - 1 * day), { kind: 'lifecycle', status: 'active', customer: 'cus_5', items: [] });
  expect(await read('queues/undelivered')).toContain('club-5');
  expect(await read('subscriptions/club-5')).toContain('Not delivered');
  world.refuse(false);
  const seenRevision = await revisionOf(ledger, 'club-5');
  const answer = await send('subscriptions/club-5/redeliver', { seenRevision, reason: 'ticket 5' });
  expect(answer.status).toBe(303);
  expect(delivered.map(({ membershipId }) => membershipId)).toContain('club-5');
  expect(await read(`subscriptions/club-5${new URL(answer.headers.get('location') ?? '', 'http://shop.example/a/b/c').search}`)).toContain(
    'Saved by your shop',
  );
});

test('a ledger without subscriptions has none of their pages, and no word of them', async () => {
  await using ledger = createPaymentLedger({ eventStore: openMemoryEventStore(), background: false });
  const payments = { ledger, recheck: async () => ({ objects: [] }) } as Partial<StripePayments> as StripePayments;
  const handler = paymentConsole({ payments, authenticate: () => ({ actor: 'sup-3' }) });
  const ask = (path: string) => handler(new Request(`http://shop.example/admin/payments/${path}`, { headers: { accept: 'text/html' } }));
  for (const path of ['subscriptions/due', 'subscriptions/dunning', 'subscriptions/club-7']) expect((await ask(path)).status).toBe(404);
  expect(await (await ask('')).text()).not.toContain('Subscriptions');
});
