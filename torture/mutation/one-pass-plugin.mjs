// The runner that stryker.json names: Stryker's own for vitest, which is asked only of mutants that one pass over all tests has not
// killed and that are in what modules compute as they load.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { declareFactoryPlugin, PluginKind } from '@stryker-mutator/api/plugin';
import { DryRunStatus, MutantRunStatus } from '@stryker-mutator/api/test-runner';
import { strykerPlugins as vitestPlugins } from '@stryker-mutator/vitest-runner';
import { createVitest } from 'vitest/node';

const [{ factory }] = vitestPlugins;

class OnePassRunner {
  #vitest;
  #killed = {};

  constructor(vitest) {
    this.#vitest = vitest;
  }

  capabilities() {
    return this.#vitest.capabilities();
  }

  init() {
    return this.#vitest.init();
  }

  async dryRun(options) {
    const result = await this.#vitest.dryRun(options);
    if (result.status === DryRunStatus.Complete) this.#killed = await onePass();
    return result;
  }

  async mutantRun(options) {
    const killedBy = this.#killed[options.activeMutant.id];
    if (killedBy) return { status: MutantRunStatus.Killed, killedBy: [], failureMessage: killedBy, nrOfTests: 1 };
    if (options.mutantActivation !== 'static') return { status: MutantRunStatus.Survived, nrOfTests: options.testFilter.length };
    process.env.MUTATED_FILE = options.sandboxFileName;
    const beside = await this.#runOf('file', options);
    return beside.status === MutantRunStatus.Survived ? this.#runOf('folder', options) : beside;
  }

  /** Runs the test beside the file, which kills most, or all those of its folder: see `sort` in vitest.config.ts. */
  #runOf(tests, options) {
    process.env.MUTATED_TESTS = tests;
    return this.#vitest.mutantRun(options);
  }

  dispose() {
    return this.#vitest.dispose();
  }
}

/** Runs in the sandbox, where Stryker has put the mutants into the code. */
async function onePass() {
  const result = resolve('.one-pass.json');
  process.env.ONE_PASS_RESULT = result;
  const vitest = await createVitest('test', {
    config: 'torture/mutation/vitest.config.ts',
    runner: resolve('torture/mutation/one-pass.ts'),
    isolate: false,
    maxWorkers: 1,
    watch: false,
    reporters: [],
  });
  try {
    const { testModules } = await vitest.start();
    const failed = testModules.find((module) => !module.ok());
    if (failed) throw new Error(`${failed.moduleId} fails without a mutant`);
    return JSON.parse(readFileSync(result, 'utf8'));
  } finally {
    await vitest.close();
  }
}

createRunner.inject = factory.inject;
function createRunner(injector) {
  return new OnePassRunner(factory(injector));
}

export const strykerPlugins = [declareFactoryPlugin(PluginKind.TestRunner, 'one-pass', createRunner)];
