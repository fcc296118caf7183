// Prints `N passed, N failed, N skipped` from vitest's JSON report, for .ci/run. Without a report (because an earlier step
// failed) it prints nothing. A test file that could not be loaded counts as one failure, because vitest counts no test in it.
import { readFileSync } from 'node:fs';

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly { readonly status: string }[] }[];
}

const text = readFileSync(process.argv[2] ?? '', 'utf8');
if (text !== '') {
  const report = JSON.parse(text) as Report;
  const notLoaded = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((assertion) => assertion.status === 'failed'),
  );
  const skipped = report.numPendingTests > 0 ? `, ${report.numPendingTests} skipped` : '';
  console.log(`${report.numPassedTests} passed, ${report.numFailedTests + notLoaded.length} failed${skipped}`);
}
