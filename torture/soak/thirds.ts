// Whether a shop under an even load stays as it was: the last third of the samples against the first.

/** What was measured in one interval. Milliseconds and mebibytes. */
export interface Sample {
  /** The heap of the process after a collection, and what it holds outside. */
  readonly reachableMb: number;
  /** All memory of the process that is in use, with what it may give back. */
  readonly residentMb: number;
  /** From a request to its answer, the 95th percentile in the interval. */
  readonly latencyMs: number;
  /** Between a commit and the read models that have it. */
  readonly lagMs: number;
  /** The 99th percentile of the delay of the process's event loop. */
  readonly loopDelayMs: number;
}

export type Measure = keyof Sample;

/** What counts as growth: beyond the factor, and beyond what a quiet measure may differ by on a busy machine. */
const allowed: Readonly<Record<Measure, { readonly factor: number; readonly slack: number }>> = {
  reachableMb: { factor: 1.25, slack: 16 },
  residentMb: { factor: 1.5, slack: 64 },
  latencyMs: { factor: 1.5, slack: 25 },
  lagMs: { factor: 1.5, slack: 100 },
  loopDelayMs: { factor: 1.5, slack: 25 },
};

export interface Third {
  readonly measure: Measure;
  readonly first: number;
  readonly last: number;
  readonly grown: boolean;
}

/** Compares the medians of the thirds. The first tenth is left out: caches fill, functions are compiled. */
export function thirdsOf(samples: readonly Sample[]): readonly Third[] {
  const warm = samples.slice(Math.ceil(samples.length / 10));
  const size = Math.floor(warm.length / 3);
  return (Object.keys(allowed) as Measure[]).map((measure) => {
    const values = warm.map((sample) => sample[measure]);
    const [first, last] = [median(values.slice(0, size)), median(values.slice(-size))];
    const { factor, slack } = allowed[measure];
    return { measure, first, last, grown: last > first * factor && last > first + slack };
  });
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
