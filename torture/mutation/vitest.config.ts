// The tests that must kill each mutant: those beside the two cores, on one seed, so that a second run kills the same mutants.
import { basename, dirname } from 'node:path';
import { defineConfig, type ViteUserConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * The first failure ends the run of a mutant, so what takes longest comes last. Where vitest is started for one mutant alone, the plugin
 * names its file in MUTATED_FILE: the test beside it comes first, and what is beside the other core is left out.
 */
class CheapestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const { MUTATED_FILE: mutated } = process.env;
    const rank = ({ moduleId }: TestSpecification): number => {
      if (mutated && basename(moduleId) === basename(mutated).replace('.ts', '.test.ts')) return 0;
      return /laws|schemas|made-again|nothing-forgotten/.test(moduleId) ? 2 : 1;
    };
    return files
      .filter(({ moduleId }) => !mutated || basename(dirname(moduleId)) === basename(dirname(mutated)))
      .sort((a, b) => rank(a) - rank(b) || (a.moduleId < b.moduleId ? -1 : 1));
  }
}

const config: ViteUserConfig = defineConfig({
  test: {
    include: ['packages/ledger/src/order/**/*.test.ts', 'packages/ledger/src/subscription/**/*.test.ts'],
    sequence: { sequencer: CheapestFirst },
    pool: 'threads',
  },
});
export default config;
