// Law 3 over both kinds, and law 7: real transactions of two processes on one log, and a scheduler between them and the store that
// decides which of their calls comes next, and whether one of them dies.
import { expect, test } from 'vitest';
import { openMemoryEventStore } from './event-store/memory.ts';
import { instantRuntime } from './instant-runtime.test-support.ts';
import { exploreAll } from './interleavings.test-support.ts';
import { order1 } from './order/example-order.test-support.ts';
import { everything } from './payment-process.test-support.ts';
import type { SubscriptionFact, SubscriptionObservation } from './subscription/observation.ts';
import { allocation, day, lifecycle, month, reference1, refund } from './subscription/story.test-support.ts';
import {
  checkForwarded,
  checkSubscriptions,
  openSubscriptionProcess,
  type SubscriptionProcess,
} from './subscription-process.test-support.ts';

function told(facts: readonly SubscriptionFact[], of = 'sub_1', named = 's1'): SubscriptionObservation {
  const statements = facts.map((fact) => ({ fact, asOf: day(0), evidence: { objectId: of } }));
  return { source: 'webhook', subscription: { ...reference1, id: of }, subscriptionId: named, statements };
}
const batch = told([month('in_1', 0, { reason: 'create' }), lifecycle('active'), allocation('inpay_1', 'in_1', 'pi_1')]);
const { payment, ...back } = refund('pi_1');
const refunded = { payment, aliases: ['ch_1'], fact: back, asOf: day(1), evidence: { objectId: 're_1' }, source: 'webhook' } as const;

type Task = (process: SubscriptionProcess) => Promise<unknown>;

/** Answers how many interleavings there were. @param check what must hold once the sources have tried again and all is rolled forward. */
function explore(
  {
    tasks,
    crashes,
    before = async () => undefined,
  }: { readonly tasks: readonly Task[]; readonly crashes: boolean; readonly before?: Task },
  check: (process: SubscriptionProcess) => Promise<void>,
): Promise<number> {
  return exploreAll({ preemptions: crashes ? 1 : 3, crashes }, async (explorer) => {
    const outside = openSubscriptionProcess(openMemoryEventStore({ log: explorer.log }), instantRuntime('outside'));
    await outside.place('s1');
    await before(outside);
    const processes = tasks.map((_, index) => openSubscriptionProcess(explorer.store(`p${index}`), instantRuntime(`p${index}`)));
    const { crashed } = await explorer.run(tasks.map((task, index) => () => task(processes[index] ?? outside)));
    const next = openSubscriptionProcess(openMemoryEventStore({ log: explorer.log }), instantRuntime('next'));
    await next.rollForward();
    checkForwarded(checkSubscriptions(await everything(openMemoryEventStore({ log: explorer.log }))));
    if (crashed !== undefined) for (const task of tasks) await task(next);
    checkForwarded(checkSubscriptions(await everything(openMemoryEventStore({ log: explorer.log }))));
    await check(next);
  });
}

test.each([false, true])('a refund meets the first facts of its subscription: it counts there (one may die: %s)', async (crashes) => {
  const tasks: readonly Task[] = [({ writer }) => writer.observe(batch), ({ payments }) => payments.observe(refunded)];
  const runs = await explore({ tasks, crashes }, async ({ subscriptions }) => {
    const { membership, facts } = await subscriptions.read('s1');
    expect(facts.payments).toMatchObject([{ refunds: [{ status: 'succeeded' }] }]);
    expect(['none', 'revoked']).toContain(membership); // Which, depends on what came first; access is the same.
  });
  expect(runs).toBeGreaterThan(50);
});

test('an order and a subscription claim one payment: the first link wins, and the other waits for a person', async () => {
  const checkout = { payment, attachedAt: day(0) };
  const tasks: readonly Task[] = [
    ({ writer }) => writer.observe(batch),
    ({ payments }) =>
      payments.attach('order-1', checkout).catch((error: unknown) => expect(error).toMatchObject({ code: 'belongs_to_subscription' })),
  ];
  const before: Task = ({ orders }) => orders.command('order-1', 'place', { type: 'place', order: order1 });
  const owners = new Set<string>();
  await explore({ tasks, crashes: false, before }, async ({ subscriptions, payments }) => {
    const owner = (await payments.orderOf('pi_1'))?.orderId ?? 's1';
    owners.add(owner);
    const { reviews, membership } = await subscriptions.read('s1');
    expect([membership, reviews.map(({ kind }) => kind)]).toEqual(['active', owner === 's1' ? [] : ['claimed_by_two']]);
  });
  expect([...owners].sort()).toEqual(['order-1', 's1']);
});

test('two subscriptions of the provider name one in the same moment: both are paid for, and a person is asked', async () => {
  const other = told([month('in_9', 0, { reason: 'create' }), allocation('inpay_9', 'in_9', 'pi_9')], 'sub_2');
  const tasks: readonly Task[] = [({ writer }) => writer.observe(batch), ({ writer }) => writer.observe(other)];
  await explore({ tasks, crashes: false }, async ({ subscriptions }) => {
    const all = await Promise.all(['s1', 'sub_1', 'sub_2'].map((id) => subscriptions.read(id)));
    const invoices = all.flatMap(({ facts }) => facts.invoices.map(({ id }) => id));
    expect(invoices.sort()).toEqual(['in_1', 'in_9']);
    expect(all.flatMap(({ reviews }) => reviews.map(({ kind }) => kind))).toEqual(['double_subscription']);
  });
});
