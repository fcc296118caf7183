// The line that a part of the torture ends with, which the table of `npm run torture` shows.

/** Prints the figures of a part. */
export function torturePrints(part: string, seed: number, figures: string): void {
  console.log(`torture ${part}, seed ${seed}: ${figures}`);
}
