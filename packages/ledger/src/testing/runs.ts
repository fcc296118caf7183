// How much the tests search. `npm run torture -- --laws N` and `--ownership N` set TEST_RUNS, which multiplies the runs of each
// property; `--moves N` sets TEST_PREEMPTIONS, which adds to the preemptions of each exploration.
const { TEST_RUNS, TEST_PREEMPTIONS } = process.env;

/** @param count runs in `npm test`. */
export function runs(count: number): { readonly numRuns: number } {
  return { numRuns: count * Number(TEST_RUNS ?? 1) };
}

/** @param count preemptions in `npm run verify`. */
export function preemptions(count: number): number {
  return count + Number(TEST_PREEMPTIONS ?? 0);
}
