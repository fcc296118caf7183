// Runs seeds and mutants in child processes, several at a time. A mutant needs its own process. Seeds run in batches, so that
// all cores work, and the memory of each batch is freed.
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Mutant } from './mutants.ts';

const batchSeeds = 100;

/** Where standard error is no terminal, it gets a line so often. */
const shownEachMs = 60_000;

/** What happened to one mutant. */
export interface MutantReport {
  readonly mutant: Mutant;
  /** The law that the mutant broke, and in which seed. Absent: no seed caught it, or it could not be made. */
  readonly caught?: { readonly law: string; readonly seed: number };
  /** Why the mutant could not be made from the present source. Absent: it was made. */
  readonly unmade?: string;
}

/** Runs the seeds in batches. Standard error shows how far it is, and each seed that broke a law as soon as it is known. */
export async function runSeedsInBatches<Report extends FoundSeeds & { readonly seeds: number }>(
  main: URL,
  firstSeed: number,
  count: number,
): Promise<readonly Report[]> {
  let done = 0;
  let shownAtMs = performance.now();
  const batches = Array.from({ length: Math.ceil(count / batchSeeds) }, (_, index) => firstSeed + index * batchSeeds);
  return inParallel(batches, async (first) => {
    const report = await runChild<Report>(main, [
      '--seed',
      String(first),
      '--seeds',
      String(Math.min(batchSeeds, firstSeed + count - first)),
    ]);
    done += report.seeds;
    for (const { seed, law } of report.failures) process.stderr.write(`\rSeed ${seed} broke the law "${law}"\n`);
    if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${count} seeds ${done === count ? '\n' : ''}`);
    else if (performance.now() >= shownAtMs + shownEachMs) {
      shownAtMs = performance.now();
      process.stderr.write(`${done} of ${count} seeds\n`);
    }
    return report;
  });
}

/** What was met in all batches, by name, and how often. */
export function metInAll(reports: readonly { readonly met: Readonly<Record<string, number>> }[]): Readonly<Record<string, number>> {
  const met = new Map<string, number>();
  for (const report of reports) for (const [what, times] of Object.entries(report.met)) met.set(what, (met.get(what) ?? 0) + times);
  return Object.fromEntries([...met].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/**
 * Runs each mutant until the first seed that catches it.
 *
 * @param main of the simulation, as a file.
 * @param seedsOf which seeds to try.
 */
export async function runMutants(
  main: URL,
  mutants: readonly Mutant[],
  seedsOf: (mutant: Mutant) => { readonly first: number; readonly count: number },
): Promise<readonly MutantReport[]> {
  return inParallel(mutants, async (mutant) => {
    const { first, count } = seedsOf(mutant);
    try {
      const { failures } = await runChild<FoundSeeds>(main, ['--mutant', mutant.name, '--seed', String(first), '--seeds', String(count)]);
      const [caught] = failures;
      return { mutant, ...(caught ? { caught: { law: caught.law, seed: caught.seed } } : {}) };
    } catch (error) {
      return { mutant, unmade: error instanceof Error ? error.message : String(error) };
    }
  });
}

async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) results[index] = await work(items[index]!);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, lane));
  return results;
}

interface FoundSeeds {
  readonly failures: readonly { readonly law: string; readonly seed: number }[];
}

function runChild<Report>(main: URL, args: readonly string[]): Promise<Report> {
  const child = spawn(process.execPath, ['--conditions=@paidonce/source', fileURLToPath(main), ...args, '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return new Promise((resolve, reject) => {
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(Buffer.concat(out).toString()) as Report);
      else reject(new Error(`simulate ${args.join(' ')} ended with ${code}:\n${Buffer.concat(err)}`));
    });
  });
}
