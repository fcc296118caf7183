// What is read by its id comes in some rounds only, rarer with age.
import { expect, test } from 'vitest';
import { roundsBetweenLooks } from './due-tier.ts';
import { roundsBetweenReads } from './invoice-tier.ts';
import { isTurnOf } from './turns.ts';

const dayMs = 24 * 3_600_000;

test('each id has its turn once in so many rounds, and a thousand of them are spread over all', () => {
  const ids = Array.from({ length: 1_000 }, (_, number) => `in_${number}`);
  for (const id of ids.slice(0, 20))
    expect(Array.from({ length: 72 }, (_, round) => isTurnOf(id, round, 24)).filter(Boolean)).toHaveLength(3);
  const inRound = Array.from({ length: 24 }, (_, round) => ids.filter((id) => isTurnOf(id, round, 24)).length);
  expect(Math.max(...inRound)).toBeLessThan(100);
});

// biome-ignore format: a table
test.each([[0, 6], [2, 24], [8, 72], [29, 72], [31, 168]])('an invoice that is open for %i days is read in every %i rounds', (days, rounds) =>
  expect(roundsBetweenReads(days * dayMs)).toBe(rounds),
);

// biome-ignore format: a table
test.each([[0, 0, 1], [1, 0, 2], [3, 9, 8], [20, 1, 96], [0, 31, 96]])(
  'what was looked at in vain %i times, and is due for %i days, is looked at in every %i rounds', (vain, days, rounds) =>
  expect(roundsBetweenLooks(vain, days * dayMs)).toBe(rounds),
);
