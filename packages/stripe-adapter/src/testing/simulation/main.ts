// `npm run simulate -- --stripe`: the adapter against the sandbox's model, seed by seed, then each mutant until a seed catches
// it. `--seeds N`: any number. `--seed S`: from that one on, one of them unless `--seeds` says more. `--no-mutants`: the seeds
// alone. `--mutant NAME`: how it is caught. Exits 1 where a seed breaks a law or a mutant lives.
import { parseArgs } from 'node:util';
import type { MutantReport } from './child-runs.ts';
import type { Failure, SeedsReport } from './report.ts';

const values = parseOptions();
const seeds = wholeNumber('seeds', values.seeds, values.seed === undefined ? 100 : 1);
const firstSeed = wholeNumber('seed', values.seed, 1);
if (values.json) console.log(JSON.stringify(await runHere(values.mutant)));
else process.exitCode = (await reportAll(values.mutant)) ? 0 : 1;

function parseOptions() {
  try {
    return parseArgs({
      options: {
        seeds: { type: 'string' },
        seed: { type: 'string' },
        mutants: { type: 'boolean' },
        mutant: { type: 'string' },
        /** For child processes: the report of this one, and nothing else. */
        json: { type: 'boolean', default: false },
      },
      allowNegative: true,
    }).values;
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

function wholeNumber(option: 'seeds' | 'seed', text: string | undefined, otherwise: number): number {
  const number = text === undefined ? otherwise : Number(text);
  return Number.isSafeInteger(number) && number >= 1 ? number : refuse(`--${option} is ${text}. It must be a whole number, 1 or more`);
}

function refuse(message: string): never {
  console.error(message);
  process.exit(2);
}

/** In this process, mutated or not. */
async function runHere(mutantName: string | undefined): Promise<SeedsReport> {
  let checkMade = (): void => undefined;
  if (mutantName !== undefined) {
    const { mutants } = await import('./mutants.ts');
    const mutant = mutants.find(({ name }) => name === mutantName);
    if (!mutant) throw new Error(`There is no mutant "${mutantName}". mutants.ts has them all`);
    const { mutate } = await import('@paidonce/ledger/simulation');
    checkMade = mutate(mutant, new URL('../../', import.meta.url));
  }
  const { runSeeds } = await import('./report.ts'); // Only now: the source is mutated while it loads.
  checkMade();
  return runSeeds(firstSeed, seeds, { untilFailure: mutantName !== undefined });
}

async function reportAll(mutantName: string | undefined): Promise<boolean> {
  const startedMs = performance.now();
  const report = await runHere(mutantName);
  const { failures } = report;
  for (const failure of failures.slice(0, 3)) printFailure(failure);
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
  if (!(values.mutants ?? values.seed === undefined)) return failures.length === 0;
  const { runMutants } = await import('./child-runs.ts');
  const { mutants } = await import('./mutants.ts');
  const reports = await runMutants(mutants, Math.max(seeds, 2_000));
  printMutants(reports);
  return failures.length === 0 && reports.every(({ caught }) => caught !== undefined);
}

function printFailure({ seed, law, message, options, traceTail }: Failure): void {
  console.log(`Seed ${seed} breaks: ${law}\n  ${message}\n`);
  console.log(`It drew: ${JSON.stringify(options, null, 2)}\n`);
  console.log(`What happened last (step, virtual ms, what):\n${traceTail.map((line) => `  ${line}`).join('\n')}\n`);
  console.log(`Again: npm run simulate -- --stripe --seed ${seed}\n`);
}

function printCoverage({ coverage }: SeedsReport): void {
  const entries = Object.entries(coverage);
  const width = Math.max(...entries.map(([place]) => place.length));
  console.log('Met, how often');
  for (const [place, count] of entries) console.log(`  ${place.padEnd(width)} ${String(count).padStart(8)}${count === 0 ? '  never' : ''}`);
}

function printMutants(reports: readonly MutantReport[]): void {
  const width = Math.max(...reports.map(({ mutant }) => mutant.name.length));
  console.log(`\n${'Mutant'.padEnd(width)}  ${'Seed'.padStart(5)}  Caught by`);
  for (const { mutant, caught, unmade } of reports) {
    const by = caught?.law ?? (unmade === undefined ? 'NOTHING: it lives' : 'not made');
    console.log(`${mutant.name.padEnd(width)}  ${String(caught?.seed ?? '').padStart(5)}  ${by}`);
    if (unmade !== undefined) console.log(unmade);
  }
  console.log(`${reports.filter(({ caught }) => caught).length} of ${reports.length} mutants caught`);
}
