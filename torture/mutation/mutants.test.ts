// The judgement on a run of Stryker, and the list of what is accepted.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import list from './accepted.json' with { type: 'json' };
import { cores, filesOf, root } from './cores.ts';
import { type Accepted, isProven, judge, oneLine, type Report } from './mutants.ts';

const source = ['export function isFree(amount?: number): boolean {', '  return (', '    amount === 0', '  );', '}', ''].join('\n');
const mutant = (status: string, replacement = 'true') => ({
  status,
  replacement,
  mutatorName: 'ConditionalExpression',
  location: { start: { line: 2, column: 10 }, end: { line: 4, column: 4 } },
});
const reportOf = (...mutants: readonly ReturnType<typeof mutant>[]): Report => ({ files: { 'order/free.ts': { source, mutants } } });
const accepted: Accepted = {
  file: 'order/free.ts',
  line: 'return (',
  reason: 'Nothing costs less.',
  mutants: [{ mutator: 'ConditionalExpression', original: '( amount === 0 )', replacement: 'true' }],
};

describe('a mutant', () => {
  test.each(['Killed', 'Timeout', 'RuntimeError'])('is killed: %s', (status) => {
    const judgement = judge(reportOf(mutant(status)), []);
    expect(judgement).toEqual({ files: [{ file: 'order/free.ts', mutants: 1, killed: 1, accepted: 0, tables: 0 }], living: [], stale: [] });
    expect(isProven(judgement)).toBe(true);
  });

  test.each(['Survived', 'NoCoverage'])('lives, and is named by its text: %s', (status) => {
    const judgement = judge(reportOf(mutant(status), mutant('Killed', 'false')), []);
    const [{ file, line, mutants }] = [accepted];
    expect(judgement.living).toEqual([{ file, line, place: '2:10', ...mutants[0] }]);
    expect(judgement.files).toEqual([{ file, mutants: 2, killed: 1, accepted: 0, tables: 0 }]);
    expect(isProven(judgement)).toBe(false);
  });

  test('that is accepted may live', () => {
    const judgement = judge(reportOf(mutant('Survived')), [accepted]);
    expect(judgement).toEqual({ files: [{ file: 'order/free.ts', mutants: 1, killed: 0, accepted: 1, tables: 0 }], living: [], stale: [] });
    expect(isProven(judgement)).toBe(true);
  });

  test.each([{ file: 'order/other.ts' }, { line: 'return [' }])('is another one than what is accepted elsewhere: %o', (elsewhere) => {
    expect(judge(reportOf(mutant('Survived')), [{ ...accepted, ...elsewhere }]).living.length).toBe(1);
  });

  test('of a table is counted where it is left out', () => {
    const left = { ...mutant('Ignored'), statusReason: 'Static mutant (and "ignoreStatic" was enabled)' };
    expect(judge(reportOf(left, mutant('Killed')), []).files).toMatchObject([{ mutants: 1, tables: 1 }]);
  });

  test('that is left alone is none', () => {
    expect(judge(reportOf(mutant('Ignored')), []).files).toEqual([
      { file: 'order/free.ts', mutants: 0, killed: 0, accepted: 0, tables: 0 },
    ]);
  });
});

describe('what is accepted is stale', () => {
  test.each<readonly [string, Report]>([
    ['where a test kills it', reportOf(mutant('Killed'))],
    ['where it is no more there', reportOf(mutant('Killed', 'false'))],
  ])('%s', (_, report) => {
    const judgement = judge(report, [accepted]);
    expect(judgement.stale).toEqual([{ ...accepted, mutant: accepted.mutants[0] }]);
    expect(isProven(judgement)).toBe(false);
  });

  test('but not where it, or its file, was left out', () => {
    expect(judge({ files: {} }, [accepted]).stale).toEqual([]);
    expect(judge(reportOf(mutant('Ignored')), [accepted]).stale).toEqual([]);
  });
});

describe('the list of what is accepted', () => {
  const covered = cores.flatMap(filesOf);
  const known: readonly Accepted[] = list;
  const entries = known.flatMap(({ mutants, ...entry }) => mutants.map((each) => ({ ...entry, ...each })));

  test.runIf(entries.length > 0).each(entries)('$file: $original → $replacement', ({ file, line, original, reason }) => {
    expect(covered).toContain(file);
    const text = readFileSync(join(root, file), 'utf8');
    expect(text.split('\n').map((each) => each.trim())).toContain(line);
    expect(oneLine(text)).toContain(original);
    expect(reason).toMatch(/^[A-Z].+\.$/);
  });

  test('names no mutant twice', () => expect(new Set(entries.map((each) => JSON.stringify(each))).size).toBe(entries.length));
});

test('a core, a file of it, and nothing else can be named', () => {
  expect(filesOf('order')).toContain('packages/ledger/src/order/decide.ts');
  expect(filesOf('order').filter((file) => file.includes('.test'))).toEqual([]);
  expect(filesOf('order/decide.ts')).toEqual(['packages/ledger/src/order/decide.ts']);
  expect([...filesOf('order/decide.test.ts'), ...filesOf('decide.ts'), ...filesOf('ord')]).toEqual([]);
});
