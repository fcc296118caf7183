// The result of a run, as data and in words for a shop's developer.
import type { ScenarioName } from './scenario-names.ts';

interface Played {
  readonly name: ScenarioName;
  /** What must hold. */
  readonly promise: string;
}

/** The result of one scenario. */
export type ScenarioResult =
  | (Played & { readonly outcome: 'passed' })
  | (Played & {
      readonly outcome: 'broke';
      /** The steps, in order. */
      readonly did: readonly string[];
      /** What should have happened, in words. */
      readonly expected: string;
      /** What happened instead, in words. */
      readonly observed: string;
      /** What it costs the shop. */
      readonly matters: string;
      /** What to do about it. */
      readonly remedy: string;
    })
  | (Played & {
      readonly outcome: 'skipped';
      /** And what would change that. */
      readonly because: string;
      /** The app sells nothing of the kind: orders, or subscriptions. It may always be skipped. */
      readonly notSold?: true;
    });

/** The result of a run. */
export interface ConformanceReport {
  /** `runConformance(boot, { seed })` repeats the same choices. */
  readonly seed: number;
  /** In the order in which they were played. */
  readonly results: readonly ScenarioResult[];
  /** Why your app did not close, in words. Absent: it closed. */
  readonly closing?: string;
}

const marks = { passed: 'ok', broke: 'BROKE', skipped: 'skipped' } as const;

/** The report as text for a terminal, without colours. */
export function formatReport({ seed, results, closing }: ConformanceReport): string {
  const count = (outcome: ScenarioResult['outcome']): number => results.filter((result) => result.outcome === outcome).length;
  const [passed, broke, skipped] = [count('passed'), count('broke'), count('skipped')];
  return [
    ...results.filter((result) => !isNotSold(result)).map(formatResult),
    ...notSold(results),
    ...(closing === undefined ? [] : ['', `Your app did not close at the end: ${closing}.`]),
    '',
    `${passed} passed, ${broke} broke, ${skipped} skipped. Seed ${seed}.`,
    ...(broke === 0 ? [] : [`Again: runConformance(boot, { seed: ${seed}, only: [${namesOf(results, 'broke')}] })`]),
  ].join('\n');
}

function isNotSold(result: ScenarioResult): boolean {
  return result.outcome === 'skipped' && result.notSold === true;
}

/** Said once, not for each scenario. */
function notSold(results: readonly ScenarioResult[]): readonly string[] {
  const reasons = results.flatMap((result) => (result.outcome === 'skipped' && result.notSold ? [result.because] : []));
  return [...new Set(reasons)].map(
    (because) =>
      `${marks.skipped.padEnd(8)}${reasons.filter((reason) => reason === because).length} scenarios\n        Not judged: ${because}`,
  );
}

function namesOf(results: readonly ScenarioResult[], outcome: ScenarioResult['outcome']): string {
  return results
    .filter((result) => result.outcome === outcome)
    .map(({ name }) => `'${name}'`)
    .join(', ');
}

function formatResult(result: ScenarioResult): string {
  const head = `${marks[result.outcome].padEnd(8)}${result.name}: ${result.promise}`;
  switch (result.outcome) {
    case 'passed':
      return head;
    case 'skipped':
      return `${head}\n        Not judged: ${result.because}`;
    case 'broke':
      return [
        head,
        '        What was done',
        ...result.did.map((step, index) => `          ${index + 1}. ${step}`),
        `        Expected    ${result.expected}`,
        `        Observed    ${result.observed}`,
        `        It matters  ${result.matters}`,
        `        To do       ${result.remedy}`,
      ].join('\n');
  }
}

/** Options of `assertConforms`. */
export interface AssertOptions {
  /** Scenarios that your app cannot play. All others of what it sells must not be skipped, so that a new gap does not go unnoticed. Default: none. */
  readonly mayBeSkipped?: readonly ScenarioName[];
}

/** For a test. @throws Error with the report, if a scenario broke, or was skipped and is not in `mayBeSkipped`, or the app did not close. */
export function assertConforms(report: ConformanceReport, { mayBeSkipped = [] }: AssertOptions = {}): void {
  const failed = report.results.filter(
    (result) => result.outcome === 'broke' || (result.outcome === 'skipped' && !isNotSold(result) && !mayBeSkipped.includes(result.name)),
  );
  if (failed.length > 0 || report.closing !== undefined)
    throw new Error(`The app breaks what customers rely on.\n${formatReport({ ...report, results: failed })}`);
}
