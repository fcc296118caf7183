// `npm test`: every *.test.ts of the workspaces, on the sources themselves (no build needed), two processes.
// With TEST_REPORT=FILE it writes vitest's JSON report there too; .ci/run reads the count from it.
import { defineConfig, type ViteUserConfig } from 'vitest/config';
import './scripts/require-node.mjs';

const { TEST_REPORT } = process.env;

const config: ViteUserConfig = defineConfig({
  // Vitest hands it on to Node, so that workers started by a test resolve the packages as the test does.
  ssr: { resolve: { conditions: ['@paidonce/source'] } },
  test: {
    include: ['packages/**/src/**/*.test.ts', 'examples/**/*.test.ts', 'scripts/**/*.test.ts', 'benchmarks/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    pool: 'forks',
    maxWorkers: 2,
    // Properties, simulations and several processes on two slow cores; no test waits for time to pass.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: TEST_REPORT ? ['default', ['json', { outputFile: TEST_REPORT }]] : ['default'],
  },
});
export default config;
