// Prints `N passed, N failed, N skipped`, the sum over the folder's JSON reports of vitest, for .ci/run. Without a report
// (an earlier step failed) it prints nothing. A test file that could not be loaded counts as one failure: vitest counts no
// test in it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly { readonly status: string }[] }[];
}

const folder = process.argv[2] ?? '';
const reports = readdirSync(folder).map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Report);
const sum = (countOf: (report: Report) => number): number => reports.reduce((total, report) => total + countOf(report), 0);
const notLoaded = ({ testResults }: Report): number =>
  testResults.filter(({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'))
    .length;

if (reports.length > 0) {
  const skipped = sum((report) => report.numPendingTests);
  const failed = sum((report) => report.numFailedTests + notLoaded(report));
  console.log(`${sum((report) => report.numPassedTests)} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
}
