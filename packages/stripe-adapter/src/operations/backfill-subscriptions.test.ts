// The subscriptions at Stripe that the ledger lacks: at the sandbox, over sockets.
import { expect, test } from 'vitest';
import { subscriptionMetadata } from '../mapping/claim.ts';
import { type Members, openMembers } from '../members.test-support.ts';
import { backfillSubscriptions, type ShopSubscription } from './index.ts';

/** What a dry run says; it must write nothing. The run must say the same. */
async function filled(members: Members, subscriptions: readonly ShopSubscription[] = [], formerLedgers: readonly string[] = []) {
  const before = await members.events();
  const on = { ...members.on, formerLedgers };
  const { calls: _, ...dry } = await backfillSubscriptions(on, { subscriptions, dryRun: true });
  expect(await members.events()).toBe(before);
  const { calls: __, ...result } = await backfillSubscriptions(on, { subscriptions });
  expect(result).toEqual(dry);
  await members.ledger.settle();
  return result;
}

async function started(members: Members, subscriptionId: string): Promise<string> {
  const { ledger, sandbox } = members;
  await ledger.placeSubscription({ subscriptionId, memberId: 'member-1', plan: 'silver', account: sandbox.account, livemode: false });
  return members.subscribed('silver', subscriptionMetadata('paidonce', subscriptionId, await ledger.forAdapters.ensureLedgerId()));
}

test('one of ours whose every event was lost becomes a membership, once, and the shop is informed', async () => {
  const members = await openMembers();
  const sub = await started(members, 'club-1');
  expect(await filled(members)).toMatchObject({
    examined: 1,
    granted: 1,
    problems: [],
    subscriptions: [{ subscription: sub, status: 'active' }],
  });
  expect(members.delivered).toEqual(['member-1 granted 1']);
  expect(await filled(members)).toMatchObject({ examined: 1, granted: 0, known: 1 });
  expect(members.delivered).toEqual(['member-1 granted 1']);
});

test('strangers are counted, and left alone', async () => {
  const members = await openMembers();
  await members.subscribed('silver');
  expect(await filled(members)).toMatchObject({ examined: 0, granted: 0, notOurs: 1, problems: [] });
  expect(await members.events()).toBe(0);
});

test('of the list: what the shop serves is settled, what is paid and locked out is granted and delivered, the rest is compared', async () => {
  const members = await openMembers();
  const [served, waiting, over, unpaid] = [
    await members.subscribed('silver'),
    await members.subscribed('silver'),
    await members.subscribed('silver'),
    await members.subscribed('silver'),
  ];
  for (const ended of [over, unpaid]) await members.stripe.subscriptions.cancel(ended);
  const result = await filled(members, [
    { subscription: served, memberId: 'served', plan: 'silver', active: true },
    { subscription: waiting, memberId: 'waiting', plan: 'silver', active: false },
    { subscription: over, memberId: 'over', plan: 'silver', active: false },
    { subscription: unpaid, memberId: 'unpaid', plan: 'silver', active: true },
    { subscription: 'sub_gone', memberId: 'gone', plan: 'silver', active: true },
  ]);
  expect(result).toMatchObject({ examined: 5, imported: 2, granted: 1, notOurs: 0 });
  expect(result.differing).toMatchObject([{ subscription: unpaid, kinds: ['active_but_unpaid'] }]);
  expect(result.problems).toEqual([expect.stringContaining('sub_gone')]);
  expect(members.delivered).toEqual(['waiting granted 1']);
});

test('what a lost log made is brought in by the list, under the ids of then, and not welcomed again', async () => {
  const members = await openMembers();
  const sub = await members.subscribed('silver', subscriptionMetadata('paidonce', 'club-1', 'lost-1'));
  expect(await filled(members)).toMatchObject({ notOurs: 1 });
  expect(await filled(members, [], ['lost-1'])).toMatchObject({
    problems: [`${sub}: it names subscription club-1, which is not placed; list it among --members`],
  });
  const listed = { subscription: sub, memberId: 'member-1', plan: 'silver', active: true, subscriptionId: 'club-1' };
  expect(await filled(members, [listed], ['lost-1'])).toMatchObject({ imported: 1, problems: [], differing: [] });
  expect(await members.ledger.subscription('club-1')).toMatchObject({ status: 'active', delivered: 1 });
  expect(members.delivered).toEqual([]);
});
