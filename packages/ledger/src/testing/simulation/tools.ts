// The entry point @paidonce/ledger/simulation/tools: the command line of a simulation, and mutants. It loads nothing of the ledger, so
// that a mutant of the ledger can still be made. It is not published: the entry has only the source condition.
export { type MutantReport, metInAll, runMutants, runSeedsInBatches } from './child-runs.ts';
export { printCoverage, printFailure, printMutants, readCommandLine } from './command-line.ts';
export { readMutantSeeds, searchMutants } from './mutant-seeds.ts';
export type { Edit, Mutant } from './mutants.ts';
export { mutate } from './mutate.ts';
