// How much the tests search. `npm run torture -- --laws N` and `--ownership N` set TEST_RUNS, which multiplies the runs of each
// property; `--moves N` sets TEST_PREEMPTIONS, which adds to the preemptions of each exploration. `--seed S` sets TEST_PROPERTY_SEED, so
// that each property draws the same cases again.
const { TEST_RUNS, TEST_PREEMPTIONS, TEST_PROPERTY_SEED } = process.env;

/** @param count runs in `npm test`. */
export function runs(count: number): { readonly numRuns: number; readonly seed?: number } {
  const numRuns = Math.ceil(count * Number(TEST_RUNS ?? 1));
  return TEST_PROPERTY_SEED === undefined ? { numRuns } : { numRuns, seed: Number(TEST_PROPERTY_SEED) };
}

/** False where TEST_RUNS makes fewer runs than `npm test`, as each mutant gets: they do not meet every case. */
export const meetsEveryCase: boolean = Number(TEST_RUNS ?? 1) >= 1;

/** @param count preemptions in `npm run verify`. */
export function preemptions(count: number): number {
  return count + Number(TEST_PREEMPTIONS ?? 0);
}
