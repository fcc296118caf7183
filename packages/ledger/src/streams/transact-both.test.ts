import { describe, expect, test } from 'vitest';
import { LedgerError } from '../errors.ts';
import type { EventStore } from '../event-store/event-store.ts';
import { createMemoryLog, openMemoryEventStore } from '../event-store/memory.ts';
import { type Faults, openFaultyStore, unknownOutcome, withoutAppendAll } from '../faulty-store.test-support.ts';
import { instantRuntime } from '../instant-runtime.test-support.ts';
import type { Proposal, Transaction } from './aggregate.ts';
import { openTransactions } from './transact.ts';
import { type Said, type Words, words } from './words.test-support.ts';

type Decide = (state: Words) => Proposal<Said, readonly string[]>;

const say =
  (word: string): Decide =>
  (state) => ({ events: [{ type: 'Said', data: { word } }], answer: state.words });
const sayFirst =
  (word: string): Decide =>
  (state) => ({ events: state.revision === -1 ? [{ type: 'Said', data: { word } }] : [], answer: state.words });
const inStream = (id: string, decide: Decide, cause = 'test'): Transaction<Words, Said, readonly string[]> => ({
  aggregate: words,
  id,
  metadata: { cause },
  decide,
});

function openOn(store: EventStore) {
  const faults: Faults = {};
  const faulty = openFaultyStore(store, faults);
  const runtime = instantRuntime();
  const transactions = openTransactions({ store: faulty, runtime, instance: 'instance-a' });
  return { transactions, faults, runtime, methods: () => faulty.calls.map(({ method }) => method) };
}

/** Two processes on one log. */
function openTwo() {
  const log = createMemoryLog();
  const [ours, theirs] = [openOn(openMemoryEventStore({ log })), openOn(openMemoryEventStore({ log }))];
  const logged = () => log.rows.map(({ stream, data }) => `${stream} ${(JSON.parse(data) as Said['data']).word}`);
  return { ours, theirs, logged };
}

describe('given what a process knows of two streams, both are one commit', () => {
  test('the claim stands first, each with its own metadata, and the answer is that of the other', async () => {
    const log = createMemoryLog();
    const { transactions, methods, runtime } = openOn(openMemoryEventStore({ log }));
    await transactions.transact(words, 'record', {}, say('before'));
    runtime.advance(1_000);
    transactions.assumeNew(words, 'claim');
    const done = await transactions.transactBoth!(
      inStream('claim', sayFirst('mine'), 'claims'),
      inStream('record', say('paid'), 'records'),
    );
    expect(done).toEqual({ answer: ['before'], state: { revision: 1, words: ['before', 'paid'] } });
    expect(methods()).toEqual(['readStream', 'append', 'appendAll']);
    const stored = log.rows.slice(1).map(({ stream, metadata }) => ({ stream, ...(JSON.parse(metadata) as object) }));
    const recordedAt = '2026-01-01T00:00:01.000Z';
    expect(stored).toEqual([
      { stream: 'words-claim', version: '3', instance: 'instance-a', cause: 'claims', recordedAt },
      { stream: 'words-record', version: '3', instance: 'instance-a', cause: 'records', recordedAt },
    ]);
  });

  test('and both states are kept: what follows reads nothing', async () => {
    const { ours } = openTwo();
    await ours.transactions.transactBoth!(inStream('claim', say('mine')), inStream('record', say('paid')));
    const { length } = ours.methods();
    await ours.transactions.transact(words, 'claim', {}, say('again'));
    await ours.transactions.transact(words, 'record', {}, say('again'));
    expect(ours.methods().slice(length)).toEqual(['append', 'append']);
  });

  test('what it does not know, it reads', async () => {
    const { ours, theirs } = openTwo();
    await theirs.transactions.transact(words, 'record', {}, say('before'));
    const done = await ours.transactions.transactBoth!(inStream('claim', sayFirst('mine')), inStream('record', say('paid')));
    expect(done?.answer).toEqual(['before']);
    expect(ours.methods()).toEqual(['readStream', 'readStream', 'appendAll']);
  });
});

describe('given what stands in its way, nothing is written', () => {
  test('on a store that appends to one stream at a time there is no such transaction', () => {
    expect(openOn(withoutAppendAll(openMemoryEventStore())).transactions.transactBoth).toBeUndefined();
  });

  test.each([
    ['the claim proposes nothing', sayFirst('mine'), say('paid')],
    ['the record proposes nothing', say('mine'), sayFirst('paid')],
  ])('%s', async (_, claim, record) => {
    const { ours, logged } = openTwo();
    for (const id of ['claim', 'record']) await ours.transactions.transact(words, id, {}, say('before'));
    expect(await ours.transactions.transactBoth!(inStream('claim', claim), inStream('record', record))).toBeUndefined();
    expect(logged()).toEqual(['words-claim before', 'words-record before']);
  });

  test('one refuses: the transaction that follows says why', async () => {
    const { ours, logged } = openTwo();
    const refuse: Decide = () => {
      throw new LedgerError('invalid_input', 'not this one');
    };
    expect(await ours.transactions.transactBoth!(inStream('claim', say('mine')), inStream('record', refuse))).toBeUndefined();
    await expect(ours.transactions.transact(words, 'record', {}, refuse)).rejects.toMatchObject({ code: 'invalid_input' });
    expect(logged()).toEqual([]);
  });

  test.each(['claim', 'record'])('another process appends to the %s between decision and append; then each is decided anew', async (id) => {
    const { ours, theirs, logged } = openTwo();
    ours.faults.before = async ({ method }) => {
      if (method !== 'appendAll') return;
      await theirs.transactions.transact(words, id, {}, say('theirs'));
    };
    expect(await ours.transactions.transactBoth!(inStream('claim', sayFirst('mine')), inStream('record', say('paid')))).toBeUndefined();
    expect(logged()).toEqual([`words-${id} theirs`]);
    const claimed = await ours.transactions.transact(words, 'claim', {}, sayFirst('mine'));
    const recorded = await ours.transactions.transact(words, 'record', {}, say('paid'));
    expect(claimed.state.words).toEqual(id === 'claim' ? ['theirs'] : ['mine']);
    expect(recorded.state.words).toEqual(id === 'record' ? ['theirs', 'paid'] : ['paid']);
  });
});

describe('given an unknown outcome', () => {
  test.each(['before', 'after'] as const)('%s the append took effect: the caller fails, and both streams are read again', async (when) => {
    const { ours, logged } = openTwo();
    for (const id of ['claim', 'record']) await ours.transactions.transact(words, id, {}, say('before'));
    ours.faults[when] = ({ method }) => {
      if (method === 'appendAll') throw unknownOutcome();
    };
    const both = () => ours.transactions.transactBoth!(inStream('claim', say('mine')), inStream('record', say('paid')));
    await expect(both()).rejects.toMatchObject({ code: 'store_unavailable' });
    delete ours.faults[when];
    const { length } = ours.methods();
    const known = ['claim', 'record'].map((id) => ours.transactions.known(words, id));
    expect(known).toEqual([undefined, undefined]);
    const done = await both();
    expect(ours.methods().slice(length)).toEqual(['readStream', 'readStream', 'appendAll']);
    expect(done?.answer).toEqual(when === 'after' ? ['before', 'paid'] : ['before']);
    const once = ['words-claim mine', 'words-record paid'];
    expect(logged().slice(2)).toEqual(when === 'after' ? [...once, ...once] : once);
  });
});

describe('turns', () => {
  test('callers that need the same two streams, in whatever order, all come through, and never conflict', async () => {
    const { ours, logged } = openTwo();
    const pairs = [
      ['a', 'b'],
      ['b', 'a'],
      ['b', 'c'],
      ['c', 'a'],
    ] as const;
    const callers = Array.from({ length: 40 }, (_, n) => {
      const [claim, record] = pairs[n % pairs.length]!;
      return ours.transactions.transactBoth!(inStream(claim, say(`${n}`)), inStream(record, say(`${n}`)));
    });
    const alone = ['a', 'b', 'c'].map((id) => ours.transactions.transact(words, id, {}, say('alone')));
    expect((await Promise.all(callers)).filter((done) => done === undefined)).toEqual([]);
    await Promise.all(alone);
    expect(logged()).toHaveLength(83);
    expect(ours.methods().filter((method) => method !== 'readStream')).toHaveLength(43);
  });

  test('one that failed lets the next one pass', async () => {
    const { ours } = openTwo();
    ours.faults.before = ({ number }) => {
      if (number === 1) throw unknownOutcome();
    };
    const both = () => ours.transactions.transactBoth!(inStream('claim', say('mine')), inStream('record', say('paid')));
    const [first, second] = await Promise.allSettled([both(), both()]);
    expect(first.status).toBe('rejected');
    expect(second).toMatchObject({ value: { state: { words: ['paid'] } } });
  });
});
