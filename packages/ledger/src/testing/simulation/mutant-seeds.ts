// The seed that is known to catch each mutant, in a file beside the mutants. `npm run verify` tries that seed alone; a search
// over all seeds (`npm run simulate -- --mutants`) writes the file anew.
import { readFileSync, writeFileSync } from 'node:fs';
import type { MutantReport } from './child-runs.ts';

/** Key: the mutant's name. */
export type MutantSeeds = Readonly<Record<string, number>>;

export function readMutantSeeds(file: URL): MutantSeeds {
  return JSON.parse(readFileSync(file, 'utf8')) as MutantSeeds;
}

/** Mutants that no seed catches are left out, so that the test names them. */
export function writeMutantSeeds(file: URL, reports: readonly MutantReport[]): void {
  const seeds = reports.flatMap(({ mutant, caught }) => (caught ? [[mutant.name, caught.seed] as const] : []));
  writeFileSync(file, `${JSON.stringify(Object.fromEntries(seeds), null, 2)}\n`);
}
