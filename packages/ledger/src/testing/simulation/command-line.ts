// The command line of a simulation: reads its options, and prints its findings. It must not load the simulated code, because a
// mutant must be made before its source loads.
import { parseArgs } from 'node:util';
import type { MutantReport } from './child-runs.ts';
import type { Violation } from './world.ts';

/** The options of a simulation. */
export interface CommandLine {
  readonly seeds: number;
  readonly firstSeed: number;
  readonly mutant: string | undefined;
  /** How many seeds are tried on each mutant, from seed 1 on, until one catches it. */
  readonly mutantSeeds: number;
  /** True: run all mutants too. */
  readonly withMutants: boolean;
  /** True: print only the report, as JSON. For child processes. */
  readonly json: boolean;
}

interface FoundSeed extends Violation {
  readonly seed: number;
  readonly options: object;
  readonly traceTail: readonly string[];
}

/** Enough for the mutant that is hardest to catch, also where `--seeds 1 --mutants` only searches anew. */
const searchedSeeds = 2_000;

/** Reads the options. Ends the process if they are wrong. */
export function readCommandLine(defaultSeeds: number): CommandLine {
  const values = parseOptions();
  return {
    seeds: wholeNumber('seeds', values.seeds, values.seed === undefined ? defaultSeeds : 1),
    firstSeed: wholeNumber('seed', values.seed, 1),
    mutantSeeds: wholeNumber('mutant-seeds', values['mutant-seeds'], searchedSeeds),
    mutant: values.mutant,
    withMutants: values.mutants ?? values.seed === undefined,
    json: values.json,
  };
}

function parseOptions() {
  try {
    return parseArgs({
      options: {
        seeds: { type: 'string' },
        seed: { type: 'string' },
        mutants: { type: 'boolean' },
        'mutant-seeds': { type: 'string' },
        mutant: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
      allowNegative: true,
    }).values;
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

function wholeNumber(option: 'seeds' | 'seed' | 'mutant-seeds', text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN; // `1e1` and `0x10` are typing errors.
  return Number.isSafeInteger(number) && number >= 1 ? number : refuse(`--${option} is ${text}. It must be a whole number, 1 or more`);
}

function refuse(message: string): never {
  console.error(message);
  process.exit(2);
}

/** Prints a seed that broke a law. @param command the command that runs it again. */
export function printFailure({ seed, law, message, options, traceTail }: FoundSeed, command: string): void {
  console.log(`Seed ${seed} breaks: ${law}\n  ${message}\n`);
  console.log(`It drew: ${JSON.stringify(options, null, 2)}\n`);
  console.log(`What happened last (step, virtual ms, what):\n${traceTail.map((line) => `  ${line}`).join('\n')}\n`);
  console.log(`Again: ${command} --seed ${seed}\n`);
}

/** Prints how often each place was reached. */
export function printCoverage({ coverage }: { readonly coverage: Readonly<Record<string, number>> }): void {
  const entries = Object.entries(coverage);
  const width = Math.max(...entries.map(([place]) => place.length));
  console.log('Met, how often');
  for (const [place, count] of entries) console.log(`  ${place.padEnd(width)} ${String(count).padStart(8)}${count === 0 ? '  never' : ''}`);
}

/** Prints which mutants were caught, and by which seed. */
export function printMutants(reports: readonly MutantReport[]): void {
  const width = Math.max(...reports.map(({ mutant }) => mutant.name.length));
  console.log(`\n${'Mutant'.padEnd(width)}  ${'Seed'.padStart(5)}  Caught by`);
  for (const { mutant, caught, unmade } of reports) {
    const by = caught?.law ?? (unmade === undefined ? 'NOTHING: it lives' : 'not made');
    console.log(`${mutant.name.padEnd(width)}  ${String(caught?.seed ?? '').padStart(5)}  ${by}`);
    if (unmade !== undefined) console.log(unmade);
  }
  console.log(`${reports.filter(({ caught }) => caught).length} of ${reports.length} mutants caught`);
}
