// What `paidonce compare --repair` does in the simulated world, with the functions that it uses: it runs beside the processes,
// and delivers nothing itself.
import { openMemoryEventStore } from '../../event-store/memory.ts';
import type { Runtime } from '../../runtime.ts';
import { askDelivery } from '../../streams/ask-delivery.ts';
import { openOrderStreams } from '../../streams/order-streams.ts';
import { openTransactions } from '../../streams/transact.ts';
import type { Incarnation } from './incarnation.ts';
import type { ProcessOptions } from './options.ts';
import type { Stage } from './stage.ts';
import type { World } from './world.ts';

const by = { actor: 'support', reason: 'compared' };

export async function compareAndRepair({ world, auditor, shop, headWaiters }: Stage): Promise<void> {
  const chance = world.random.fork();
  const runtime: Runtime = {
    now: () => world.wallTime(0),
    monotonicNowMs: () => world.scheduler.nowMs,
    random: () => chance.fraction(),
    uuid: () => chance.uuid(),
    sleep: async () => undefined,
    patience: 1,
  };
  const operator = operatorOf(world);
  const transactions = openTransactions({ store: openMemoryEventStore({ log: world.log }), runtime, instance: '' });
  const orders = openOrderStreams(transactions, world.options.policy, {});
  for (const { orderId, decisions, status, settled } of auditor.log.orders.values()) {
    const row = shop.memberships.get(orderId);
    const sequence = decisions.length;
    if (sequence === 0) {
      shop.memberships.delete(orderId); // A person ends what nobody paid for.
      continue;
    }
    if (row?.sequence === sequence && row.status === status) continue;
    const calledSince =
      settled === sequence && [...decisions[sequence - 1]!.deliverers].some((each) => !each.dead && each.options.delivers);
    if (world.options.shopAnswers && calledSince && row !== undefined && row.sequence > sequence) {
      world.report('law 9: who answers is not left ahead', `${orderId}: the shop has ${row.sequence}, delivered was ${sequence}`);
    }
    if (row !== undefined && row.sequence >= sequence) {
      await askDelivery(orders, orderId, { sequence, stored: row.sequence }, by);
      world.coverage.met('compared: decided above the shop');
    } else if (settled === sequence) {
      await askDelivery(orders, orderId, { sequence }, by);
      world.coverage.met('compared: delivered again');
    }
    auditor.readAppended(operator);
  }
  const woken = [...headWaiters];
  headWaiters.clear();
  for (const wake of woken) wake();
}

function operatorOf({ options: { policy } }: World): Incarnation {
  const options: ProcessOptions = {
    name: 'operator',
    delivers: false,
    background: false,
    readModels: 'lost',
    policy,
    release: 'newer',
    wallSkewMs: 0,
    monotonicOriginMs: 0,
  };
  const party = { name: 'operator', paused: false };
  return { party, options, release: 'newer', underWay: new Set(), alerted: new Set(), dead: false };
}
