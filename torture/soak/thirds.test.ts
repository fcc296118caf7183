import { expect, test } from 'vitest';
import { type Measure, type Sample, thirdsOf } from './thirds.ts';

const even: Sample = { reachableMb: 100, residentMb: 150, latencyMs: 40, lagMs: 20, loopDelayMs: 10 };
const measures: readonly Measure[] = ['reachableMb', 'residentMb', 'latencyMs', 'lagMs', 'loopDelayMs'];
const of = (make: (at: number) => Partial<Sample>): readonly Sample[] =>
  Array.from({ length: 60 }, (_, at) => ({ ...even, ...make(at / 60) }));
const grown = (samples: readonly Sample[]): readonly string[] =>
  thirdsOf(samples).flatMap(({ measure, grown: hasGrown }) => (hasGrown ? [measure] : []));

test('an even run has grown in nothing', () => {
  expect(grown(of(() => ({})))).toEqual([]);
  expect(thirdsOf(of(() => ({})))[0]).toEqual({ measure: 'reachableMb', first: 100, last: 100, grown: false });
});

test.each(measures)('%s that doubles from the first third to the last is found, and nothing else', (measure) => {
  expect(grown(of((at) => ({ [measure]: even[measure] + 300 * at })))).toEqual([measure]);
});

test.each(measures)('%s: a single bad moment is no growth, nor is what differs by little, nor a slow start', (measure) => {
  expect(grown(of((at) => (at > 0.9 && at < 0.92 ? { [measure]: 10_000 } : {})))).toEqual([]);
  expect(grown(of((at) => ({ [measure]: even[measure] * (1 + at / 10) })))).toEqual([]);
  expect(grown(of((at) => (at < 0.05 ? { [measure]: 0 } : {})))).toEqual([]);
});
