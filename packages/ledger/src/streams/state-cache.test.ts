import { describe, expect, test } from 'vitest';
import { StateCache } from './state-cache.ts';

const state = (revision: number, characters: number) => ({
  state: { revision, text: 'x'.repeat(characters) },
  recordedAt: '2026-01-01T00:00:00.000Z',
});
const kept = (cache: StateCache, ...streams: readonly string[]) => streams.filter((stream) => cache.get(stream) !== undefined);

describe('the cache of folded states', () => {
  test('keeps the newer of two states', () => {
    const cache = new StateCache(10, 10_000);
    cache.remember('a', state(3, 1));
    cache.remember('a', state(2, 1));
    expect(cache.get('a')).toEqual(state(3, 1));
  });

  test('holds no more than its number', () => {
    const cache = new StateCache(2, 10_000);
    for (const stream of ['a', 'b', 'c']) cache.remember(stream, state(0, 1));
    expect(kept(cache, 'a', 'b', 'c')).toEqual(['b', 'c']);
  });

  test('holds no more than its length: those that were not used for longest go', () => {
    const cache = new StateCache(10, 1_000);
    for (const stream of ['a', 'b', 'c']) cache.remember(stream, state(0, 300));
    cache.get('a');
    cache.remember('d', state(0, 300));
    expect(kept(cache, 'a', 'b', 'c', 'd')).toEqual(['a', 'c', 'd']);
  });

  test('a state that grows takes the place of others, also event by event', () => {
    const cache = new StateCache(10, 10_000);
    cache.remember('other', state(0, 3_000));
    for (let revision = 0; revision < 1_000; revision++) cache.remember('grows', state(revision, 9 * revision));
    expect(kept(cache, 'other', 'grows')).toEqual(['grows']);
  });

  test('a state that is longer than all together is not kept, nor is an older one of its stream', () => {
    const cache = new StateCache(10, 1_000);
    cache.remember('a', state(0, 1));
    cache.remember('b', state(0, 1));
    cache.remember('a', state(1, 2_000));
    expect(kept(cache, 'a', 'b')).toEqual(['b']);
  });
});
