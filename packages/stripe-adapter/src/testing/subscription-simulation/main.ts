// `npm run simulate -- --subscription-adapter`, and a part of `-- --subscriptions`: plays seeds of the adapter against the sandbox's Billing, then each mutant on its
// seed of mutant-seeds.json, or until another one catches it. The options are those of the other simulations. Exits 1 if a seed breaks a law or a
// mutant survives.
import { mutate, printFailure, printMutants, readCommandLine, runSeedsInBatches, searchMutants } from '@paidonce/ledger/simulation/tools';
import type { SeedsReport } from './report.ts';

const { seeds, firstSeed, mutantSeeds, mutant: onlyMutant, withMutants, json } = readCommandLine(50);
const again = 'npm run simulate -- --subscription-adapter';
if (json) console.log(JSON.stringify(await runHere(onlyMutant)));
else if (!(await reportAll(onlyMutant))) process.exitCode = 1;

/** Runs the seeds in this process, mutated or not. */
async function runHere(mutantName: string | undefined): Promise<SeedsReport> {
  let checkMade = (): void => undefined;
  if (mutantName !== undefined) {
    const { mutants } = await import('./mutants.ts');
    const mutant = mutants.find(({ name }) => name === mutantName);
    if (!mutant) throw new Error(`There is no mutant "${mutantName}". mutants.ts has them all`);
    checkMade = mutate(mutant, new URL('../../', import.meta.url));
  }
  const { runSeeds } = await import('./report.ts'); // Only now: the source is mutated while it loads.
  checkMade();
  return runSeeds(firstSeed, seeds, { untilFailure: mutantName !== undefined });
}

/** Runs the seeds in child processes: all cores work, and the memory of each batch is freed. */
async function runBatches(): Promise<SeedsReport> {
  const { sumOf } = await import('./report.ts');
  return sumOf(await runSeedsInBatches<SeedsReport>(new URL(import.meta.url), firstSeed, seeds));
}

async function reportAll(mutantName: string | undefined): Promise<boolean> {
  const startedMs = performance.now();
  const { failures, met, steps, seeds: played } = mutantName === undefined ? await runBatches() : await runHere(mutantName);
  for (const failure of failures.slice(0, 3)) printFailure(failure, again);
  if (mutantName !== undefined) {
    console.log(failures.length > 0 ? `"${mutantName}" is caught` : `"${mutantName}" lives through ${played} seeds`);
    return failures.length > 0;
  }
  for (const [what, times] of Object.entries(met)) console.log(`  ${what} ${times}`);
  for (const { seed, law, message } of failures) console.log(`Seed ${seed}: ${law}: ${message}`);
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
  console.log(`${played} seeds of the adapter, ${steps} steps in ${seconds} s: ${failures.length} broke a law`);
  if (!withMutants) return failures.length === 0;
  const { mutants } = await import('./mutants.ts');
  const reports = await searchMutants(new URL(import.meta.url), mutants, mutantSeeds);
  printMutants(reports);
  return failures.length === 0 && reports.every(({ caught }) => caught !== undefined);
}
