// The tests that must kill each mutant: those beside the two cores, on one seed, so that a second run kills the same mutants.
import { basename, dirname } from 'node:path';
import { defineConfig, type ViteUserConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * What kills a mutant is not asked again, so what takes longest comes last. Where vitest is started for one mutant alone, the plugin
 * names its file in MUTATED_FILE, and in MUTATED_TESTS whether the test beside that `file` runs, or all of its `folder`.
 */
class CheapestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const { MUTATED_FILE: mutated = '', MUTATED_TESTS: tests } = process.env;
    const isAsked = ({ moduleId }: TestSpecification): boolean => {
      if (tests === 'file') return moduleId.endsWith(`/${basename(mutated).replace('.ts', '.test.ts')}`) && isBeside(moduleId, mutated);
      return tests !== 'folder' || isBeside(moduleId, mutated);
    };
    const rank = ({ moduleId }: TestSpecification): number => (/laws|schemas|made-again|nothing-forgotten/.test(moduleId) ? 1 : 0);
    return files.filter(isAsked).sort((a, b) => rank(a) - rank(b) || (a.moduleId < b.moduleId ? -1 : 1));
  }
}

function isBeside(file: string, other: string): boolean {
  return basename(dirname(file)) === basename(dirname(other));
}

const config: ViteUserConfig = defineConfig({
  test: {
    include: ['packages/ledger/src/order/**/*.test.ts', 'packages/ledger/src/subscription/**/*.test.ts'],
    sequence: { sequencer: CheapestFirst },
    // None: on a busy machine a test that takes long would count as one that has noticed a mutant. Loops end by the counted hits.
    testTimeout: 0,
    hookTimeout: 0,
    pool: 'threads',
  },
});
export default config;
