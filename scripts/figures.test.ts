// Checks that the tables of figures in the documents are what the results of the benchmarks have, and that they are made as they should.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { filesOf } from './documents.ts';
import { resultsOf, withFigures } from './figures.ts';
import type { Results } from './save-results.ts';

const root = resolve(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const documents = filesOf(root, ['README*.md', 'docs/**/*.md']).filter((path) => read(path).includes('<!-- figures '));

test('the READMEs and the comparison show figures', () => {
  expect(documents).toEqual(expect.arrayContaining(['README.md', 'README.zh-TW.md', 'docs/why/comparison.md']));
});

test.each(documents)('%s has the figures of the results; if not: npm run docs', (path) => {
  expect(withFigures(read(path), path, resultsOf)).toBe(read(path));
});

describe('a small document', () => {
  const results: Results = {
    date: '2026-01-02',
    machine: '2 × a CPU, linux 6.18.44-build-1 x64',
    versions: { node: '24.0.0', sqlite: '3.50.0', postgresql: '15.1 (Debian)' },
    ratios: { embedded1: 0.5, embedded32: 12, postgres1: 0.4, postgres32: 2, whole1: 0.3, whole32: 9, byHand1: 0.1, byHand32: 1 },
    rows: [
      { store: 'SQLite', callers: 1, side: 'one', perSecond: 1_200, counted: 'once' },
      { store: 'SQLite', callers: 32, side: 'one', perSecond: 900, counted: '3 doubled' },
    ],
  };
  const made = (path: string, name: string): string =>
    withFigures(`Before.\n<!-- figures ${name} -->\nold\n<!-- /figures -->\nAfter.\n`, path, (bench) =>
      bench === 'peers' ? results : undefined,
    );

  test('gets its table, with machine and versions, and keeps what is around', () => {
    expect(made('README.md', 'summary').split('\n')).toEqual([
      'Before.',
      '<!-- figures summary -->',
      'Measured on 2 × a CPU, Linux 6.18 x64; Node 24.0.0, SQLite 3.50.0, PostgreSQL 15.1.',
      '',
      '| | figure | measured | again by |',
      '|---|---|---|---|',
      '| payments a second on SQLite, append only, without read models and delivery, beside emmett-sqlite, the only package measured on SQLite: 1 caller, 32 callers | 0.5 and 12 times | 2026-01-02 | `npm run bench -- peers` |',
      '| the same on SQLite, with read models and delivery | 0.3 and 9 times | 2026-01-02 | `npm run bench -- peers` |',
      '| append only on SQLite, beside a table with a unique key that a shop writes by hand | 0.1 and 1 times | 2026-01-02 | `npm run bench -- peers` |',
      '| payments a second on PostgreSQL, append only, without read models and delivery, beside the best package: 1 caller, 32 callers | 0.4 and 2 times | 2026-01-02 | `npm run bench -- peers` |',
      '<!-- /figures -->',
      'After.',
      '',
    ]);
  });

  test('in Traditional Chinese has the same figures', () => {
    expect(made('README.zh-TW.md', 'summary')).toContain('| 0.5 倍與 12 倍 | 2026-01-02 |');
  });

  test('shows the worst ratio of all sizes, and the command with its options', () => {
    const rows = [
      { work: 'append', size: 0, ratio: 1 },
      { work: 'append', size: 5_000_000, ratio: 1.04 },
      { work: 'search', size: 5_000_000, ratio: 1.2 },
      { work: 'search', size: 1_000_000, ratio: 3 },
    ];
    const text = withFigures('<!-- figures summary -->\n<!-- /figures -->', 'README.md', (bench) =>
      bench === 'growth length' ? { ...results, rows, again: 'growth length --events 1000000,5000000' } : undefined,
    );
    expect(text).toMatch(
      /with up to 5,000,000 events .* \| 3 times \| 2026-01-02 \| `npm run bench -- growth length --events 1000000,5000000` \|/,
    );
  });

  test('shows first payments beside facts about payments that are linked, with the same number of callers', () => {
    const row = { callers: 32, commitMs: 0.3, ratio: 0.2 };
    const rows = [
      { ...row, workload: 'recorded' },
      { ...row, workload: 'first payment', ratio: 0.1, addedSyncMs: 1 },
      { ...row, workload: 'recorded', callers: 256, ratio: 0.05 },
    ];
    const text = withFigures('<!-- figures summary -->\n<!-- /figures -->', 'README.md', (bench) =>
      bench === 'observe' ? { ...results, rows } : undefined,
    );
    expect(text.split('\n').slice(5, -1)).toEqual([
      expect.stringMatching(/^\| facts a second about payments that are already linked, .* takes 0\.3 ms; 32 callers \| 0\.2 times \|/),
      expect.stringMatching(/^\| first payments a second, .* takes 0\.3 ms by an added delay; 32 callers \| 0\.1 times \|/),
    ]);
  });

  test('a peer that failed is listed with its failure', () => {
    expect(made('docs/why/comparison.md', 'peers')).toContain('| one | 1,200 | 900 (3 doubled) |');
    expect(made('docs/why/comparison.zh-TW.md', 'peers')).toContain('| one | 1,200 | 900 (重複 3 筆) |');
  });

  describe('of the torture', () => {
    const part = (figures: readonly string[], holds = true): Results => ({ ...results, n: 1_000, seed: 1, holds, minutes: 3, figures });
    const tables = (parts: Readonly<Record<string, Results>>, path = 'README.md'): readonly string[] =>
      withFigures('<!-- figures torture -->\n<!-- /figures -->', path, (name) => parts[name])
        .split('\n')
        .slice(3, -1);

    test('has a row for each part that was kept: what was done, what came out, and how to do it again', () => {
      const kept = { 'torture fuzz': part([]), 'torture simulate stripe': part(['1000 seeds, 7 steps', '80 of 80 mutants caught']) };
      expect(tables(kept)).toEqual([
        '| 1,000 requests that no honest client sends | no error of the server, no event | 2026-01-02 | `npm run torture -- --fuzz 1000` |',
        expect.stringMatching(
          /^\| 1,000 more with .* \| no invariant is broken; 80 of 80 mutants .* \| 2026-01-02 \| `npm run torture -- --simulate stripe 1000` \|$/,
        ),
      ]);
    });

    test('names what failed, and what was skipped', () => {
      expect(tables({ 'torture soak': part([], false) })).toEqual([expect.stringContaining('| FAILED |')]);
      expect(tables({ 'torture kill': part(['SQLite: 9', 'SKIPPED: PostgreSQL']) }, 'README.zh-TW.md')).toEqual([
        expect.stringContaining('沒有任何一筆開通兩次；略過 1 項 |'),
      ]);
    });

    test('says how the last third of the load differs from the first', () => {
      const line = '10 min, 9 customers, 8 requests, 120 samples: reachableMb 66 → 81, residentMb 1 → 2, latencyMs 75 → 56, lagMs 22 → 21';
      const row = 'from the first third to the last: memory 66 to 81 MB, latency 75 to 56 ms, lag 22 to 21 ms';
      expect(tables({ 'torture soak': part([line]) })).toEqual([expect.stringContaining(`| ${row} |`)]);
      expect(() => tables({ 'torture soak': part(['1 passed (1)']) })).toThrow('there is no figure like');
    });

    test('counts the mutants that tests notice', () => {
      const order = 'order: 9 mutants, 7 killed, 2 accepted, 0 living';
      const noticed = 'of 9 mutants, tests notice 7; 2 are accepted as equivalent, with a reason each';
      expect(tables({ 'torture mutate order': part([order]) })).toEqual([expect.stringContaining(`| ${noticed} |`)]);
      expect(tables({ 'torture mutate order': part([`${order}, 3 in tables and schemas left out`]) })).toEqual([
        expect.stringContaining(`| ${noticed}; 3 in tables and schemas are not tried |`),
      ]);
    });
  });

  test('names figures that there are not', () => {
    expect(() => made('README.md', 'none')).toThrow('there are no figures "none"');
  });
});
