import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

function count(...reports: readonly string[]): { readonly status: number | null; readonly printed: string } {
  const folder = mkdtempSync(join(tmpdir(), 'paidonce-count-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [index, report] of reports.entries()) writeFileSync(join(folder, `${index}.json`), report);
  const { status, stdout } = spawnSync(process.execPath, [join(import.meta.dirname, 'count-tests.ts'), folder], { encoding: 'utf8' });
  return { status, printed: stdout };
}

const report = (passed: number, failed: number, skipped: number, testResults: readonly object[] = []): string =>
  JSON.stringify({ numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped, testResults });

test('what passed and failed stands on one line, what was skipped only where something was', () => {
  expect(count(report(12, 0, 0))).toEqual({ status: 0, printed: '12 passed, 0 failed\n' });
  expect(count(report(12, 1, 2))).toEqual({ status: 0, printed: '12 passed, 1 failed, 2 skipped\n' });
});

test('a file that could not be loaded is a failure, one with a failed test is not counted twice', () => {
  const files = [
    { status: 'failed', assertionResults: [] },
    { status: 'failed', assertionResults: [{ status: 'failed' }, { status: 'passed' }] },
    { status: 'passed', assertionResults: [{ status: 'passed' }] },
  ];
  expect(count(report(2, 1, 0, files)).printed).toBe('2 passed, 2 failed\n');
});

test('several runs are summed', () => {
  expect(count(report(12, 0, 0), report(3, 1, 2)).printed).toBe('15 passed, 1 failed, 2 skipped\n');
});

test('nothing is printed where the tests did not run', () => {
  expect(count()).toEqual({ status: 0, printed: '' });
});
