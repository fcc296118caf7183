// `npm run simulate`: seeds on the real code, then each mutant on its seed of mutant-seeds.json, or until another one catches it. `-- --seeds N`: any number.
// `--seed S`: one of them, with all that it drew. `--no-mutants`: the seeds alone. `--mutant-seeds N`: at most N for each mutant, not 2,000.
// `--mutant NAME`: how it is caught.
// Exits 1 where a seed breaks a law or a mutant lives.
import { printCoverage, printFailure, printMutants, readCommandLine } from './command-line.ts';
import type { SeedsReport } from './report.ts';

const { seeds, firstSeed, mutantSeeds, mutant: onlyMutant, withMutants, json } = readCommandLine(200);
const mainUrl = new URL(import.meta.url);
const again = 'npm run simulate --';
if (json) console.log(JSON.stringify(await runHere(onlyMutant)));
else process.exitCode = (await (onlyMutant === undefined ? reportAll() : reportMutant(onlyMutant))) ? 0 : 1;

/** Runs the seeds in this process, with a mutant or without. */
async function runHere(mutantName: string | undefined): Promise<SeedsReport> {
  let checkMade = (): void => undefined;
  if (mutantName !== undefined) {
    const { mutants } = await import('./mutants.ts');
    const mutant = mutants.find(({ name }) => name === mutantName);
    if (!mutant) throw new Error(`There is no mutant "${mutantName}". mutants.ts has them all`);
    checkMade = (await import('./mutate.ts')).mutate(mutant);
  }
  const { runSeeds } = await import('./run-seeds.ts'); // Loaded only now: `mutate` changes the source while it loads.
  checkMade();
  return runSeeds(firstSeed, seeds, { untilFailure: mutantName !== undefined });
}

async function reportMutant(name: string): Promise<boolean> {
  const { failures } = await runHere(name);
  for (const failure of failures) printFailure(failure, again);
  console.log(failures.length > 0 ? `"${name}" is caught` : `"${name}" lives through ${seeds} seeds`);
  return failures.length > 0;
}

async function reportAll(): Promise<boolean> {
  const { runSeedsInBatches } = await import('./child-runs.ts');
  const { searchMutants } = await import('./mutant-seeds.ts');
  const { mutants } = await import('./mutants.ts');
  const { sumOf } = await import('./report.ts');
  const startedMs = performance.now();
  const sum = sumOf(await runSeedsInBatches<SeedsReport>(mainUrl, firstSeed, seeds));
  for (const failure of sum.failures.slice(0, 3)) printFailure(failure, again);
  if (seeds > 1) printCoverage(sum);
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
  console.log(`${sum.seeds} seeds, ${sum.steps} steps, ${sum.events} events in ${seconds} s: ${sum.failures.length} broke a law`);
  if (sum.failures.length > 3) console.log(`Seeds that broke a law: ${sum.failures.map(({ seed }) => seed).join(' ')}`);
  if (!withMutants) return sum.failures.length === 0;
  const reports = await searchMutants(mainUrl, mutants, mutantSeeds);
  printMutants(reports);
  return sum.failures.length === 0 && reports.every(({ caught }) => caught !== undefined);
}
