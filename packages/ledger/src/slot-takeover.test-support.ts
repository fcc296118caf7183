// S13 where we start subscriptions: three people, or one with three browsers, start three plans at once for one member; a process
// dies at any point, and the customer pays every page that he was ever shown. Never are two subscriptions paid. Every state that
// can be reached is visited, over the real calls to the store; the provider is a fake that expires and completes sessions.
import type { Run, Scenario } from './all-states.test-support.ts';
import type { EventStore, StoredEvent } from './event-store/event-store.ts';
import { createMemoryLog, openMemoryEventStore } from './event-store/memory.ts';
import { instantRuntime } from './instant-runtime.test-support.ts';
import { holdersOf, memberSlotAggregate, openSlots, type Slots } from './streams/slot-streams.ts';
import { openSubscriptionStreams, type SubscriptionStreams } from './streams/subscription-streams.ts';
import { openTransactions } from './streams/transact.ts';
import { day, lifecycle, observed, placed1, policy1, reference1 } from './subscription/story.test-support.ts';

/** How a starter goes wrong. `none`: as an adapter does it. */
export type Order = 'none' | 'expires before it takes' | 'does not ask again' | 'expires the last holder alone';

export interface Options {
  readonly starters: number;
  readonly order?: Order;
  /** The webhook of a payment comes at once; else it never comes, and only the provider knows. */
  readonly isTold?: boolean;
}

type Session = 'open' | 'expired' | 'complete';

function openProcess(store: EventStore, name: string) {
  const runtime = instantRuntime(name);
  const transactions = openTransactions({ store, runtime, instance: '' });
  const subscriptions = openSubscriptionStreams({ transactions, shared: transactions }, policy1, {});
  return {
    subscriptions,
    slots: openSlots(transactions, subscriptions),
    holders: async () => holdersOf(await transactions.read(memberSlotAggregate, placed1.memberId), placed1.kind),
  };
}

/**
 * Stops in front of each call that another process could notice, or whose answer another one could change. @param isTold else nobody
 * but its starter appends to a subscription before the session is looked for, and that stops of itself.
 */
function gated(store: EventStore, run: Run, process: string, isTold: boolean): EventStore {
  const isOthers = (stream: string): boolean =>
    stream.startsWith('slot-') || (isTold && stream.startsWith('subscription-') && !stream.endsWith(process));
  return {
    append: (stream, revision, events) =>
      stream.startsWith('slot-') || stream.startsWith('subscription-')
        ? run.call(process, `append ${stream}`, () => store.append(stream, revision, events))
        : store.append(stream, revision, events),
    readStream: async (stream, options) => {
      if (!isOthers(stream)) return store.readStream(stream, options);
      let found: Awaited<ReturnType<EventStore['readStream']>> = [];
      await run.call(process, `read ${stream}`, async () => {
        found = await store.readStream(stream, options);
        return found.map(({ revision, data }) => [revision, data]); // Without ids and times, which differ in each run.
      });
      return found;
    },
    readLog: (options) => store.readLog(options),
    close: () => store.close(),
  };
}

class Provider {
  readonly sessions = new Map<string, Session>();
  readonly urls = new Set<string>();

  expire(id: string): Session {
    if (this.sessions.get(id) === 'open') this.sessions.set(id, 'expired');
    return this.sessions.get(id) ?? 'expired';
  }
}

const most = ['s0', 's1', 's2'];
/** What stands in the log before anybody starts. Made once, since every run begins with it. */
let placedOnce: Promise<readonly (readonly [string, readonly StoredEvent[]])[]> | undefined;
function placedStreams(): NonNullable<typeof placedOnce> {
  placedOnce ??= (async () => {
    const store = openMemoryEventStore({ log: createMemoryLog() });
    const { subscriptions } = openProcess(store, 'before');
    for (const subscriptionId of most) {
      await subscriptions.command(subscriptionId, 'place', { type: 'place', subscription: { ...placed1, subscriptionId } });
    }
    const streams = ['policy', ...most.map((id) => `subscription-${id}`)];
    return Promise.all(streams.map(async (stream) => [stream, await store.readStream(stream)] as const));
  })();
  return placedOnce;
}

export async function takeOver(run: Run, { starters, order = 'none', isTold = false }: Options): Promise<Scenario> {
  const store = openMemoryEventStore({ log: createMemoryLog() });
  const provider = new Provider();
  const outside = openProcess(store, 'outside');
  const ids = most.slice(0, starters);
  for (const [stream, events] of await placedStreams()) await store.append(stream, -1, events);
  const complete = (id: string) => async () => {
    provider.sessions.set(`cs_${id}`, 'complete');
    if (isTold)
      await outside.subscriptions.command(id, 'webhook', {
        type: 'observe',
        observed: [observed(day(0), lifecycle('active'), { subscription: { ...reference1, id: `sub_${id}` } })],
      });
  };
  return {
    processes: Object.fromEntries(
      ids.map((id) => [id, () => start(id, openProcess(gated(store, run, id, isTold), id), { run, provider, order, isTold })]),
    ),
    others: () =>
      ids
        .filter((id) => provider.urls.has(`cs_${id}`) && provider.sessions.get(`cs_${id}`) === 'open')
        .map((id) => ({ name: `pays:${id}`, go: complete(id) })),
    state: async () => {
      const slot = await store.readStream('slot-member-1');
      const attached = await Promise.all(ids.map(async (id) => (await store.readStream(`subscription-${id}`)).length));
      return [
        `slot ${slot.map(({ data }) => JSON.stringify(data)).join()}`,
        ...ids.map((id, index) => `${id} has ${attached[index]} events`),
        ...[...provider.sessions].map(([id, state]) => `${id} ${state}`),
        ...[...provider.urls].map((id) => `${id} shown`),
      ];
    },
    check: () => {
      const paid = [...provider.sessions].filter(([, state]) => state === 'complete');
      if (paid.length > 1) throw new Error(`two are paid: ${paid.map(([id]) => id).join(', ')}`);
    },
  };
}

interface Starter {
  readonly subscriptions: SubscriptionStreams;
  readonly slots: Slots;
  /** All that ever held the slot. */
  readonly holders: () => Promise<readonly string[]>;
}

/** What an adapter does. */
async function start(
  id: string,
  { subscriptions, slots, holders }: Starter,
  { run, provider, order, isTold }: { run: Run; provider: Provider; order: Order; isTold: boolean },
): Promise<'started' | 'refused'> {
  const expire = (session: string) => run.call(id, `expire ${session}`, () => provider.expire(session));
  async function isTaken(earlier: readonly string[]): Promise<boolean> {
    for (const other of earlier) {
      const read = () => subscriptions.read(other); // It stops by itself where `isTold`.
      const { checkouts } = isTold ? await read() : await run.call(id, `look for ${other}`, read);
      for (const { payment } of checkouts) {
        if ((await expire(payment.id)) !== 'complete') continue;
        await slots.giveBack(id, other);
        return true;
      }
    }
    return false;
  }
  if (order === 'expires before it takes') {
    if (await isTaken((await holders()).filter((each) => each !== id))) return 'refused';
  }
  const slot = await slots.take(id);
  if (slot.outcome === 'held') return 'refused';
  const earlier = order === 'expires the last holder alone' ? slot.earlier.slice(-1) : slot.earlier;
  if (order !== 'expires before it takes' && (await isTaken(earlier))) return 'refused';
  const session = `cs_${id}`;
  provider.sessions.set(session, 'open'); // Nobody can notice it yet.
  run.forget(id, 'has a session');
  const checkout = { payment: { ...reference1, id: session }, attachedAt: day(0) };
  await subscriptions.command(id, 'attach', { type: 'attach', checkout });
  if (order !== 'does not ask again' && (await slots.holder(id)) !== id) {
    await expire(session);
    return 'refused';
  }
  await run.call(id, 'answer', () => {
    provider.urls.add(session);
  });
  return 'started';
}
