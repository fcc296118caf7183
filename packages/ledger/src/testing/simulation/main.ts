// `npm run simulate`: seeds on the real code, then each mutant until a seed catches it. `-- --seeds N` any
// number, `--seed S` one of them with all that it drew, `--no-mutants` the seeds alone. Exits 1 where a seed
// breaks a law or a mutant lives.
import { parseArgs } from 'node:util';
import type { MutantReport } from './child-runs.ts';
import type { Failure, SeedsReport } from './report.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    seed: { type: 'string' },
    mutants: { type: 'boolean' },
    /** For child processes: one mutant, and the report as JSON. */
    mutant: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
  allowNegative: true,
});

function wholeNumber(option: 'seeds' | 'seed', text: string | undefined, otherwise: number): number {
  const number = text === undefined ? otherwise : Number(text);
  if (Number.isSafeInteger(number) && number >= 1) return number;
  console.error(`--${option} is ${text}. It must be a whole number, 1 or more`);
  process.exit(2);
}

const seeds = wholeNumber('seeds', values.seeds, values.seed === undefined ? 200 : 1);
const firstSeed = wholeNumber('seed', values.seed, 1);
if (values.json) await reportAsJson(values.mutant);
else process.exitCode = (await report()) ? 0 : 1;

/** What runs in a child process. */
async function reportAsJson(mutantName: string | undefined): Promise<void> {
  let checkMutant = (): void => undefined;
  if (mutantName !== undefined) {
    const { mutants } = await import('./mutants.ts');
    const mutant = mutants.find(({ name }) => name === mutantName);
    if (!mutant) throw new Error(`There is no mutant "${mutantName}"`);
    checkMutant = (await import('./mutate.ts')).mutate(mutant);
  }
  const { runSeeds } = await import('./run-seeds.ts');
  checkMutant();
  console.log(JSON.stringify(await runSeeds(firstSeed, seeds, { untilFailure: mutantName !== undefined })));
}

async function report(): Promise<boolean> {
  const { runMutants, runSeedsInBatches } = await import('./child-runs.ts');
  const { sumOf } = await import('./report.ts');
  const startedMs = performance.now();
  const showProgress = process.stderr.isTTY ? (done: number) => process.stderr.write(`\r${done} of ${seeds} seeds `) : undefined;
  const sum = sumOf(await runSeedsInBatches(firstSeed, seeds, showProgress));
  if (showProgress) process.stderr.write('\r');
  for (const failure of sum.failures.slice(0, 3)) printFailure(failure);
  if (seeds > 1) printCoverage(sum);
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
  console.log(`${sum.seeds} seeds, ${sum.steps} steps, ${sum.events} events in ${seconds} s: ${sum.failures.length} broke a law`);
  if (sum.failures.length > 3) console.log(`Seeds that broke a law: ${sum.failures.map(({ seed }) => seed).join(' ')}`);
  if (!(values.mutants ?? values.seed === undefined)) return sum.failures.length === 0;
  const caught = await runMutants(Math.max(seeds, 200));
  printMutants(caught);
  return sum.failures.length === 0 && caught.every((mutant) => mutant.caught !== undefined);
}

function printFailure({ seed, law, message, options, traceTail }: Failure): void {
  console.log(`Seed ${seed} breaks: ${law}\n  ${message}\n`);
  console.log(`It drew: ${JSON.stringify(options, null, 2)}\n`);
  console.log(`What happened last (step, virtual ms, what):\n${traceTail.map((line) => `  ${line}`).join('\n')}\n`);
  console.log(`Again: npm run simulate -- --seed ${seed}\n`);
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
  for (const { mutant, caught } of reports) {
    console.log(`${mutant.name.padEnd(width)}  ${String(caught?.seed ?? '').padStart(5)}  ${caught?.law ?? 'NOTHING: it lives'}`);
  }
  console.log(`${reports.filter(({ caught }) => caught).length} of ${reports.length} mutants caught`);
}
