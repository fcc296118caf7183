// A process that plays one scenario on the source with one mutant, and says whether the scenario found it: exit code 3.
import { mutate } from '../../testing/simulation/mutate.ts';
import { storeMutants } from './mutants.test-support.ts';
import type { Stage } from './scenarios.test-support.ts';

const [name, scenarioName = '', stage = ''] = process.argv.slice(2);
const mutant = storeMutants.find((each) => each.name === name);
const done = mutant && mutate(mutant);
const { scenarios } = await import('./scenarios.test-support.ts');
done?.();
const scenario = scenarios[scenarioName];
if (scenario === undefined) throw new Error(`There is no scenario ${scenarioName}`);
process.on('uncaughtException', found);
process.on('unhandledRejection', found);
try {
  await scenario(JSON.parse(stage) as Stage);
} catch (error) {
  found(error);
}
process.exit(0);

function found(error: unknown): never {
  console.log(String(error).split('\n', 1)[0]);
  process.exit(3);
}
