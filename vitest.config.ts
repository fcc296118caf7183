// The tests, on the sources themselves (no build needed), in two projects that are told apart by the file's name:
//   *.test.ts          `npm test`: decisions, laws, the embedded stores, all sources. Threads that share their modules.
//   *.verify.test.ts   `npm run verify` adds them: real servers, processes, browsers, command lines, simulations.
// `npm run torture` runs files of both with far larger numbers, which testing/runs.ts reads from the environment.
// A test that changes process.env, the working folder or a global belongs to the second: its files have a process each.
// No test has a time limit: a busy machine makes it slow, never red. Who waits for something waits with `expect.poll`.
// With TEST_REPORT=FOLDER each run writes vitest's JSON report to a file there; .ci/run reads the counts from all of them.
import { join } from 'node:path';
import { defineConfig, type TestProjectConfiguration, type ViteUserConfig } from 'vitest/config';
import './scripts/require-node.mjs';
import { LongestFirst } from './scripts/longest-first.ts';
import { slowTests } from './scripts/slow-tests.ts';

const { TEST_REPORT } = process.env;
const roots = ['packages/**/src', 'examples', 'scripts', 'benchmarks', 'torture'];
const never = ['**/node_modules/**', '**/dist/**'];

function project(name: string, ending: string, test: object): TestProjectConfiguration {
  const exclude = name === 'test' ? [...never, '**/*.verify.test.ts'] : never;
  return { extends: true, test: { name, include: roots.map((root) => `${root}/**/*${ending}`), exclude, ...test } };
}

const config: ViteUserConfig = defineConfig({
  // Vitest hands it on to Node, so that workers started by a test resolve the packages as the test does.
  ssr: { resolve: { conditions: ['@paidonce/source'] } },
  test: {
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    // No busy machine makes a test red; but what hangs must end, and say its name.
    testTimeout: 30 * 60_000,
    hookTimeout: 30 * 60_000,
    teardownTimeout: 60_000,
    expect: { poll: { timeout: 2 ** 31 - 1, interval: 20 } },
    slowTestThreshold: 1_000,
    reporters: TEST_REPORT
      ? ['default', slowTests, ['json', { outputFile: join(TEST_REPORT, `${process.pid}.json`) }]]
      : ['default', slowTests],
    projects: [
      project('test', '.test.ts', { pool: 'threads', isolate: false }),
      // The processes that these tests start, hundreds of them, share what they compile.
      project('verify', '.verify.test.ts', {
        pool: 'forks',
        env: { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/node') },
      }),
    ],
  },
});
export default config;
