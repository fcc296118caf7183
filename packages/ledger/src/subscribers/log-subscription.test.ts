import { describe, expect, test } from 'vitest';
import { type EventStore, logStart, type Position, type StoredEvent } from '../event-store/event-store.ts';
import { openMemoryEventStore } from '../event-store/memory.ts';
import { type Faults, openFaultyStore, unknownOutcome } from '../faulty-store.test-support.ts';
import { instantRuntime } from '../instant-runtime.test-support.ts';
import type { Logger } from '../logger.ts';
import { type LogSubscription, openLogSubscription } from './log-subscription.ts';

function open({ handle, after = logStart }: { handle?: (ids: readonly string[]) => Promise<void> | void; after?: Position } = {}) {
  const inner = openMemoryEventStore();
  const faults: Faults = {};
  const store = openFaultyStore(inner, faults);
  const runtime = instantRuntime();
  const handled: string[][] = [];
  const warned: string[] = [];
  let awaited: { readonly id: string; readonly resolve: () => void } | undefined;
  let heads = 0;
  const log: Logger = { info: () => undefined, warn: (_, message) => warned.push(message), error: () => undefined };
  const subscription: LogSubscription = openLogSubscription({
    name: 'test',
    store,
    runtime,
    log,
    prefixes: ['order-', 'reference-'],
    after,
    handle: async (events: readonly StoredEvent[]) => {
      const ids = events.map(({ id }) => id);
      await handle?.(ids);
      handled.push(ids);
      if (awaited && ids.includes(awaited.id)) awaited.resolve();
    },
    onCaughtUp: () => {
      heads += 1;
    },
  });
  /** Resolves once the event was handled. */
  const until = (id: string) => {
    if (handled.flat().includes(id)) return Promise.resolve();
    return new Promise<void>((resolve) => {
      awaited = { id, resolve };
    });
  };
  const append = (stream: string, id: string) => appendTo(inner, stream, id);
  return { subscription, store, faults, runtime, handled, warned, until, append, heads: () => heads };
}

async function appendTo(store: EventStore, stream: string, id: string): Promise<void> {
  const revision = (await store.readStream(stream)).length - 1;
  await store.append(stream, revision, [{ id, type: 'Happened', data: {}, metadata: {} }]);
}

/** Enough for everything to happen that waits for nothing. */
async function turnsOfTheLoop(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe('catchUp', () => {
  test('hands on what is in the log, in its order, of the streams that were asked for', async () => {
    const { subscription, append, handled, heads } = open();
    for (const [stream, id] of [
      ['order-1', 'a'],
      ['sweep-fast', 'b'],
      ['reference-1', 'c'],
      ['order-1', 'd'],
    ] as const)
      await append(stream, id);
    await subscription.catchUp();
    expect(handled).toEqual([['a', 'c', 'd']]);
    expect(heads()).toBe(1);
  });

  test('again, it reads on where it was', async () => {
    const { subscription, append, handled } = open();
    await append('order-1', 'a');
    await subscription.catchUp();
    await append('order-1', 'b');
    await subscription.catchUp();
    await subscription.catchUp();
    expect(handled).toEqual([['a'], ['b']]);
  });

  test('from the cursor on', async () => {
    const { append, store } = open();
    await append('order-1', 'a');
    await append('order-1', 'b');
    const [first] = await store.readStream('order-1');
    const handled: string[] = [];
    const subscription = openLogSubscription({
      name: 'test',
      store,
      runtime: instantRuntime(),
      log: { info: () => undefined, warn: () => undefined, error: () => undefined },
      prefixes: ['order-'],
      after: first!.position,
      handle: async (events) => {
        handled.push(...events.map(({ id }) => id));
      },
    });
    await subscription.catchUp();
    expect(handled).toEqual(['b']);
  });

  test('many pages', async () => {
    const { subscription, store, handled, heads } = open();
    const events = Array.from({ length: 1_500 }, (_, index) => ({ id: `e${index}`, type: 'Happened', data: {}, metadata: {} }));
    await store.append('order-1', -1, events);
    await subscription.catchUp();
    expect(handled.length).toBeGreaterThan(1);
    expect(handled.flat()).toEqual(events.map(({ id }) => id));
    expect(heads()).toBe(1);
  });

  test('two at once hand each event on once', async () => {
    const { subscription, append, handled } = open();
    for (let index = 0; index < 20; index++) await append('order-1', `e${index}`);
    await Promise.all([subscription.catchUp(), subscription.catchUp()]);
    expect(handled.flat()).toHaveLength(20);
  });

  test('a handler that fails fails it, and the page comes again', async () => {
    let fails = true;
    const { subscription, append, handled } = open({
      handle: () => {
        if (fails) throw unknownOutcome();
      },
    });
    await append('order-1', 'a');
    await expect(subscription.catchUp()).rejects.toMatchObject({ code: 'store_unavailable' });
    fails = false;
    await subscription.catchUp();
    expect(handled).toEqual([['a']]);
  });
});

describe('follow', () => {
  test('hands on what comes, until it is stopped', async () => {
    const { subscription, append, handled, until } = open();
    await append('order-1', 'a');
    subscription.follow();
    await until('a');
    await append('order-1', 'b');
    await until('b');
    await subscription.stop();
    await append('order-1', 'c');
    expect(handled.flat()).toEqual(['a', 'b']);
  });

  test('a page that failed is given again, after a wait, and it is reported', async () => {
    let failures = 0;
    const { subscription, append, handled, until, runtime, warned } = open({
      handle: () => {
        if (failures++ < 2) throw unknownOutcome();
      },
    });
    await append('order-1', 'a');
    subscription.follow();
    await until('a');
    await subscription.stop();
    expect(handled).toEqual([['a']]);
    expect(runtime.slept.filter((ms) => ms === 1_000)).toHaveLength(2);
    expect(warned).toHaveLength(2);
  });

  test('through failures of the store', async () => {
    const { subscription, append, until, faults } = open();
    faults.before = ({ number }) => {
      if (number <= 3) throw unknownOutcome();
    };
    await append('order-1', 'a');
    subscription.follow();
    await until('a');
    await subscription.stop();
  });

  test('beside catchUp, each event once', async () => {
    const { subscription, append, until, handled } = open();
    subscription.follow();
    for (let index = 0; index < 20; index++) {
      await append('order-1', `e${index}`);
      if (index % 5 === 0) await subscription.catchUp();
    }
    await subscription.catchUp();
    await until('e19');
    await subscription.stop();
    expect(handled.flat()).toEqual(Array.from({ length: 20 }, (_, index) => `e${index}`));
  });

  test.each(['follow', 'catchUp'] as const)('stop awaits the page that %s is handling', async (how) => {
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    const { subscription, append, handled } = open({
      handle: () => {
        begin();
        return held;
      },
    });
    await append('order-1', 'a');
    const reading = Promise.resolve(subscription[how]()).catch((error: unknown) => error);
    await begun;
    let stopped = false;
    const stopping = subscription.stop().then(() => {
      stopped = true;
    });
    await turnsOfTheLoop();
    expect(stopped).toBe(false);
    release();
    await stopping;
    expect(handled).toEqual([['a']]);
    await reading;
  });

  test('stop awaits what the follower has asked of the store: then the store can be closed', async () => {
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    const { subscription, faults } = open();
    faults.before = () => held;
    subscription.follow();
    let stopped = false;
    const stopping = subscription.stop().then(() => {
      stopped = true;
    });
    await turnsOfTheLoop();
    expect(stopped).toBe(false);
    release();
    await stopping;
  });

  test('a store that is closed under it is asked again after a wait, never in a loop that stops the process', async () => {
    const { subscription, store, runtime, faults } = open();
    let asked = 0;
    faults.before = ({ method }) => {
      if (method === 'readLog' && asked++ > 100) throw unknownOutcome();
    };
    await store.close();
    subscription.follow();
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    await subscription.stop();
    expect(runtime.slept.filter((ms) => ms === 1_000).length).toBeGreaterThan(0);
    expect(asked).toBeLessThan(100);
  });
});

describe('lagMs', () => {
  test('is unknown until the head was reached once', async () => {
    const { subscription } = open();
    expect(subscription.lagMs()).toBe(Number.POSITIVE_INFINITY);
    await subscription.catchUp();
    expect(subscription.lagMs()).toBe(0);
  });
  test('runs on while nobody follows', async () => {
    const { subscription, runtime } = open();
    await subscription.catchUp();
    runtime.advance(1_234);
    expect(subscription.lagMs()).toBe(1_234);
  });
  test('is short while it follows at the head, and runs on when it has fallen off', async () => {
    let fails = false;
    const { subscription, runtime, append, until } = open({
      handle: () => {
        if (fails) throw unknownOutcome();
      },
    });
    await append('order-1', 'a');
    subscription.follow();
    await until('a');
    await subscription.catchUp();
    runtime.advance(60_000);
    expect(subscription.lagMs()).toBeLessThanOrEqual(25);
    fails = true;
    await append('order-1', 'b');
    await expect(subscription.catchUp()).rejects.toThrow();
    await subscription.stop();
    expect(subscription.lagMs()).toBeGreaterThanOrEqual(60_000);
  });
});
