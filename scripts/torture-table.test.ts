import { expect, test } from 'vitest';
import { type Ended, exitCodeOf, figuresIn, tableOf, wasSkipped } from './torture-table.ts';

const killed: Ended = {
  part: 'kill',
  again: 'kill 100 --seed 7',
  minutes: 12.34,
  failed: false,
  printed: [
    'stdout | torture/kill/kill.verify.test.ts > SQLite',
    'torture kill, seed 7: SQLite: 100 kills',
    '',
    '  SKIPPED: the shop is killed on PostgreSQL. There is none',
    '      Tests  1 passed | 1 skipped (2)',
  ].join('\n'),
};
const simulated: Ended = {
  part: 'simulate',
  again: 'simulate 200 --seed 1',
  minutes: 3,
  failed: true,
  printed: '200 seeds, 5 steps, 6 events in 1.0 s: 1 broke a law\nMutant  Seed  Caught by\n80 of 81 mutants caught\n',
};

test('the figures of a part are the lines that say what was done, and what was skipped', () => {
  expect(figuresIn(killed.printed)).toEqual([
    'SQLite: 100 kills',
    'SKIPPED: the shop is killed on PostgreSQL. There is none',
    '1 passed | 1 skipped (2)',
  ]);
  expect(figuresIn('packages/ledger/src/order/trail.ts: 1 mutants, 1 killed\norder: 3 mutants, 2 killed, 1 accepted, 0 living\n')).toEqual([
    'order: 3 mutants, 2 killed, 1 accepted, 0 living',
  ]);
  expect(figuresIn('\u001b[2m      Tests \u001b[22m \u001b[32m2 passed\u001b[39m (2)\n')).toEqual(['2 passed (2)']);
  const seeds = ['10 seeds of the adapter, 7 steps in 2.0 s: 0 broke a law', '10 seeds in 2.0 s: 0 broke a law'];
  expect(figuresIn(seeds.join('\n'))).toEqual(seeds);
  expect(figuresIn('nothing of note\n')).toEqual([]);
});

test('the table has a row for each part, and its further figures below it', () => {
  expect(tableOf([killed, simulated])).toEqual([
    'part      minutes  verdict  figures',
    '--------  -------  -------  -------',
    'kill         12.3  holds    SQLite: 100 kills',
    '                            SKIPPED: the shop is killed on PostgreSQL. There is none',
    '                            1 passed | 1 skipped (2)',
    'simulate      3.0  FAILED   200 seeds, 5 steps, 6 events in 1.0 s: 1 broke a law',
    '                            80 of 81 mutants caught',
  ]);
});

test('a part of which nothing ran was skipped, and does not hold', () => {
  const printed = '  SKIPPED: mutants of the cores. npm ci cannot reach the registry\n      Tests  3 skipped (3)\n';
  const skipped: Ended = { ...killed, printed };
  expect(wasSkipped(skipped)).toBe(true);
  expect(tableOf([skipped])[2]).toMatch(/^kill +12\.3 {2}skipped {2}SKIPPED: mutants/);
  expect(wasSkipped({ ...skipped, failed: true })).toBe(false);
  expect(wasSkipped(killed)).toBe(false); // One of its tests ran.
  expect(wasSkipped({ ...killed, printed: 'nothing of note' })).toBe(false);
});

test.each([
  [[killed], 0],
  [[killed, simulated], 1],
] as const)('one part that failed is enough for exit code 1', (all, code) => {
  expect(exitCodeOf(all)).toBe(code);
});
