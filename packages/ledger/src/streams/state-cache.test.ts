import { describe, expect, test } from 'vitest';
import { StateCache } from './state-cache.ts';

const state = (revision: number, characters: number, letter = 'x') => ({
  state: { revision, text: letter.repeat(characters) },
  recordedAt: '2026-01-01T00:00:00.000Z',
});
const kept = (cache: StateCache, ...streams: readonly string[]) => streams.filter((stream) => cache.get(stream) !== undefined);
/** A cache that packs nothing. */
const unpacking = (maxCharacters: number) => new StateCache(maxCharacters, 1);

describe('the cache of folded states', () => {
  test('keeps the newer of two states', () => {
    const cache = unpacking(10_000);
    cache.remember('a', state(3, 1));
    cache.remember('a', state(2, 1));
    expect(cache.get('a')).toEqual(state(3, 1));
  });

  test('holds no more than its length, however many states that are: those that were not used for longest go', () => {
    const cache = unpacking(1_600);
    for (const stream of ['a', 'b', 'c']) cache.remember(stream, state(0, 300));
    cache.get('a');
    cache.remember('d', state(0, 300));
    expect(kept(cache, 'a', 'b', 'c', 'd')).toEqual(['a', 'c', 'd']);
  });

  test('a state that grows takes the place of others, also event by event', () => {
    const cache = unpacking(10_000);
    cache.remember('other', state(0, 3_000));
    for (let revision = 0; revision < 1_000; revision++) cache.remember('grows', state(revision, 9 * revision));
    expect(kept(cache, 'other', 'grows')).toEqual(['grows']);
  });

  test('a state that is longer than all together is not kept, nor is an older one of its stream', () => {
    const cache = unpacking(1_000);
    cache.remember('a', state(0, 1));
    cache.remember('b', state(0, 1));
    cache.remember('a', state(1, 2_000));
    expect(kept(cache, 'a', 'b')).toEqual(['b']);
  });
});

describe('what has no room as it is', () => {
  test.each([
    ['short', 10, 'x'],
    ['long', 3_000, 'x'],
    ['long, in letters of several bytes', 3_000, '退'],
  ])('is packed, and unpacked as it was: %s', (_, characters, letter) => {
    const cache = new StateCache(4_000, 100_000);
    for (const revision of [0, 1, 2]) cache.remember(`order-${revision}`, state(revision, characters, letter));
    for (let each = 0; each < 200; each++) cache.remember(`other-${each}`, state(0, 100));
    for (const revision of [0, 1, 2, 0]) expect(cache.get(`order-${revision}`)).toEqual(state(revision, characters, letter));
  });

  test('takes no more than its length either: those that were not used for longest go', () => {
    const cache = new StateCache(1_500, 5_000);
    const streams = ['a', 'b', 'c', 'd', 'e', 'f'];
    for (const stream of streams) cache.remember(stream, state(0, 1_000));
    expect(kept(cache, ...streams.toReversed())).toEqual(['f', 'e', 'd', 'c']);
  });

  test('is not found instead of a newer state, nor after it was forgotten', () => {
    const cache = new StateCache(1_500, 100_000);
    cache.remember('a', state(0, 1_000));
    cache.remember('b', state(0, 1_000));
    cache.remember('a', state(1, 1_000));
    cache.remember('c', state(0, 1_000));
    expect(cache.get('a')).toEqual(state(1, 1_000));
    cache.remember('a', state(2, 5_000)); // Too long to be kept at all.
    expect(cache.get('a')).toBeUndefined();
    cache.forget('b');
    expect(cache.get('b')).toBeUndefined();
  });
});
