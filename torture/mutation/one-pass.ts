// A runner of vitest that runs each test again for every mutant that the test reaches and no test before it has killed. All in one
// process that loads the modules once, so a mutant costs its tests and nothing more: Stryker's own runner starts vitest for each.
import { writeFileSync } from 'node:fs';
import { type RunnerTestCase, type RunnerTestFile, TestRunner } from 'vitest';

/** Where it leaves what it found: each killed mutant, by its id, with the test that killed it. */
const { ONE_PASS_RESULT = '.one-pass.json' } = process.env;

/** What instrumented code reads and counts: Stryker's `INSTRUMENTER_CONSTANTS`. */
interface Instrumented {
  activeMutant?: string | undefined;
  currentTestId?: string | undefined;
  /** Code that is instrumented throws where a mutant is reached more often than `hitLimit`: so no loop is endless. */
  hitCount?: number | undefined;
  hitLimit?: number | undefined;
  mutantCoverage?: { readonly static: Hits; readonly perTest: Record<string, Hits> };
  /** Ours: vitest makes a runner for each file, and the code of a file that was loaded before still reads this object. */
  readonly killed: Record<string, string>;
}
/** How often each mutant was reached. */
type Hits = Record<string, number>;

const shared: { __stryker__?: Instrumented } = globalThis as object;
shared.__stryker__ ??= { killed: {} };
const instrumented: Instrumented = shared.__stryker__;

export default class OnePass extends TestRunner {
  async runTask(test: RunnerTestCase): Promise<void> {
    const run = TestRunner.getTestFn(test);
    const reached = await reachedBy(test, run);
    for (const [mutant, hits] of Object.entries(reached)) {
      if (mutant in instrumented.killed) continue;
      Object.assign(instrumented, { activeMutant: mutant, hitCount: 0, hitLimit: 1_000 + 100 * hits });
      try {
        await run();
      } catch {
        instrumented.killed[mutant] = `${test.file.name} > ${test.fullTestName}`;
      }
    }
    Object.assign(instrumented, { activeMutant: undefined, hitCount: undefined, hitLimit: undefined });
  }

  override onAfterRunFiles(files: RunnerTestFile[]): void {
    super.onAfterRunFiles(files);
    writeFileSync(ONE_PASS_RESULT, JSON.stringify(instrumented.killed));
  }
}

/** @throws what the test throws: with no mutant in it, that is a failure of the run. */
async function reachedBy(test: RunnerTestCase, run: () => unknown): Promise<Hits> {
  instrumented.mutantCoverage ??= { static: {}, perTest: {} };
  instrumented.currentTestId = test.id;
  try {
    await run();
  } finally {
    instrumented.currentTestId = undefined;
  }
  return { ...instrumented.mutantCoverage.perTest[test.id] };
}
