// How often a property runs. `npm run torture -- --laws N` sets TEST_RUNS to multiply it.
const { TEST_RUNS } = process.env;

/** @param count runs in `npm test`. */
export function runs(count: number): { readonly numRuns: number } {
  return { numRuns: count * Number(TEST_RUNS ?? 1) };
}
