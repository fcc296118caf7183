// The tests that must kill each mutant: those beside the two cores, on one seed, so that a second run kills the same mutants.
import { defineConfig, type ViteUserConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The first failure ends the run of a mutant, so what takes longest comes last. */
class CheapestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const text = ({ moduleId }: TestSpecification): string => `${/laws|schemas|made-again/.test(moduleId) ? 1 : 0} ${moduleId}`;
    return files.sort((a, b) => (text(a) < text(b) ? -1 : 1));
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
