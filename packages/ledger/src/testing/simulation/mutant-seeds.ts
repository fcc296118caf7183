// The seed that is known to catch each mutant, in a file beside the mutants. `npm run verify` tries that seed alone; where it catches
// its mutant no longer, `npm run simulate -- --mutants` searches another one, and writes the file anew.
import { readFileSync, writeFileSync } from 'node:fs';
import { type MutantReport, runMutants } from './child-runs.ts';
import type { Mutant } from './mutants.ts';

/** Key: the mutant's name. */
export type MutantSeeds = Readonly<Record<string, number>>;

export function readMutantSeeds(file: URL): MutantSeeds {
  return JSON.parse(readFileSync(file, 'utf8')) as MutantSeeds;
}

/**
 * Runs each mutant on the seed that is known to catch it, and on all seeds from the first one where that does not. Writes the file anew:
 * mutants that no seed catches are left out, so that the test names them.
 *
 * @param main of the simulation; the file stands beside it.
 * @param most seeds to try for a mutant.
 */
export async function searchMutants(main: URL, mutants: readonly Mutant[], most: number): Promise<readonly MutantReport[]> {
  const file = new URL('mutant-seeds.json', main);
  const known = readMutantSeeds(file);
  const tried = await runMutants(main, mutants, ({ name }) => ({ first: known[name] ?? 1, count: 1 }));
  const living = tried.filter(({ caught }) => caught === undefined).map(({ mutant }) => mutant);
  const searched = await runMutants(main, living, () => ({ first: 1, count: most }));
  const reports = tried.map((report) => searched.find(({ mutant }) => mutant === report.mutant) ?? report);
  writeMutantSeeds(file, reports);
  return reports;
}

function writeMutantSeeds(file: URL, reports: readonly MutantReport[]): void {
  const seeds = reports.flatMap(({ mutant, caught }) => (caught ? [[mutant.name, caught.seed] as const] : []));
  writeFileSync(file, `${JSON.stringify(Object.fromEntries(seeds), null, 2)}\n`);
}
