// `npm run simulate -- --stripe`: runs the adapter against the sandbox's model, seed by seed, then each mutant on its seed
// of mutant-seeds.json, or until another one catches it. `--seeds N`: any number of seeds. `--seed S`: starts at that one; runs one, unless `--seeds` asks for more.
// `--no-mutants`: only the seeds. `--mutant-seeds N`: at most N for each mutant, not 2,000. `--mutant NAME`: shows how it is caught. Exits 1 if a seed breaks a law or a mutant
// survives.
import {
  mutate,
  printCoverage,
  printFailure,
  printMutants,
  readCommandLine,
  runSeedsInBatches,
  searchMutants,
} from '@paidonce/ledger/simulation';
import type { SeedsReport } from './report.ts';

const { seeds, firstSeed, mutantSeeds, mutant: onlyMutant, withMutants, json } = readCommandLine(100);
const again = 'npm run simulate -- --stripe';
if (json) console.log(JSON.stringify(await runHere(onlyMutant)));
else process.exitCode = (await reportAll(onlyMutant)) ? 0 : 1;

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

/** Runs the seeds in child processes: all cores work, and one process would not have the memory for ten thousand. */
async function runBatches(): Promise<SeedsReport> {
  const { sumOf } = await import('./report.ts');
  return sumOf(await runSeedsInBatches<SeedsReport>(new URL(import.meta.url), firstSeed, seeds));
}

async function reportAll(mutantName: string | undefined): Promise<boolean> {
  const startedMs = performance.now();
  const report = mutantName === undefined ? await runBatches() : await runHere(mutantName);
  const { failures } = report;
  for (const failure of failures.slice(0, 3)) printFailure(failure, again);
  if (mutantName !== undefined) {
    console.log(failures.length > 0 ? `"${mutantName}" is caught` : `"${mutantName}" lives through ${seeds} seeds`);
    return failures.length > 0;
  }
  if (seeds > 1) printCoverage(report);
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
  const { steps, events, calls } = report;
  console.log(
    `${report.seeds} seeds, ${steps} steps, ${events} events, ${calls} calls of Stripe in ${seconds} s: ${failures.length} broke a law`,
  );
  if (failures.length > 3) console.log(`Seeds that broke a law: ${failures.map(({ seed }) => seed).join(' ')}`);
  if (!withMutants) return failures.length === 0;
  const { mutants } = await import('./mutants.ts');
  const reports = await searchMutants(new URL(import.meta.url), mutants, mutantSeeds);
  printMutants(reports);
  return failures.length === 0 && reports.every(({ caught }) => caught !== undefined);
}
