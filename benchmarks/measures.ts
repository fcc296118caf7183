// What benchmarks share: callers beside one another, and medians.

/** Does work 0, 1, 2… `count` − 1, so many at once. */
export async function eachOf(count: number, callers: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const caller = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: callers }, caller));
}

/** What a piece of work took, in microseconds. `cpu` tells more where others work on the machine, and nothing of the disk. */
export interface Took {
  readonly micros: number;
  readonly cpu: number;
}

/** Measures the work, which is `count` pieces. */
export async function timed(count: number, work: () => Promise<unknown>): Promise<Took> {
  const [startedMs, before] = [performance.now(), process.cpuUsage()];
  await work();
  const micros = (performance.now() - startedMs) * 1_000;
  const { user, system } = process.cpuUsage(before);
  return { micros: micros / count, cpu: (user + system) / count };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Rounds to two digits behind the point. */
export function rounded(value: number): number {
  return Number(value.toFixed(2));
}

/** Reads the numbers of an option, as `1000,10000`. */
export function numbersIn(option: string, text: string, least = 1): readonly number[] {
  const numbers = text.split(',').map(Number);
  if (!numbers.every((number) => Number.isFinite(number) && number >= least))
    throw new Error(`--${option} is "${text}": it takes numbers of at least ${least}, like ${least},${least + 1000}`);
  return numbers;
}
