// `npm run simulate -- --subscription-laws`, and a part of `-- --subscriptions`: plays seeds of the proof of subscriptions, then each
// mutant on its seed of mutant-seeds.json, or until another one catches it. `--seeds N`: any number of seeds. `--seed S`: starts at
// that one; runs one, unless `--seeds` asks for more. `--no-mutants`: the seeds alone. `--mutant-seeds N`: at most N for each mutant,
// not 2,000. `--mutant NAME`: how it is caught. Exits 1 where a seed breaks a law or a mutant lives.
import { metInAll, runSeedsInBatches } from '../child-runs.ts';
import { printMutants, readCommandLine } from '../command-line.ts';
import { searchMutants } from '../mutant-seeds.ts';
import { mutate } from '../mutate.ts';
import { mutants } from './mutants.ts';
import type { ProofReport } from './run-seeds.ts';

const { seeds, firstSeed, mutantSeeds, mutant: onlyMutant, withMutants, json } = readCommandLine(200);
if (json) console.log(JSON.stringify(await runHere(onlyMutant)));
else process.exitCode = (await reportAll(onlyMutant)) ? 0 : 1;

/** Plays the seeds in this process, mutated or not. */
async function runHere(mutantName: string | undefined): Promise<ProofReport> {
  let checkMade = (): void => undefined;
  if (mutantName !== undefined) {
    const mutant = mutants.find(({ name }) => name === mutantName);
    if (!mutant) throw new Error(`There is no mutant "${mutantName}". mutants.ts has them all`);
    checkMade = mutate(mutant);
  }
  const { runSeeds } = await import('./run-seeds.ts'); // Only now: the source is mutated while it loads.
  checkMade();
  return runSeeds(firstSeed, seeds, { untilFailure: mutantName !== undefined });
}

/** Plays the seeds in child processes, so that all cores work. */
async function runBatches(): Promise<ProofReport> {
  const reports = await runSeedsInBatches<ProofReport>(new URL(import.meta.url), firstSeed, seeds);
  return {
    seeds: reports.reduce((sum, report) => sum + report.seeds, 0),
    met: metInAll(reports),
    failures: reports.flatMap(({ failures }) => failures),
  };
}

async function reportAll(mutantName: string | undefined): Promise<boolean> {
  const startedMs = performance.now();
  const { met, failures, seeds: played } = mutantName === undefined ? await runBatches() : await runHere(mutantName);
  for (const { seed, law, message } of failures.slice(0, 3)) {
    console.log(`Seed ${seed} breaks: ${law}\n${message}\nAgain: npm run simulate -- --subscription-laws --seed ${seed}\n`);
  }
  if (mutantName !== undefined) {
    console.log(failures.length > 0 ? `"${mutantName}" is caught` : `"${mutantName}" lives through ${played} seeds`);
    return failures.length > 0;
  }
  console.log(
    `Met, how often\n${Object.entries(met)
      .map(([what, times]) => `  ${what} ${times}`)
      .join('\n')}`,
  );
  console.log(`${played} seeds in ${((performance.now() - startedMs) / 1_000).toFixed(1)} s: ${failures.length} broke a law`);
  if (failures.length > 3) console.log(`Seeds that broke a law: ${failures.map(({ seed }) => seed).join(' ')}`);
  if (!withMutants) return failures.length === 0;
  const reports = await searchMutants(new URL(import.meta.url), mutants, mutantSeeds);
  printMutants(reports);
  return failures.length === 0 && reports.every(({ caught }) => caught !== undefined);
}
