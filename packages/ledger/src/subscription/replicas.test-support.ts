// Three replicas with stale states over one stream: each decides on what it knows, and the expected revision of its append is all
// that keeps them from deciding twice.
import { createMemoryLog, openMemoryEventStore } from '../event-store/memory.ts';
import { instantRuntime } from '../instant-runtime.test-support.ts';
import type { Aggregate } from '../streams/aggregate.ts';
import { openTransactions, type Transactions } from '../streams/transact.ts';
import type { Random } from '../testing/simulation/random.ts';
import { count, isOnce, lawOf, type Met, matches } from './checks.test-support.ts';
import { decide, type SubscriptionCommand } from './decide.ts';
import { readSubscriptionEvent, versionOfSubscriptionEvent } from './event-schemas.ts';
import { isSubscriptionDecision, type SubscriptionEvent } from './events.ts';
import { anyLife } from './lives.test-support.ts';
import type { SubscriptionPolicy } from './policy.ts';
import { observedOf, placed, type Row, rowAfter } from './subject.test-support.ts';
import { evolve, noSubscription, type SubscriptionState } from './subscription.ts';
import { shuffled } from './tellings.test-support.ts';

const aggregate: Aggregate<SubscriptionState, SubscriptionEvent> = {
  stream: (id) => `subscription-${id}`,
  initial: noSubscription,
  read: readSubscriptionEvent,
  evolve,
  versionOf: versionOfSubscriptionEvent,
};

export async function proveReplicas(random: Random, met: Met): Promise<void> {
  const { policy, tellings } = anyLife(random);
  const lastLook = tellings.at(-1)!;
  const told = [...shuffled(random, tellings.slice(0, -1)).slice(0, 40), lastLook];
  const log = createMemoryLog();
  const replicas = Array.from({ length: 3 }, (_, index) =>
    openTransactions({ store: openMemoryEventStore({ log }), runtime: instantRuntime(`p${index}`), instance: `p${index}` }),
  );
  await send(replicas[0]!, policy, { type: 'place', subscription: placed });
  for (let next = 0; next < told.length; ) {
    // Some are told at the same time, each to a replica that may have heard of nothing since it was last asked.
    const together = told.slice(next, next + random.between(1, 3));
    next += together.length;
    await Promise.all(together.map((telling) => send(random.pick(replicas), policy, { type: 'observe', observed: observedOf(telling) })));
  }
  await Promise.all(replicas.map((replica) => send(replica, policy, { type: 'observe', observed: observedOf(lastLook) })));
  const events = await replicas[1]!.history(aggregate, placed.subscriptionId);
  const decisions = events.filter(isSubscriptionDecision);
  matches(
    'S2 of three replicas with stale states',
    decisions.reduce(rowAfter, { status: 'none' } as Row),
    lawOf(told.flatMap(observedOf), policy),
  );
  isOnce(decisions);
  count(met, 'three replicas');
}

async function send(replica: Transactions, policy: SubscriptionPolicy, command: SubscriptionCommand): Promise<void> {
  await replica.transact(aggregate, placed.subscriptionId, { cause: 'test' }, (before) => {
    const events = decide(before, command, policy);
    return { events, answer: undefined };
  });
}
