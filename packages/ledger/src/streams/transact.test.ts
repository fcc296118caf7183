import { describe, expect, test } from 'vitest';
import { defined } from '../defined.ts';
import { LedgerError } from '../errors.ts';
import type { EventStore } from '../event-store/event-store.ts';
import { createMemoryLog, openMemoryEventStore } from '../event-store/memory.ts';
import { type Faults, openFaultyStore, unknownOutcome } from '../faulty-store.test-support.ts';
import { instantRuntime } from '../instant-runtime.test-support.ts';
import { decide } from '../subscription/decide.ts';
import type { SubscriptionEvent } from '../subscription/events.ts';
import { day, month, observed, placed1, policy1 } from '../subscription/story.test-support.ts';
import { evolve, noSubscription, type SubscriptionState } from '../subscription/subscription.ts';
import type { Aggregate, Proposal } from './aggregate.ts';
import { subscriptionAggregate } from './subscription-aggregate.ts';
import { openTransactions } from './transact.ts';
import { type Said, type Words, words } from './words.test-support.ts';

const said = (word: string): Said => ({ type: 'Said', data: { word } });
const say =
  (word: string) =>
  (state: Words): Proposal<Said, readonly string[]> => ({ events: [said(word)], answer: state.words });
const sayOnce =
  (word: string) =>
  (state: Words): Proposal<Said, 'said' | 'known'> =>
    state.words.includes(word) ? { events: [], answer: 'known', final: true } : { events: [said(word)], answer: 'said' };
const ask = (state: Words): Proposal<Said, readonly string[]> => ({ events: [], answer: state.words });

function open(
  options: {
    readonly store?: EventStore;
    readonly cachedCharacters?: number;
    readonly packedCharacters?: number;
    readonly patience?: number;
  } = {},
) {
  const faults: Faults = {};
  const inner = options.store ?? openMemoryEventStore();
  const store = openFaultyStore(inner, faults);
  const { cachedCharacters, packedCharacters, patience = 1 } = options;
  const runtime = { ...instantRuntime(), patience };
  const transactions = openTransactions({ store, runtime, instance: 'instance-a', ...defined({ cachedCharacters, packedCharacters }) });
  const methods = () => store.calls.map(({ method }) => method);
  return { transactions, store, inner, faults, runtime, methods };
}

/** What a month adds to a subscription, which is placed with the first one. */
function renewal(state: SubscriptionState, turn: number): readonly SubscriptionEvent[] {
  const { subscriptionId } = state;
  const placing = decide(state, { type: 'place', subscription: { ...placed1, subscriptionId } }, policy1);
  const paid = [observed(day(30 * turn), month(`in_${turn}`, 30 * turn))];
  return [...placing, ...decide(folded(state, placing), { type: 'observe', observed: paid }, policy1)];
}

function lengthOfMonths(months: number): number {
  let state = noSubscription('first');
  for (let turn = 0; turn < months; turn += 1) state = folded(state, renewal(state, turn));
  return JSON.stringify(state).length;
}

function folded(state: SubscriptionState, events: readonly SubscriptionEvent[]): SubscriptionState {
  return events.reduce((to, event) => evolve(to, event, 'instance-a'), state);
}

/** Two processes on one log. */
function openTwo() {
  const log = createMemoryLog();
  return [open({ store: openMemoryEventStore({ log }) }), open({ store: openMemoryEventStore({ log }) })] as const;
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'resolved',
    (error: unknown) => (error instanceof LedgerError ? error.code : String(error)),
  );
}

describe('an append', () => {
  test('carries version, instance, metadata and the writer’s clock, and an id of its own', async () => {
    const { transactions, inner } = open();
    const { state, answer } = await transactions.transact(words, 'a', { cause: 'test' }, (before) => ({
      events: [said('one'), said('two')],
      answer: before.revision,
    }));
    expect({ state, answer }).toEqual({ state: { revision: 1, words: ['one', 'two'] }, answer: -1 });
    const metadata = { version: '3', instance: 'instance-a', cause: 'test', recordedAt: '2026-01-01T00:00:00.000Z' };
    expect(await inner.readStream('words-a')).toMatchObject([
      { id: 'p-1', type: 'Said', data: { word: 'one' }, metadata },
      { id: 'p-2', type: 'Said', data: { word: 'two' }, metadata },
    ]);
  });

  test('is never recorded before the event that it follows, though the clock went back', async () => {
    const [a, b] = openTwo();
    a.runtime.advance(60_000);
    await a.transactions.transact(words, 'a', {}, say('one'));
    await b.transactions.transact(words, 'a', {}, say('two'));
    b.runtime.setWallClock(new Date(0));
    await b.transactions.transact(words, 'a', {}, say('three'));
    const recorded = (await a.inner.readStream('words-a')).map(({ metadata }) => metadata['recordedAt']);
    expect(recorded).toEqual(['2026-01-01T00:01:00.000Z', '2026-01-01T00:01:00.000Z', '2026-01-01T00:01:00.000Z']);
  });
});

describe('the cache', () => {
  test('an append validates it: one read, then none', async () => {
    const { transactions, methods } = open();
    await transactions.transact(words, 'a', {}, say('one'));
    await transactions.transact(words, 'a', {}, say('two'));
    expect(methods()).toEqual(['readStream', 'append', 'append']);
  });

  test('a stale one conflicts, and the decision is made again on the newest state', async () => {
    const [a, b] = openTwo();
    await a.transactions.transact(words, 'a', {}, say('one'));
    await b.transactions.transact(words, 'a', {}, say('two'));
    const { answer } = await a.transactions.transact(words, 'a', {}, say('three'));
    expect(answer).toEqual(['one', 'two']);
    expect(a.methods()).toEqual(['readStream', 'append', 'append', 'readStream', 'append']);
    expect(a.runtime.slept).toEqual([]); // The first conflict is met at once.
  });

  test('a final answer comes from it, without a read', async () => {
    const { transactions, methods } = open();
    await transactions.transact(words, 'a', {}, sayOnce('one'));
    expect((await transactions.transact(words, 'a', {}, sayOnce('one'))).answer).toBe('known');
    expect(methods()).toEqual(['readStream', 'append']);
  });

  test('"not yet" is read again', async () => {
    const [a, b] = openTwo();
    await a.transactions.transact(words, 'a', {}, say('one'));
    await b.transactions.transact(words, 'a', {}, say('two'));
    expect((await a.transactions.transact(words, 'a', {}, ask)).answer).toEqual(['one', 'two']);
  });

  test('what it refuses, the newest state may allow', async () => {
    const [a, b] = openTwo();
    await a.transactions.transact(words, 'a', {}, say('one'));
    await b.transactions.transact(words, 'a', {}, say('two'));
    const needsTwo = (state: Words) => {
      if (!state.words.includes('two')) throw new LedgerError('invalid_input', 'say two first');
      return say('three')(state);
    };
    expect((await a.transactions.transact(words, 'a', {}, needsTwo)).state.words).toEqual(['one', 'two', 'three']);
    expect(await codeOf(a.transactions.transact(words, 'b', {}, needsTwo))).toBe('invalid_input');
  });

  test('read is strong: it folds in what others appended', async () => {
    const [a, b] = openTwo();
    expect((await a.transactions.read(words, 'a')).words).toEqual([]);
    await b.transactions.transact(words, 'a', {}, say('one'));
    expect((await a.transactions.read(words, 'a')).words).toEqual(['one']);
  });

  test('a slow reader does not put an older state back', async () => {
    const { transactions, faults, methods } = open();
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    faults.after = ({ number }) => (number === 1 ? held : undefined);
    const slow = transactions.read(words, 'a');
    await transactions.transact(words, 'a', {}, say('one'));
    release();
    expect((await slow).words).toEqual([]);
    expect((await transactions.transact(words, 'a', {}, sayOnce('one'))).answer).toBe('known');
    expect(methods()).toEqual(['readStream', 'readStream', 'append']);
  });

  test('is bounded', async () => {
    const state: Words = { revision: 0, words: ['one'] };
    const { transactions, store } = open({ cachedCharacters: 2 * (JSON.stringify(state).length + 200), packedCharacters: 1 });
    for (const id of ['a', 'b', 'c', 'b', 'a']) await transactions.transact(words, id, {}, sayOnce('one'));
    const reads = store.calls.flatMap(({ method, stream }) => (method === 'readStream' ? [stream] : []));
    expect(reads).toEqual(['words-a', 'words-b', 'words-c', 'words-a']);
  });

  test('is bounded by the length of the states too, of subscriptions as of all: two old ones fit in, a third takes the place of the first', async () => {
    const { transactions, store } = open({ cachedCharacters: Math.round(2.2 * lengthOfMonths(60)), packedCharacters: 1 });
    const readsOf = async (id: string): Promise<number> => {
      const reads = () => store.calls.filter(({ method }) => method === 'readStream').length;
      const before = reads();
      await transactions.transact(subscriptionAggregate, id, {}, () => ({ events: [], answer: undefined, final: true }));
      return reads() - before;
    };
    const live = async (id: string, months: number): Promise<void> => {
      for (let turn = 0; turn < months; turn += 1) {
        await transactions.transact(subscriptionAggregate, id, {}, (state) => ({ events: renewal(state, turn), answer: undefined }));
      }
    };
    await live('first', 60);
    await live('second', 60);
    await live('young', 1);
    expect([await readsOf('first'), await readsOf('second'), await readsOf('young')]).toEqual([0, 0, 0]);
    await live('third', 60);
    expect([await readsOf('third'), await readsOf('young'), await readsOf('first')]).toEqual([0, 0, 1]);
  });

  test('a log that went back, because a copy was put in its place, is folded from its start', async () => {
    const [before, restored] = [openMemoryEventStore(), openMemoryEventStore()];
    let current: EventStore = before;
    const moving: EventStore = {
      append: (...call) => current.append(...call),
      readStream: (...call) => current.readStream(...call),
      readLog: (...call) => current.readLog(...call),
      close: () => current.close(),
    };
    const { transactions } = open({ store: moving });
    for (const word of ['one', 'two', 'three']) await transactions.transact(words, 'a', {}, say(word));
    const [first] = await before.readStream('words-a');
    await restored.append('words-a', -1, [first!]);
    current = restored;
    expect((await transactions.transact(words, 'a', {}, say('four'))).state.words).toEqual(['one', 'four']);
    expect((await transactions.transact(words, 'a', {}, sayOnce('two'))).answer).toBe('said'); // Not from what was cached before.
  });
});

test('what cannot be folded is never written: the stream would be unreadable for ever', async () => {
  const once: Aggregate<Words, Said> = {
    ...words,
    evolve: (state, event) => {
      if (state.words.includes(event.data.word)) throw new LedgerError('corrupt', 'said twice');
      return words.evolve(state, event, '');
    },
  };
  const [{ transactions, inner }, another] = openTwo();
  await transactions.transact(once, 'a', {}, say('one'));
  await another.transactions.transact(once, 'a', {}, say('two'));
  for (const word of ['one', 'two']) expect(await codeOf(transactions.transact(once, 'a', {}, say(word)))).toBe('corrupt');
  expect(await inner.readStream('words-a')).toHaveLength(2);
  expect((await transactions.transact(once, 'a', {}, say('three'))).state.words).toEqual(['one', 'two', 'three']);
});

describe('an unknown outcome', () => {
  test.each(['before', 'after'] as const)(
    'fails the caller and drops what is cached: the append failed %s it took effect',
    async (when) => {
      const { transactions, faults, methods, inner } = open();
      await transactions.transact(words, 'a', {}, sayOnce('one'));
      faults[when] = ({ method }) => {
        if (method === 'append') throw unknownOutcome();
      };
      expect(await codeOf(transactions.transact(words, 'a', {}, sayOnce('two')))).toBe('store_unavailable');
      delete faults[when];
      const calls = methods().length;
      const retried = await transactions.transact(words, 'a', {}, sayOnce('two'));
      expect(retried.answer).toBe(when === 'after' ? 'known' : 'said');
      expect(methods().slice(calls)).toEqual(when === 'after' ? ['readStream'] : ['readStream', 'append']);
      expect((await inner.readStream('words-a')).map(({ data }) => data)).toEqual([{ word: 'one' }, { word: 'two' }]);
    },
  );

  test('a read that failed leaves nothing behind', async () => {
    const { transactions, faults } = open();
    faults.before = () => {
      throw unknownOutcome();
    };
    expect(await codeOf(transactions.transact(words, 'a', {}, say('one')))).toBe('store_unavailable');
    delete faults.before;
    expect((await transactions.transact(words, 'a', {}, say('two'))).state.words).toEqual(['two']);
  });
});

describe('contention', () => {
  test.each([1, 2])(
    'ends at the deadline, times a patience of %i: nothing of ours is written, and the waits are short',
    async (patience) => {
      const { transactions, faults, runtime, inner } = open({ patience });
      let others = 0;
      faults.before = async ({ method }) => {
        if (method !== 'append') return;
        const event = { id: `other-${others}`, type: 'Said', data: { word: 'theirs' }, metadata: { version: '3' } };
        await inner.append('words-a', others - 1, [event]);
        others += 1;
      };
      expect(await codeOf(transactions.transact(words, 'a', {}, say('ours')))).toBe('contention');
      expect(runtime.monotonicNowMs()).toBeGreaterThan(15_000 * patience);
      expect(runtime.monotonicNowMs()).toBeLessThan(15_000 * patience + 500);
      expect(Math.max(...runtime.slept)).toBeLessThanOrEqual(200);
      expect((await inner.readStream('words-a')).every(({ data }) => 'word' in data && data.word === 'theirs')).toBe(true);
    },
  );

  test('who wins before the deadline is answered', async () => {
    const { transactions, faults, inner } = open();
    let others = 0;
    faults.before = async ({ method }) => {
      if (method !== 'append' || others === 5) return;
      await inner.append('words-a', others - 1, [{ id: `other-${others}`, type: 'Said', data: { word: 'theirs' }, metadata: {} }]);
      others += 1;
    };
    expect((await transactions.transact(words, 'a', {}, say('ours'))).state.words.at(-1)).toBe('ours');
  });
});

describe('turns', () => {
  test('local callers of one stream never conflict, and come in the order in which they called', async () => {
    const { transactions, methods } = open();
    const callers = Array.from({ length: 64 }, (_, index) => `word-${index}`);
    await Promise.all(callers.map((word) => transactions.transact(words, 'a', {}, say(word))));
    expect((await transactions.read(words, 'a')).words).toEqual(callers);
    expect(methods().filter((method) => method === 'append')).toHaveLength(64);
  });

  test('another stream does not wait', async () => {
    const { transactions, faults } = open();
    const { promise: held, resolve: release } = Promise.withResolvers<void>();
    faults.before = ({ stream }) => (stream === 'words-a' ? held : undefined);
    const slow = transactions.transact(words, 'a', {}, say('slow'));
    expect((await transactions.transact(words, 'b', {}, say('fast'))).state.words).toEqual(['fast']);
    release();
    expect((await slow).state.words).toEqual(['slow']);
  });

  test('one that failed lets the next one pass', async () => {
    const { transactions, faults } = open();
    faults.before = ({ number }) => {
      if (number === 1) throw unknownOutcome();
    };
    const [first, second] = await Promise.allSettled([
      transactions.transact(words, 'a', {}, say('one')),
      transactions.transact(words, 'a', {}, say('two')),
    ]);
    expect(first.status).toBe('rejected');
    expect(second).toMatchObject({ value: { state: { words: ['two'] } } });
  });
});
